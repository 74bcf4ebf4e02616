"""Snapshots of a checkout that lose nothing: every file that is not ignored, byte for byte, on a ref of our own.

The commit's tree is HEAD's with the changed and untracked files as they are on disk: no filter, no end-of-line conversion. Its first parent
is HEAD (absent before the first commit); its last parent holds those raw files alone, so that restoring knows which bytes to write as is.
What a checkout of HEAD would write byte for byte stands in HEAD and is not stored again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.errors import LocusError, ProcessFailed
from locus.repo import collecting
from locus.repo.blobs import IMPORT, blobs, quoted
from locus.repo.git import GitFailed, git
from locus.repo.present import Entry, changes

KEEP_REFS = "refs/locus/keep/"
HEAD_TRAILER = "Locus-Head"
REASON_TRAILER = "Locus-Reason"
NO_HEAD = "none"

_ATTEMPTS = 5
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
        if (commit := await _tried(worktree, ref, reason, head, present, attempt)) is not None:
            return Kept(ref, commit, sum(entry is not None for entry in present.values()), head)
    raise _never_whole(str(worktree))


async def keep_commit(cwd: Path, ref: str, commit: str, *, reason: str) -> Kept:
    """Keeps `commit` and its history on `ref` (new): below a commit of our own, which says when and why. Raises as `keep` does."""
    for attempt in range(1, _ATTEMPTS + 1):
        if (made := await _tried(cwd, ref, reason, commit, {}, attempt)) is not None:
            return Kept(ref, made, 0, commit)
    raise _never_whole(commit)


def _never_whole(what: str) -> LocusError:
    return LocusError(f"a snapshot of {what} did not stay whole: something deletes git's objects", "stop `git gc` and try again")


async def _tried(
    worktree: Path, ref: str, reason: str, head: str | None, present: Mapping[bytes, Entry | None], attempt: int
) -> str | None:
    """The commit; None where a garbage collection took some of it, and it is to be made anew."""
    try:
        commit = await _write(worktree, ref, reason, head, present, attempt)
    except GitFailed:
        if attempt == _ATTEMPTS or await _exists(worktree, ref):
            raise
        await collecting.ended(worktree)  # it may have taken what was just written, before anything pointed to it
        return None
    await collecting.ended(worktree)
    if await _complete(worktree, commit, head):
        return commit
    await git("update-ref", "-d", ref, commit, cwd=worktree)
    return None


async def _write(worktree: Path, ref: str, reason: str, head: str | None, present: Mapping[bytes, Entry | None], attempt: int) -> str:
    """One import makes trees, commits and the ref, and the blobs if they are not too many."""
    entries = [(path, entry) for path, entry in present.items() if entry is not None]
    contents = await blobs(worktree, entries, _FIRST_BLOB)
    files = [b"M %s %s %s\n" % (entry.mode, contents.names[path], quoted(path)) for path, entry in entries]
    gone = [b"D %s\n" % quoted(path) for path, entry in present.items() if entry is None]
    reason = " ".join(reason.split())
    message = f"Kept: {reason}\n\n{REASON_TRAILER}: {reason}\n{HEAD_TRAILER}: {head or NO_HEAD}\n".encode()
    # A second attempt is another commit and another pack: the first, cut off by a gc, may have left its `.keep` file in the way.
    who = b"%s %d +0000" % (_COMMITTER, int(time.time()) + attempt - 1)
    start = b"commit %s\nmark :%d\ncommitter %s\ndata %d\n%s\n"
    stream = contents.stream
    if present:
        stream += [start % (ref.encode(), 1, who, len(_RAW), _RAW), *files, b"reset %s\n\n" % ref.encode()]
    stream += [start % (ref.encode(), 2, who, len(message), message)]
    stream += [b"from %s\n" % head.encode()] if head else []
    stream += [b"merge :1\n"] if present else []
    stream += [*gone, *files, b"get-mark :2\n", b"done\n"]
    done = await git(*IMPORT, cwd=worktree, input=b"".join(stream))
    return done.out.split("\n")[0]


async def _complete(worktree: Path, commit: str, head: str | None) -> bool:
    known = (f"^{head}",) if head else ()
    try:
        done = await git("rev-list", "--objects", "--missing=print", commit, *known, cwd=worktree)
    except ProcessFailed:
        return False
    return not any(line.startswith("?") for line in done.out.splitlines())


async def _exists(worktree: Path, ref: str) -> bool:
    return (await git("show-ref", "--verify", "--quiet", ref, cwd=worktree, check=False)).code == 0
