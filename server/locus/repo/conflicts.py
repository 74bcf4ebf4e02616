"""Reads what `git merge-tree --write-tree -z` says of conflicts: which files, what kind, and which lines of the branch's own version."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from locus.repo.git import git, text

_EXACT_UP_TO = 5000
"""Lines up to which difflib compares every line; above it treats frequent ones as noise."""


_WITH_MARKERS = ("contents", "content", "add/add")


@dataclass(frozen=True)
class LineRange:
    """One-based, both ends included. `end` = `start` - 1: nothing, just before `start`; the branch deleted what the base changed."""

    start: int
    end: int


@dataclass(frozen=True)
class Conflict:
    path: str
    kind: str
    """Git's own word: `contents`, `modify/delete`, `rename/delete`, `binary`, `submodule`, ..."""
    ranges: tuple[LineRange, ...] = ()
    """In the branch's version of the file; empty where the whole file is meant."""


async def conflicts(cwd: Path, output: bytes, ours: str, theirs: str) -> tuple[Conflict, ...]:
    """From the output of merge-tree for the commits `ours` and `theirs`, which are also the labels of its conflict markers."""
    tree, stages, kinds = _parsed(output, (b"~" + ours.encode(), b"~" + theirs.encode()))
    paths = sorted({*stages, *kinds})
    blobs = [
        (path, stages[path][2]) for path in paths if kinds.get(path) in _WITH_MARKERS and 2 in stages.get(path, {}) and b"\n" not in path
    ]
    wanted = [name for path, own in blobs for name in (own, tree + b":" + path)]
    contents = await _contents(cwd, wanted)
    ranges = {path: conflict_ranges(contents[2 * i], contents[2 * i + 1], ours, theirs) for i, (path, _) in enumerate(blobs)}
    return tuple(Conflict(text(path), kinds.get(path, "contents"), ranges.get(path, ())) for path in paths)


def conflict_ranges(own: bytes, merged: bytes, ours: str, theirs: str) -> tuple[LineRange, ...]:
    """Where the conflicts of `merged`, a text with conflict markers, lie in `own`."""
    start, end = b"<<<<<<< " + ours.encode(), b">>>>>>> " + theirs.encode()
    picked: list[bytes] = []
    spans: list[tuple[int, int]] = []
    side = "both"
    for line in merged.splitlines(keepends=True):
        bare = line.rstrip(b"\r\n")
        if side == "both" and (bare == start or bare.startswith(start + b":")):
            side, first = "ours", len(picked)
        elif side == "ours" and bare == b"=======":
            side = "theirs"
            spans.append((first, len(picked)))
        elif side == "theirs" and (bare == end or bare.startswith(end + b":")):
            side = "both"
        elif side != "theirs":
            picked.append(line)
    lines = own.splitlines(keepends=True)
    if picked == lines:
        return tuple(LineRange(first + 1, last) for first, last in spans)
    return tuple(_located(spans, picked, lines))


def _located(spans: list[tuple[int, int]], picked: list[bytes], own: list[bytes]) -> Iterator[LineRange]:
    """`picked` is `own` with the other side's clean changes in it: carries line numbers back over those."""
    matcher = difflib.SequenceMatcher(None, picked, own, autojunk=max(len(picked), len(own)) > _EXACT_UP_TO)
    position: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        for offset in range(block.size + 1):
            position.setdefault(block.a + offset, block.b + offset)
    for first, last in spans:
        begin = position.get(first, min(first, len(own)))
        yield LineRange(begin + 1, begin + last - first)


def _parsed(output: bytes, sides: tuple[bytes, bytes]) -> tuple[bytes, dict[bytes, dict[int, bytes]], dict[bytes, str]]:
    """The tree; path to stage to blob; path to kind. Format: git-merge-tree(1), OUTPUT, with -z.

    A file that had to make way in the merge is called `<path>~<side>` there; here by the name that it has.
    """

    def named(path: bytes) -> bytes:
        return next((path.removesuffix(side) for side in sides if path.endswith(side)), path)

    fields = iter(output.split(b"\0"))
    tree = next(fields)
    stages: dict[bytes, dict[int, bytes]] = {}
    for entry in fields:
        if not entry:
            break
        info, path = entry.split(b"\t", 1)
        _, blob, stage = info.split(b" ")
        stages.setdefault(named(path), {})[int(stage)] = blob
    kinds: dict[bytes, str] = {}
    while (count := next(fields, b"")).isdigit():  # git 2.39 ends with advice on submodules, in nobody's format
        paths = [named(next(fields)) for _ in range(int(count))]
        kind = next(fields).decode()
        next(fields)
        if kind.startswith("CONFLICT"):
            word = kind.removeprefix("CONFLICT").strip(" ()")
            for path in paths if not stages else [path for path in paths if path in stages]:
                kinds.setdefault(path, word)
    return tree, stages, kinds


async def _contents(cwd: Path, names: list[bytes]) -> list[bytes]:
    """The blobs, in one process. A name that does not exist gives b""."""
    if not names:
        return []
    done = await git("cat-file", "--batch", cwd=cwd, input=b"".join(name + b"\n" for name in names))
    found: list[bytes] = []
    rest = done.stdout
    for _ in names:
        head, _, rest = rest.partition(b"\n")
        if head.endswith((b" missing", b" ambiguous")):
            found.append(b"")
            continue
        size = int(head.rsplit(b" ", 1)[1])
        found.append(rest[:size])
        rest = rest[size + 1 :]
    return found
