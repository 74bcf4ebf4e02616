"""Bringing a snapshot back: into a worktree that one can look at, compare and commit from, or into a folder of one's own choice."""

from __future__ import annotations

from pathlib import Path

from locus.errors import InvalidArguments, LocusError, NotFound, Refused
from locus.model import naming
from locus.repo import kept, records, worktrees
from locus.repo.files import present
from locus.repo.objects import commit_of
from locus.repo.restore import head_of_snapshot
from locus.repo.restore import restore as write_back
from locus.workspace import Workspace

_HINT = "`locus worktree list` names the snapshots"


async def restore(ws: Workspace, ref: str, path: str | None) -> Path:
    """Brings back what the snapshot `ref` holds, and says where.

    `ref` may be cut short from the left (`42/1` for refs/locus/keep/<run>/42/1) while it is clear which one is meant, or be a branch of
    Locus. Without `path` it becomes a worktree of its own below `.locus/worktrees`, detached at the commit that was checked out, with
    everything else as uncommitted changes: git tells the difference, and `locus worktree clean` removes it. `path` is absolute: a new or
    empty folder, which becomes plain files, or a clean checkout of the snapshot's commit. Raises NotFound and Refused.
    """
    name = await _named(ws, ref)
    if path is not None:
        place = Path(path)
        if not place.is_absolute():
            raise InvalidArguments(f"path: {path!r} is not absolute")
        await write_back(ws.repo, name, place)
        return place
    head = await head_of_snapshot(ws.repo, name)
    place = _free(ws.repo.worktrees_dir / f"restored-{_short(name)}")
    if head is None:  # taken before the first commit: there is nothing that a worktree could stand on
        await write_back(ws.repo, name, place)
        return place
    made = await worktrees.create(ws.repo, place, None, start=head)
    records.mark_restored(records.records(ws.repo)[made.path], name)
    try:
        await write_back(ws.repo, name, made.path)
    except LocusError:
        await worktrees.remove(ws.repo, made.path, trash=ws.state / "trash")
        raise
    return made.path


async def _named(ws: Workspace, given: str) -> str:
    """The whole name of a snapshot or branch."""
    refs = [each.ref for each in await kept.keeps(ws.repo)]
    found = [ref for ref in refs if ref == given] or [ref for ref in refs if given and f"/{ref}".endswith(f"/{given}")]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "\n".join(f"  {ref}" for ref in found)
        raise Refused(f"{given!r} could be each of these:\n{listed}", "give more of its name")
    branch = given.removeprefix("refs/heads/")
    if branch.startswith(naming.PREFIX) and await commit_of(ws.repo.main, f"refs/heads/{branch}") is not None:
        return f"refs/heads/{branch}"
    raise NotFound(f"there is no snapshot {given!r}", _HINT)


def _short(name: str) -> str:
    """`42-1` of refs/locus/keep/<run>/42/1; of a branch the name of its worktree."""
    if name.startswith(naming.KEEP_REFS):
        return "-".join(name.split("/")[-2:])
    return naming.worktree_name(name.removeprefix("refs/heads/"))


def _free(path: Path) -> Path:
    place, number = path, 2
    while present(place):
        place, number = path.with_name(f"{path.name}-{number}"), number + 1
    return place
