"""Which file of the worktree a tool means by a name: it may have run in a folder below it, or call files as its package does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Sequence

from locus.engine.problems.cleaning import FROM_ROOT, inside
from locus.model.config import Command, text_of
from locus.model.problems import VerifyProblem

Exists = Callable[[str], bool]

_CD = re.compile(r"\s*\(?\s*cd\s+(?:--\s+)?(?P<folder>\"[^\"$`]+\"|'[^']+'|[^\s;&|$`\"'()]+)\s*(?:&&|;|\n)")
_IN = re.compile(r"(?:^|\s)(?:-C|--prefix|--cwd|--directory|--dir)[\s=](?P<folder>[^\s;&|$`\"'()]+)")
_SEVERAL = re.compile(r"&&|;|\||\n")
_WORDS = re.compile(r"[\s;&|()=\"']+")


def folder_of(command: Command) -> str:
    """The folder below the worktree that a command goes into (`cd server && mypy`, `make -C server`); empty where it does not say."""
    text = text_of(command)
    if isinstance(command, str) and (match := _CD.match(text)) is not None:
        folders = {match["folder"].strip("'\"")}
    else:
        folders = set() if isinstance(command, str) and _SEVERAL.search(text) else {match["folder"] for match in _IN.finditer(text)}
    folder = posixpath.normpath(folders.pop()) if len(folders) == 1 else "."
    return folder if folder != "." and inside(f"{folder}/") else ""


def known(file: str | None, folder: str, exists: Exists) -> str | None:
    """As it is called from the worktree; as it was named where nothing is found."""
    if file is None:
        return None
    if file.startswith(FROM_ROOT):
        return file.removeprefix(FROM_ROOT)
    if folder and inside(below := posixpath.normpath(f"{folder}/{file}")) and exists(below):
        return below
    if not inside(file) or exists(file):
        return file
    parts = file.split("/")
    return next((rest for at in range(1, len(parts)) if exists(rest := "/".join(parts[at:]))), file)


def unplaced(problems: Sequence[VerifyProblem], exists: Exists) -> bool:
    return any(problem.file is not None and inside(problem.file) and not exists(problem.file) for problem in problems)


def placed(problems: Sequence[VerifyProblem], command: Command, files: Collection[str]) -> tuple[VerifyProblem, ...]:
    """A name that is the end of one file's alone among `files` means that one; of several, the one in a folder that the command names."""
    there = frozenset(files)
    folders = {posixpath.normpath(word) for word in _WORDS.split(text_of(command)) if word}
    found: dict[str, str] = {}
    for name in {problem.file for problem in problems if problem.file is not None and inside(problem.file)} - there:
        found[name] = next((file for end in _ends(name) if (file := _only(end, there, folders)) is not None), name)
    moved = (problem.model_copy(update={"file": found.get(problem.file or "", problem.file)}) for problem in problems)
    return tuple(dict.fromkeys(moved))


def _ends(name: str) -> list[str]:
    """Go names a file by its package, which begins with a host: what follows may be its path."""
    parts = name.split("/")
    return ["/".join(parts[at:]) for at in range(len(parts) if "." in parts[0] else 1)]


def _only(end: str, files: Collection[str], folders: Collection[str]) -> str | None:
    candidates = [file for file in files if file.endswith(f"/{end}")]
    named = candidates if len(candidates) == 1 else [file for file in candidates if file.removesuffix(f"/{end}") in folders]
    return named[0] if len(named) == 1 else None
