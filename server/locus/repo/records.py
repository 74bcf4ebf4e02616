"""Git's records of linked worktrees, `<common dir>/worktrees/<id>`, read from their files (gitrepository-layout(5))."""

from __future__ import annotations

import os
from pathlib import Path

from locus.repo.discover import Repository
from locus.repo.files import explained, real

_RESTORED = "locus-restored"


def records(repo: Repository) -> dict[Path, Path]:
    """Where each linked worktree is, or was, to its record."""
    found: dict[Path, Path] = {}
    try:
        entries = list(os.scandir(repo.common_dir / "worktrees"))
    except FileNotFoundError:
        return {}
    for entry in entries:
        record = Path(entry.path)
        try:
            leads_to = os.fsdecode((record / "gitdir").read_bytes()).strip()
        except OSError:
            continue  # half-made or half-removed by another process
        found[real(record / leads_to).parent] = record
    return found


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
