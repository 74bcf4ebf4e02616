"""Which of several remotes is meant: where finished branches are pushed to, and where pull requests go. A fork has two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_BASE = "base"
"""What `gh repo set-default` writes as `remote.<name>.gh-resolved`; else a repository that no remote leads to."""


@dataclass(frozen=True)
class Remotes:
    """`push` is the one that is talked to, `base` the one whose branches work begins on; mostly they are the same. None: there is none, or
    nothing says which.
    """

    names: tuple[str, ...] = ()
    push: str | None = None
    base: str | None = None
    elsewhere: str | None = None
    """`owner/name` that gh was told to use, where it is none of the remotes."""
    resolved: bool = False
    """gh was told which one."""
    why: str = ""

    @property
    def forked(self) -> bool:
        return self.push != self.base


@dataclass
class Configured:
    """What git's configuration says of remotes and of the current branch."""

    names: list[str] = field(default_factory=list)
    own: str | None = None
    """The current branch's remote."""
    push: str | None = None
    """Its pushRemote, or remote.pushDefault."""
    resolved: dict[str, str] = field(default_factory=dict)


def configured(entries: Iterable[tuple[str, str]], branch: str | None) -> Configured:
    """From the entries of `git config`, keys as git prints them: section and variable in lower case. Of equal keys the last counts."""
    found, push_default = Configured(), None
    for key, value in entries:
        if key == "remote.pushdefault":
            push_default = value
        elif key.startswith("remote."):
            name, _, variable = key.removeprefix("remote.").rpartition(".")
            if variable == "url" and name not in found.names:
                found.names.append(name)
            elif variable == "gh-resolved":
                found.resolved[name] = value
        elif branch is not None and key == f"branch.{branch}.remote":
            found.own = value
        elif branch is not None and key == f"branch.{branch}.pushremote":
            found.push = value
    found.push = found.push or push_default
    return found


def choose(said: Configured) -> Remotes:
    """What git or gh was told; `upstream` beside `origin`, as forks have it; else the current branch's remote, `origin` or the only one."""
    names = said.names
    usual, why = _usual(names, said.own)
    base = next((name for name in names if said.resolved.get(name) == _BASE), None)
    elsewhere = next((value for name in names if "/" in (value := said.resolved.get(name, ""))), None) if base is None else None
    push, resolved = usual, base is not None
    if base is not None:
        why = "`gh repo set-default` says so"
        push = "origin" if base != "origin" and "origin" in names else usual or base
    elif elsewhere is not None:
        base, why = usual, f"`gh repo set-default` names {elsewhere}"
    elif "upstream" in names and "origin" in names:
        base, push, why = "upstream", "origin", "`origin` beside `upstream` is a fork"
    else:
        base = usual
    if said.push in names:
        push, why = said.push, f"{why}; git's configuration says where to push" if push != said.push else why
    return Remotes(tuple(names), push, base, elsewhere, resolved, why)


def _usual(names: list[str], own: str | None) -> tuple[str | None, str]:
    if own in names:
        return own, "the current branch follows it"
    if "origin" in names:
        return "origin", "it is called origin"
    return (names[0], "it is the only one") if len(names) == 1 else (None, "")
