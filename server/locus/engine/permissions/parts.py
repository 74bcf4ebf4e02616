"""What a request comes to: the commands, the files and the addresses in it, each with the reason why it is to be asked about."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from locus.engine.permissions import harmless, inside
from locus.engine.permissions.inside import Inside
from locus.engine.permissions.words import NotUnderstood, Simple, Word, named, simple_commands
from locus.model.agent import PermissionRequest
from locus.model.config import Command
from locus.model.permissions import Deed, Rule, deed_of

_MOST_FILES = 200
"""That a pattern in a command may stand for."""
_MOST_FOLDERS = 16
_NOT_KNOWN = "the command is not known to be harmless"
_URL = re.compile(r"https?://[^\s\"'<>]+")
_TWO_WORDS = named("bun bundle cargo composer dotnet go gradle just make mvn npm pip pip3 pipenv pnpm poetry rake tox uv yarn")
"""Programs whose next word says what they do: allowed for a run together with it."""


@dataclass(frozen=True)
class Part:
    """`names` are those that a rule may give it; the first `proper` of them are what it is called itself."""

    deed: Deed
    names: tuple[str, ...]
    worry: str | None
    proper: int = 1
    whole: str | None = None
    """The command line that it is a part of, as it was said."""
    operand_of: str | None = None
    understood: bool = True


class Reader:
    def __init__(self, worktree: Path, verify: Sequence[Command]) -> None:
        self._inside = Inside(worktree)
        self._verify = verify

    def parts(self, request: PermissionRequest) -> list[Part]:
        """At least one."""
        if request.command is not None:
            return list(self._line(request.command.strip()))
        deed = deed_of(request.tool)
        places = [location.path for location in request.locations]
        named = (request.name or request.title,)
        if request.tool == "think":
            return [Part("other", named, None)]
        if deed in ("read", "edit") and places:
            return [self._file(deed, place) for place in places]
        if deed == "edit":
            return [Part(deed, named, "it does not say which files it changes")]
        if request.tool == "search" and not {"query", "url"} & request.input.keys():
            return [self._file("read", ".")]
        if deed == "fetch" or request.tool == "search":
            return [Part("fetch", (url,) if (url := _url(request)) else named, "it uses the network")]
        return [Part(deed, named, "it does not say what it reads" if deed == "read" else "it is not known to be harmless")]

    def always(self, request: PermissionRequest) -> tuple[Rule, ...]:
        """What is allowed for the rest of a run by allowing this always: as little as makes sense."""
        parts = self.parts(request)
        if (whole := parts[0].whole) is not None:
            words = whole.split()
            single = parts[0].understood and len([part for part in parts if part.deed == "execute"]) == 1 == len(parts)
            if single and len(words) > 1 and words[0] in _TWO_WORDS and re.fullmatch(r"[a-z][a-z-]*", words[1]):
                return (Rule(deed="execute", pattern=f"{words[0]} {words[1]} *"),)
            return (Rule(deed="execute", pattern=whole, exact=True),)
        if parts[0].deed == "fetch" and (url := _url(request)):
            return (Rule(deed="fetch", pattern=f"{'/'.join(url.split('/')[:3])}/*"),)
        return tuple(Rule(deed=part.deed, pattern=part.names[0], exact=True) for part in parts)

    # Files.

    def _file(self, deed: Deed, place: str, whole: str | None = None, operand_of: str | None = None) -> Part:
        found = self._inside.path(place)
        if found is None:
            worry: str | None = f"it is outside the worktree: {self._inside.real(place)}"
        elif inside.is_guarded(found) if deed == "edit" else inside.is_git(found):
            worry = f"{found.as_posix()} is not an ordinary file of the worktree"
        else:
            worry = None
        names = tuple(self._names(place, found))
        return Part(deed, names, worry, proper=len(names), whole=whole, operand_of=operand_of)

    def _names(self, place: str, found: Path | None) -> Iterator[str]:
        """In full, from the worktree's root and from home, and the folders it lies in: a rule for one is about what it holds."""
        real = Path(self._inside.real(place))
        yield from (path.as_posix() for path in (real, *real.parents))
        home = Path(os.path.realpath(inside.at(self._inside.root, "~")))
        if real.is_relative_to(home):
            below = real.relative_to(home)
            yield from (f"~/{path.as_posix()}" for path in (below, *below.parents) if path.parts)
        if found is not None:
            yield from (path.as_posix() for path in (found, *found.parents))

    # Commands.

    def _line(self, line: str) -> Iterator[Part]:
        if line in [command for command in self._verify if isinstance(command, str)]:
            yield Part("execute", (line,), None, whole=line)
            return
        try:
            if sys.platform == "win32":
                raise NotUnderstood("a command for another shell")
            commands = simple_commands(line)
        except NotUnderstood:
            rough = [name for simple in _roughly(line) for name in harmless.said_plainly(simple)]
            yield Part("execute", (line, *rough), _NOT_KNOWN, whole=line, understood=False)
            return
        folders = [self._inside.root]
        for simple in commands:
            yield from self._one(simple, commands, folders, line)

    def _one(self, simple: Simple, commands: Sequence[Simple], folders: list[Path], line: str) -> Iterator[Part]:
        """`folders` are where the command may be executed: a `cd` before it may have failed."""
        known = harmless.known(simple)
        name = str(simple)
        worry = None
        if known is None and not self._verifies(simple):
            worry = harmless.trouble(simple) or _NOT_KNOWN
        elif known is not None and simple.texts[0] == "cd":
            worry = self._goes(simple.words[1:], folders, first=simple is commands[0])
        yield Part("execute", tuple(harmless.said_plainly(simple)), worry, whole=line)
        if known is not None:
            globs = {word.text for word in simple.words if word.glob}
            for place in self._targets([(text, text in globs) for text in known.paths], folders):
                if known.does == "changes":
                    yield self._file("edit", place, line, name)
                elif self._can_be_there(place):
                    yield self._file("read", place, line, name)
        for place in self._targets([(word.text, word.glob) for word in simple.reads], folders):
            yield self._file("read", place, line)
        for place in self._targets([(word.text, word.glob) for word in simple.writes if word.text != "/dev/null"], folders):
            yield self._file("edit", place, line)

    def _targets(self, texts: Sequence[tuple[str, bool]], folders: Sequence[Path]) -> list[str]:
        """Each as an absolute path from each of the folders; patterns also as what they stand for now."""
        found: list[str] = []
        for text, is_glob in texts:
            for folder in folders:
                whole = str(inside.at(folder, text))
                found.append(whole)
                if is_glob:
                    found += _standing_for(inside.at(folder, text))
        return found

    def _can_be_there(self, place: str) -> bool:
        """A word like `/api/` in a search is no file where nothing at all begins like that."""
        parts = Path(place).parts
        return self._inside.path(place) is not None or ".." in parts or len(parts) < 2 or os.path.lexists(Path(*parts[:2]))

    @staticmethod
    def _goes(words: Sequence[Word], folders: list[Path], *, first: bool) -> str | None:
        if len(words) != 1 or words[0].text.startswith("-") or words[0].glob or 2 * len(folders) > _MOST_FOLDERS:
            return "it goes to another folder"
        there = [folder / words[0].text for folder in folders]
        folders[:] = there if first and there[0].is_dir() else [*folders, *there]
        return None

    def _verifies(self, simple: Simple) -> bool:
        """One of the commands that verify, perhaps with more words behind it."""
        for command in self._verify:
            try:
                lines = simple_commands(command) if isinstance(command, str) else [Simple([Word(word) for word in command])]
            except NotUnderstood:
                continue
            if len(lines) == 1 and not lines[0].writes and simple.texts[: len(lines[0].words)] == lines[0].texts:
                return True
        return False


def _url(request: PermissionRequest) -> str | None:
    given = request.input.get("url")
    found = _URL.search(given if isinstance(given, str) else request.title)
    return found.group() if found else None


def _standing_for(pattern: Path) -> list[str]:
    try:
        names = [str(path) for path in islice(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))), _MOST_FILES + 1)]
    except (OSError, ValueError):
        return [os.sep]
    return names if len(names) <= _MOST_FILES else [os.sep]  # too many to look at: anywhere


def _roughly(line: str) -> Iterator[Simple]:
    """The commands of a line that is not understood, for rules that hold something back: better one too many."""
    for piece in re.split(r"&&|\|\||[;|&\n(){}`]|\$\(", line):
        words = [Word(word) for word in piece.replace('"', " ").replace("'", " ").split()]
        for start in range(min(len(words), _MOST_FOLDERS)):  # `do git push`
            yield Simple(words[start:])
