"""File contents stored under no name yet: in packs, since a prune takes only loose objects, and never all in memory at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from locus.repo.files import explained
from locus.repo.git import git
from locus.repo.present import Entry

IMPORT = ("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--done", "--date-format=raw", "--cat-blob-fd=1")
"""Takes a git-fast-import(1) stream and keeps what it makes as a pack; `get-mark` answers on its standard output."""

_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of content that may be held at once."""
_TIMEOUT = 1800.0
"""Seconds for writing one large file, or many of them."""

Files = list[tuple[bytes, Entry]]


@dataclass(frozen=True)
class Blobs:
    """`stream` declares those that are not stored yet, for the import that needs them; `names` says how it calls each file's content."""

    stream: list[bytes]
    names: dict[bytes, bytes]


async def blobs(worktree: Path, entries: Iterable[tuple[bytes, Entry]], first_mark: int) -> Blobs:
    """The contents of these files as they are on disk: no filters, no end-of-line conversion. Marks are numbered from `first_mark`."""
    batches, huge = _batches(entries)
    names = await _stream_in(worktree, huge)
    for batch in batches[:-1]:
        names |= await _import(worktree, batch)
    last = batches[-1] if batches else []
    names |= {path: b":%d" % (number + first_mark) for number, (path, _) in enumerate(last)}
    return Blobs(await asyncio.to_thread(_declared, worktree, last, first_mark), names)


def quoted(path: bytes) -> bytes:
    """A path as hash-object and fast-import read it: C-style quotes, so that every byte may stand in it."""
    return b'"%s"' % b"".join(bytes([byte]) if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte for byte in path)


def _batches(entries: Iterable[tuple[bytes, Entry]]) -> tuple[list[Files], Files]:
    """Such as may be held in memory together, and single files that may not."""
    batches: list[Files] = []
    huge: Files = []
    room = 0
    for path, entry in entries:
        if entry.target is None and entry.size > _IN_MEMORY:
            huge.append((path, entry))
            continue
        if not batches or entry.size > room:
            batches.append([])
            room = _IN_MEMORY
        batches[-1].append((path, entry))
        room -= entry.size
    return batches, huge


async def _import(worktree: Path, batch: Files) -> dict[bytes, bytes]:
    stream = await asyncio.to_thread(_declared, worktree, batch, 1)
    asked = [b"get-mark :%d\n" % (number + 1) for number in range(len(batch))]
    done = await git(*IMPORT, cwd=worktree, input=b"".join([*stream, *asked, b"done\n"]))
    return dict(zip((path for path, _ in batch), done.stdout.split(), strict=True))


async def _stream_in(worktree: Path, huge: Files) -> dict[bytes, bytes]:
    """git reads these itself, piece by piece, each into a pack of its own."""
    if not huge:
        return {}
    paths = b"".join(quoted(path) + b"\n" for path, _ in huge)
    command = ("-c", f"core.bigFileThreshold={_IN_MEMORY}", "hash-object", "-w", "--no-filters", "--stdin-paths")
    done = await git(*command, cwd=worktree, input=paths, timeout=_TIMEOUT)
    return dict(zip((path for path, _ in huge), done.stdout.split(), strict=True))


def _declared(worktree: Path, batch: Files, first_mark: int) -> list[bytes]:
    with explained(f"reading {worktree}"):
        return list(_declarations(worktree, batch, first_mark))


def _declarations(worktree: Path, batch: Files, first_mark: int) -> Iterator[bytes]:
    for number, (path, entry) in enumerate(batch, first_mark):
        data = (worktree / os.fsdecode(path)).read_bytes() if entry.target is None else entry.target
        yield b"blob\nmark :%d\ndata %d\n%s\n" % (number, len(data), data)
