"""`git status`, read: where HEAD is and what differs from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from locus.repo.git import git


@dataclass(frozen=True)
class Change:
    path: bytes
    """Relative to the top, with `/`."""
    tracked: bool
    repository: bool
    """A submodule, or an untracked nested repository."""


@dataclass(frozen=True)
class Status:
    head: str | None
    """None before the first commit."""
    branch: str | None
    """None when detached."""
    changes: tuple[Change, ...]


async def status(worktree: Path, *, untracked: bool = True) -> Status:
    """Ignored files are not looked at; a submodule differs when anything inside it does."""
    done = await git(
        *("status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--ignore-submodules=none"),
        f"--untracked-files={'all' if untracked else 'no'}",
        cwd=worktree,
    )
    headers: dict[bytes, bytes] = {}
    changes: list[Change] = []
    for line in done.stdout.split(b"\0"):
        kind, _, rest = line.partition(b" ")
        if kind == b"#":
            key, _, value = rest.partition(b" ")
            headers[key] = value
        elif kind == b"?":
            changes.append(Change(rest.rstrip(b"/"), tracked=False, repository=rest.endswith(b"/")))
        elif kind in (b"1", b"u"):
            path = rest.split(b" ", 7 if kind == b"1" else 9)[-1]
            changes.append(Change(path, tracked=True, repository=rest.split(b" ", 2)[1].startswith(b"S")))
    head = headers[b"branch.oid"].decode()
    branch = headers[b"branch.head"].decode("utf-8", "surrogateescape")
    return Status(None if head == "(initial)" else head, None if branch == "(detached)" else branch, tuple(changes))
