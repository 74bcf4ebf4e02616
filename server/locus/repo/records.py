"""Git's records of linked worktrees, `<common dir>/worktrees/<id>`, read from their files (gitrepository-layout(5))."""

from __future__ import annotations

import os
import time
from pathlib import Path

from locus.errors import Refused
from locus.repo.discover import Repository, linked_git_dir
from locus.repo.files import delete_tree, explained, is_folder, move_aside, present, real
from locus.repo.layout import LEFTOVER

_RESTORED = "locus-restored"
_IN_THE_MAKING = 10.0
"""Seconds within which a new record may not yet say which worktree it is of; it takes git a few milliseconds."""


def records(repo: Repository) -> dict[Path, Path]:
    """Where each linked worktree is, or was, to its record."""
    return {dot_git.parent: record for record in _all(repo) if (dot_git := _leads_to(record)) is not None}


def _all(repo: Repository) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(repo.common_dir / "worktrees")]
    except FileNotFoundError:
        return []


def _leads_to(record: Path) -> Path | None:
    """The `.git` of its worktree. None in a record that is half-made or half-removed."""
    try:
        path = os.fsdecode((record / "gitdir").read_bytes()).strip()
    except OSError:
        return None
    return real(record / path) if path else None


def remains(repo: Repository, worktree: Path) -> bool:
    """Whether there is a record of it, be it one that somebody was cut off while removing."""
    return real(worktree) in records(repo) or _cut_off(repo, worktree) is not None


def clear_remains(repo: Repository, worktree: Path) -> None:
    """Deletes a record that a git which was cut off has left half-made or half-removed: nothing says which worktree it is of."""
    record = _cut_off(repo, worktree)
    if record is not None:
        delete_tree(record)


def clear_unmade(repo: Repository) -> None:
    """Deletes the records of those of our worktrees that a git was cut off while making, and their folders where nothing is in them yet.

    Git locks a worktree while it makes it; ours are filled afterwards. For whoever holds the lock under which they are made.
    """
    ours = real(repo.worktrees_dir)
    for record in filter(_in_the_making, _all(repo)):
        dot_git = _leads_to(record)
        if dot_git is not None and dot_git.parent.parent == ours:
            delete_tree(record)
            _discard_folder(dot_git.parent)


def discard(repo: Repository, worktree: Path) -> None:
    """Deletes what a `git worktree prune` has left of a record that was just being made, and its folder."""
    try:
        record = linked_git_dir(worktree)
    except Refused:
        record = None  # nothing is left of it
    if record is not None:
        if record.parent != repo.common_dir / "worktrees":
            return
        delete_tree(record)
    _discard_folder(worktree)


def _discard_folder(worktree: Path) -> None:
    """Where nothing is in it but git's own file."""
    if not is_folder(worktree) or {entry.name for entry in worktree.iterdir()} - {".git"} or (worktree / ".git").is_dir():
        return
    with explained(f"removing {worktree}"):
        (worktree / ".git").unlink(missing_ok=True)
        worktree.rmdir()


def complete(repo: Repository, worktree: Path) -> bool:
    """Its record has all that git writes when it makes one."""
    return _as_made(repo, worktree) or (
        intact(repo, worktree) and all((linked_git_dir(worktree) / name).exists() for name in ("HEAD", "commondir"))
    )


def lead_back(worktree: Path) -> None:
    """Writes in its record anew where the worktree is; without it the next `git worktree prune` deletes the record."""
    record = linked_git_dir(worktree)
    with explained(f"mending {record}"):
        (record / "gitdir").write_bytes(os.fsencode(real(worktree) / ".git") + b"\n")


def _in_the_making(record: Path) -> bool:
    try:
        return (record / "locked").read_bytes().strip() == b"initializing" and not (record / "index").exists()
    except FileNotFoundError:
        return False


def _cut_off(repo: Repository, worktree: Path) -> Path | None:
    """The record of that name, where nothing says whose it is. Git locks one first that it makes, and takes no time over it."""
    record = repo.common_dir / "worktrees" / worktree.name
    if not record.is_dir() or _leads_to(record) is not None:
        return None
    try:
        return record if time.time() - (record / "locked").stat().st_mtime > _IN_THE_MAKING else None
    except FileNotFoundError:
        return record


def made_at(record: Path) -> float:
    """Seconds since the epoch; `commondir` is written once, when the worktree is made."""
    try:
        return (record / "commondir").stat().st_mtime
    except OSError:
        return 0.0


def mark_restored(record: Path, ref: str) -> None:
    """Says in the record that its worktree holds the snapshot `ref`."""
    with explained("marking the worktree as restored"):
        (record / _RESTORED).write_text(f"{ref}\n", encoding="utf-8", errors="surrogateescape")


def restored_from(record: Path) -> str | None:
    try:
        return (record / _RESTORED).read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return None


def intact(repo: Repository, worktree: Path) -> bool:
    """Its `.git` leads to a record of this repository that leads back."""
    if _as_made(repo, worktree):
        return True
    try:
        record = linked_git_dir(worktree)
    except (OSError, Refused):
        return False
    return record.parent == repo.common_dir / "worktrees" and _leads_to(record) == real(worktree) / ".git"


def _as_made(repo: Repository, worktree: Path) -> bool:
    """As `intact`, where both say so word for word as git has written it; that is quick to see."""
    try:
        said = os.fsdecode((worktree / ".git").read_bytes())
        record = Path(said.removeprefix("gitdir:").strip())
        back = os.fsdecode((record / "gitdir").read_bytes())
    except (OSError, ValueError):
        return False
    made = said.startswith("gitdir:") and record.parent == repo.common_dir / "worktrees" and back.strip() == f"{worktree}{os.sep}.git"
    return made and (record / "HEAD").is_file() and (record / "commondir").is_file()


def mend(repo: Repository, worktree: Path) -> None:
    """Writes the `.git` file of a worktree anew that somebody has deleted or overwritten; what stands in its place goes into the trash.

    Nothing happens where the folder is gone, git has no record of it, or it has become another repository's worktree.
    """
    if worktree.is_symlink() or not worktree.is_dir() or intact(repo, worktree):
        return
    record = records(repo).get(real(worktree))
    dot_git = worktree / ".git"
    if record is None or (dot_git.is_file() and _leads_somewhere(worktree)):
        return
    with explained(f"mending {dot_git}"):
        if present(dot_git):
            move_aside(dot_git, repo.state_dir / "trash", f"{LEFTOVER}{worktree.name}")
        dot_git.write_bytes(b"gitdir: " + os.fsencode(record) + b"\n")


def _leads_somewhere(worktree: Path) -> bool:
    try:
        linked_git_dir(worktree)
    except Refused:
        return False
    return True
