"""Commands that are known: programs that only read, programs that change only the files they are given, and git within its worktree.

What is not listed here is not known. The lists are short on purpose: a program with an option that starts another one is left out, or
the option is named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from locus.engine.permissions.words import Simple, named

Does = Literal["reads", "changes"]

_READERS = named(
    "basename cat cd cmp column comm cut date diff dirname du echo egrep expr false fgrep file find fold grep head hexdump id "
    "jq ls md5sum nl od paste printf pwd readlink realpath rev rg seq sha1sum sha256sum sha512sum sleep sort stat strings sum "
    "tac tail test tr tree true type uname wc which whoami ["
)
_CHANGERS = named("chmod cp mkdir mv rm rmdir tee touch uniq")
_OPTIONS_THAT_DO_MORE = {
    "date": ("-s", "--set", "-f", "--file"),
    "file": ("-C", "--compile", "-m", "--magic-file"),
    "find": ("-delete", "-exec", "-execdir", "-fls", "-fprint", "-fprint0", "-fprintf", "-ok", "-okdir"),
    "rg": ("--pre", "--hostname-bin", "--search-zip", "-z"),
    "sort": ("-o", "--output", "--compress-program", "-T", "--temporary-directory"),
    "tree": ("-o",),
}

_GIT_READS = named(
    "blame cat-file check-ignore cherry describe diff diff-tree grep log ls-files ls-tree merge-base name-rev rev-list "
    "rev-parse shortlog show show-ref status whatchanged"
)
_GIT_CHANGES = named("add cherry-pick clean commit mv reset restore revert rm")
_GIT_OPTIONS_THAT_DO_MORE = ("--output", "--ext-diff", "--textconv", "-O", "--open-files-in-pager", "--no-index", "--upload-pack", "--exec")
_GIT_REMOTE = named("clone fetch ls-remote pull remote send-pack submodule svn")
_NETWORK = named("curl dig ftp gh host http https lynx nc ncat netcat nslookup ping rsync scp sftp socat ssh telnet traceroute w3m wget")
_BEFORE_A_COMMAND = {"command": 0, "env": 0, "ionice": 0, "nice": 0, "nohup": 0, "stdbuf": 0, "sudo": 0, "doas": 0, "time": 0, "timeout": 1}
_SED = re.compile(
    r"(?:(?:\d+|\$|/[^/\n]*/)(?:,\+?(?:\d+|\$|/[^/\n]*/))?)?\s*(?:[pdq=]|s([/|#,])(?:(?!\1)[^\\\n]|\\.)*\1(?:(?!\1)[^\\\n]|\\.)*\1[gIi0-9p]*)"
)


@dataclass(frozen=True)
class Known:
    """`paths` are its words that may name files, `strict`: also where nothing is there yet."""

    does: Does
    paths: tuple[str, ...]


def known(simple: Simple) -> Known | None:
    """None for what is not known."""
    program, *rest = simple.texts
    if rest in (["--version"], ["-V"], ["version"]) and "/" not in program:
        return Known("reads", ())
    if program == "git":
        return _git(rest)
    if program == "sed":
        return _sed(rest)
    if program not in _READERS | _CHANGERS or _has(rest, _OPTIONS_THAT_DO_MORE.get(program, ())):
        return None
    paths = _paths(rest)
    if paths is None:
        return None
    if program in ("echo", "printf", "sleep", "seq", "expr"):
        return Known("reads", ())
    return Known("reads" if program in _READERS else "changes", paths)


def trouble(simple: Simple) -> str | None:
    """Why a command that is not known is more than that."""
    texts = _bare(simple.texts)
    program, rest = (texts[0].rpartition("/")[2], texts[1:]) if texts else ("", [])
    if program == "git":
        verb = next((word for word in rest if not word.startswith("-")), "")
        if verb == "push":
            return "it pushes; publishing is Locus' work"
        return "it uses the network" if verb in _GIT_REMOTE else "it changes more of the repository than this worktree"
    return "it uses the network" if program in _NETWORK else None


def said_plainly(simple: Simple) -> list[str]:
    """The ways to name a command: with what stands before it (`sudo`, `env A=b`, `timeout 5`) and without."""
    return list(dict.fromkeys([str(simple), " ".join(_bare(simple.texts))]))


def _bare(texts: Sequence[str]) -> list[str]:
    words = list(texts)
    while words and (name := words[0].rpartition("/")[2]) in _BEFORE_A_COMMAND:
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
        words = words[_BEFORE_A_COMMAND[name] :]
    return [words[0].rpartition("/")[2], *words[1:]] if words else []


def _paths(words: Sequence[str]) -> tuple[str, ...] | None:
    """Operands, and the values of long options. None where a short option has a path glued to it."""
    found: list[str] = []
    ended = False
    for word in words:
        if ended or not word.startswith("-") or word == "-":
            found.append(word)
        elif word == "--":
            ended = True
        elif word.startswith("--"):
            found += [word.partition("=")[2]] if "=" in word else []
        elif "/" in word or ".." in word or "~" in word:
            return None
    return tuple(word for word in found if word not in ("", "-"))


def _has(words: Sequence[str], options: Sequence[str]) -> bool:
    """Also abbreviated, with a value, or among other letters."""
    for word in words:
        for option in options:
            if option.startswith("--"):
                name = word.partition("=")[0]
                if len(name) > 3 and option.startswith(name):
                    return True
            elif (len(option) > 2 and word == option) or (len(option) == 2 and re.match(rf"-[A-Za-z]*{option[1]}", word)):
                return True
    return False


def _git(words: Sequence[str]) -> Known | None:
    words = list(words)
    while words and words[0].startswith("-"):
        if words[0] not in ("--no-pager", "-P", "--no-optional-locks"):
            return None
        words = words[1:]
    if not words:
        return None
    verb, rest = words[0], words[1:]
    paths = _paths(rest)
    if paths is None or _has([word for word in rest if word.startswith("--") or word[:2] == "-O"], _GIT_OPTIONS_THAT_DO_MORE):
        return None
    if verb in _GIT_READS:
        return Known("reads", paths)
    if verb in ("branch", "tag", "worktree") and (not rest or rest[0] in ("--list", "-l", "--show-current", "list", "-a", "-v", "-vv")):
        return Known("reads", ()) if len(rest) <= 1 else None
    if verb == "checkout" and "--" in rest and all(word == "--" or not word.startswith("-") for word in rest):
        return Known("changes", paths)
    if verb == "commit":
        return Known("changes", ()) if not _has(rest, ("--file", "--template", "-F", "-t")) else None
    return Known("changes", paths) if verb in _GIT_CHANGES else None


def _sed(words: Sequence[str]) -> Known | None:
    """Scripts that print, delete and replace; `e`, `w` and `r` reach further."""
    scripts: list[str] = []
    files: list[str] = []
    in_place = False
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in ("-n", "-E", "-r", "-s", "--quiet", "--silent", "--regexp-extended"):
            continue
        if word in ("-i", "--in-place", "-ni", "-Ei", "-i.bak"):
            in_place = True
        elif word in ("-e", "--expression") and rest:
            scripts.append(rest.pop(0))
        elif word.startswith("-"):
            return None
        elif not scripts and not files:
            scripts.append(word)
        else:
            files.append(word)
    if not scripts or any(_SED.fullmatch(part.strip()) is None for script in scripts for part in script.split(";")):
        return None
    return Known("changes" if in_place else "reads", tuple(files))
