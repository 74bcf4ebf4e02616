"""Snapshots of a checkout that lose nothing: every file that is not ignored, byte for byte, on a ref of our own.

The commit's tree is HEAD's with the changed and untracked files as they are on disk: no filter, no end-of-line conversion. Its first parent
is HEAD (absent before the first commit); its last parent holds those raw files alone, so that restoring knows which bytes to write as is.
What git calls unchanged (a difference that its own conversions undo included) stands in HEAD and is not stored again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.errors import LocusError, ProcessFailed
from locus.repo.discover import common_dir_of, linked_git_dir
from locus.repo.files import explained
from locus.repo.git import GitFailed, git
from locus.repo.present import Entry, changes

KEEP_REFS = "refs/locus/keep/"
HEAD_TRAILER = "Locus-Head"
REASON_TRAILER = "Locus-Reason"
NO_HEAD = "none"

_ATTEMPTS = 5
_GC_PATIENCE = 60.0
"""Seconds a running garbage collection is waited for."""
_STORE_TIMEOUT = 1800.0
"""Seconds for writing large files."""
_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of content that may be held at once."""
_FIRST_BLOB = 10
"""Marks below it are the commits'."""
_COMMITTER = b"Locus <locus@localhost>"
_RAW = b"The changed and untracked files, as they were on disk\n"


@dataclass(frozen=True)
class Kept:
    ref: str
    commit: str
    files: int
    """How many files were changed or untracked."""
    head: str | None
    """The commit that was checked out, and is kept along."""


async def keep(worktree: Path, ref: str, *, reason: str) -> Kept | None:
    """Keeps everything in `worktree` that differs from its HEAD on `ref` (new); None when nothing does. Index and files stay as they are.

    Raises LocusError when it cannot be kept whole: then nothing may be removed.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        head, present = await changes(worktree)
        if not present:
            return None
        try:
            commit = await _write(worktree, ref, reason, head, present, attempt)
        except GitFailed:
            if attempt == _ATTEMPTS or await _exists(worktree, ref):
                raise
            await _gc_ended(worktree)  # it may have taken what was just written, before anything pointed to it
            continue
        await _gc_ended(worktree)
        if await _complete(worktree, commit, head):
            return Kept(ref, commit, sum(entry is not None for entry in present.values()), head)
        await git("update-ref", "-d", ref, commit, cwd=worktree)
    raise LocusError(f"a snapshot of {worktree} did not stay whole: something deletes git's objects", "stop `git gc` and try again")


async def keep_commit(cwd: Path, ref: str, commit: str, *, reason: str) -> Kept:
    """Keeps `commit` and its history on `ref` (new): below a commit of our own, which says when and why."""
    made = await _write(cwd, ref, reason, commit, {}, attempt=1)
    return Kept(ref, made, 0, commit)


async def _write(worktree: Path, ref: str, reason: str, head: str | None, present: Mapping[bytes, Entry | None], attempt: int) -> str:
    """One fast-import makes blobs, trees, commits and the ref; as a pack, since a prune takes only loose objects."""
    entries = [(path, entry) for path, entry in present.items() if entry is not None]
    inline, large = _split(entries)
    names = {path: b":%d" % (number + _FIRST_BLOB) for number, (path, _) in enumerate(inline)}
    names |= await _store(worktree, large)
    blobs = await asyncio.to_thread(_blobs, worktree, inline)
    files = [b"M %s %s %s\n" % (entry.mode, names[path], quoted(path)) for path, entry in entries]
    gone = [b"D %s\n" % quoted(path) for path, entry in present.items() if entry is None]
    reason = " ".join(reason.split())
    message = f"Kept: {reason}\n\n{REASON_TRAILER}: {reason}\n{HEAD_TRAILER}: {head or NO_HEAD}\n".encode()
    # A second attempt is another commit and another pack: the first, cut off by a gc, may have left its `.keep` file in the way.
    who = b"%s %d +0000" % (_COMMITTER, int(time.time()) + attempt - 1)
    start = b"commit %s\nmark :%d\ncommitter %s\ndata %d\n%s\n"
    stream = [*blobs]
    if present:
        stream += [start % (ref.encode(), 1, who, len(_RAW), _RAW), *files, b"reset %s\n\n" % ref.encode()]
    stream += [start % (ref.encode(), 2, who, len(message), message)]
    stream += [b"from %s\n" % head.encode()] if head else []
    stream += [b"merge :1\n"] if present else []
    stream += [*gone, *files, b"get-mark :2\n", b"done\n"]
    done = await git(
        *("-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--done", "--date-format=raw", "--cat-blob-fd=1"),
        cwd=worktree,
        input=b"".join(stream),
    )
    return done.out.split("\n")[0]


def _split(entries: list[tuple[bytes, Entry]]) -> tuple[list[tuple[bytes, Entry]], list[tuple[bytes, Entry]]]:
    """What may be held in memory, and what git shall read itself."""
    inline: list[tuple[bytes, Entry]] = []
    large: list[tuple[bytes, Entry]] = []
    room = _IN_MEMORY
    for path, entry in sorted(entries, key=lambda pair: pair[1].size):
        room -= entry.size
        (inline if room >= 0 or entry.target is not None else large).append((path, entry))
    return inline, large


def _blobs(worktree: Path, entries: list[tuple[bytes, Entry]]) -> list[bytes]:
    stream: list[bytes] = []
    with explained(f"reading {worktree}"):
        for number, (path, entry) in enumerate(entries):
            data = (worktree / os.fsdecode(path)).read_bytes() if entry.target is None else entry.target
            stream.append(b"blob\nmark :%d\ndata %d\n%s\n" % (number + _FIRST_BLOB, len(data), data))
    return stream


async def _store(worktree: Path, entries: list[tuple[bytes, Entry]]) -> dict[bytes, bytes]:
    """Writes large files as blobs, in one process that never holds a whole one; path to blob."""
    if not entries:
        return {}
    paths = b"".join(quoted(path) + b"\n" for path, _ in entries)
    done = await git("hash-object", "-w", "--no-filters", "--stdin-paths", cwd=worktree, input=paths, timeout=_STORE_TIMEOUT)
    return dict(zip((path for path, _ in entries), done.stdout.split(), strict=True))


def quoted(path: bytes) -> bytes:
    """A path as hash-object and fast-import read it: C-style quotes, so that every byte may stand in it."""
    return b'"%s"' % b"".join(bytes([byte]) if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte for byte in path)


async def _complete(worktree: Path, commit: str, head: str | None) -> bool:
    known = (f"^{head}",) if head else ()
    try:
        done = await git("rev-list", "--objects", "--missing=print", commit, *known, cwd=worktree)
    except ProcessFailed:
        return False
    return not any(line.startswith("?") for line in done.out.splitlines())


async def _exists(worktree: Path, ref: str) -> bool:
    return (await git("show-ref", "--verify", "--quiet", ref, cwd=worktree, check=False)).code == 0


async def _gc_ended(worktree: Path) -> None:
    """Git marks a running garbage collection with a file; a crashed one leaves it behind, hence the patience."""
    mark = common_dir_of(linked_git_dir(worktree)) / "gc.pid"
    deadline = time.monotonic() + _GC_PATIENCE
    while mark.exists() and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's file, not an event of ours
        await asyncio.sleep(0.05)
