"""A command line taken apart as a shell would, as far as that can be done without running it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath


def named(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPERATORS = ("&&", "||", "|&", ";;", ";", "|", "\n")
_REDIRECTIONS = re.compile(r"(?:\d*|&)(?:>>|>\||>&|>|<>|<&|<)")
_KEYWORDS = named(
    "if then elif else fi for while until do done case esac in function select time coproc { } [[ ! eval exec source . trap alias"
)
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})
_SCRIPT_FLAGS = frozenset({"-c", "-lc", "-cl"})


class NotUnderstood(Exception):
    """What happens would be known only by running it."""


@dataclass(frozen=True)
class Word:
    text: str
    glob: bool = False
    """Has `*`, `?` or `[` that the shell would expand."""
    literal: bool = False
    """Something in it was quoted."""


@dataclass
class Simple:
    """One program and its words; `writes` and `reads` are where it is redirected to and from."""

    words: list[Word] = field(default_factory=list)
    writes: list[Word] = field(default_factory=list)
    reads: list[Word] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.words]

    def __str__(self) -> str:
        return " ".join(self.texts)


def simple_commands(line: str) -> list[Simple]:
    """The commands of a line in order. Raises NotUnderstood for expansions, substitutions, loops, here documents and background jobs."""
    commands = list(_unwrapped(line, 3))
    if not commands:
        raise NotUnderstood("an empty command")
    return commands


def _unwrapped(line: str, depth: int) -> Iterator[Simple]:
    """`bash -lc '...'`, as some agents say everything, is what stands in it."""
    for simple in _parsed(line):
        texts = simple.texts
        shell = PurePath(texts[0]).name in _SHELLS and texts[0] in (PurePath(texts[0]).name, f"/bin/{PurePath(texts[0]).name}")
        if shell and len(texts) == 3 and texts[1] in _SCRIPT_FLAGS and not simple.writes and not simple.reads:
            if not depth:
                raise NotUnderstood("shells within shells")
            yield from _unwrapped(texts[2], depth - 1)
        else:
            yield simple


def _parsed(line: str) -> Iterator[Simple]:
    current, at = Simple(), 0
    while True:
        at = _skipped(line, at)
        operator = next((known for known in _OPERATORS if line.startswith(known, at)), None)
        if at >= len(line) or operator is not None:
            if current.words:
                yield current
            elif current.writes or current.reads:
                raise NotUnderstood("a redirection without a command")
            if at >= len(line):
                return
            if operator == ";;":
                raise NotUnderstood("a case")
            current, at = Simple(), at + len(operator or "")
            continue
        if (found := _REDIRECTIONS.match(line, at)) is not None:
            at = _redirected(line, found, current)
            continue
        word, at = _word(line, at)
        if not current.words and not word.literal and (word.text in _KEYWORDS or re.match(r"\w+(\[.*\])?\+?=", word.text)):
            raise NotUnderstood(f"{word.text} at the beginning of a command")
        current.words.append(word)


def _redirected(line: str, found: re.Match[str], current: Simple) -> int:
    operator = found.group().lstrip("0123456789")
    if line.startswith(("<", "("), found.end()):
        raise NotUnderstood("a here document or a process substitution")
    target, at = _word(line, _skipped(line, found.end()))
    if operator.endswith("&") and re.fullmatch(r"\d+|-", target.text):
        return at  # 2>&1
    (current.reads if operator == "<" else current.writes).append(target)
    return at


def _skipped(line: str, at: int) -> int:
    """Past blanks, continued lines and comments."""
    while at < len(line):
        if line[at] in " \t\r":
            at += 1
        elif line.startswith("\\\n", at):
            at += 2
        elif line[at] == "#":
            end = line.find("\n", at)
            at = len(line) if end < 0 else end
        else:
            break
    return at


def _word(line: str, at: int) -> tuple[Word, int]:
    text, glob, literal, start = "", False, False, at
    while at < len(line) and line[at] not in " \t\r\n;|&<>":
        letter = line[at]
        if letter == "'":
            end = line.find("'", at + 1)
            if end < 0:
                raise NotUnderstood("a quotation that does not end")
            text, at, literal = text + line[at + 1 : end], end + 1, True
        elif letter == '"':
            inner, at = _double_quoted(line, at + 1)
            text, literal = text + inner, True
        elif letter == "\\":
            text, at, literal = text + line[at + 1 : at + 2], at + 2, True
        elif letter in "$`()" or (letter in "{}" and line[start : start + 2] != "{}"):
            raise NotUnderstood(f"{letter} in a command")
        elif letter == "~" and at == start and not re.match(r"~(?:/|[\s;|&<>]|$)", line[at:]):
            raise NotUnderstood("another person's home folder")
        else:
            glob = glob or letter in "*?["
            text, at = text + letter, at + 1
    if at == start:
        raise NotUnderstood(f"{line[at : at + 2]} in a command")
    return Word(text, glob, literal), at


def _double_quoted(line: str, at: int) -> tuple[str, int]:
    text = ""
    while at < len(line):
        letter = line[at]
        if letter == '"':
            return text, at + 1
        if letter in "$`":
            raise NotUnderstood(f"{letter} in a command")
        if letter == "\\" and line[at + 1 : at + 2] in ('"', "\\", "$", "`", "\n"):
            text, at = text + line[at + 1].replace("\n", ""), at + 2
        else:
            text, at = text + letter, at + 1
    raise NotUnderstood("a quotation that does not end")
