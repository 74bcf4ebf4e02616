"""What differs between two commits, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locus.errors import ProcessFailed
from locus.repo.git import git, text
from locus.repo.names import require_revision

Status = Literal["added", "deleted", "modified", "renamed", "copied", "type-changed", "unmerged"]

_STATUS: dict[str, Status] = {
    "A": "added",
    "D": "deleted",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "type-changed",
    "U": "unmerged",
}


@dataclass(frozen=True)
class FileChange:
    path: str
    status: Status
    old_path: str | None = None
    added: int = 0
    """Lines; 0 in a binary file."""
    deleted: int = 0
    binary: bool = False


async def diff(cwd: Path, start: str, end: str, *, cap: int) -> str:
    """The patch from one commit to another, cut at `cap` characters at the end of a line, which a last line then says."""
    try:
        done = await git(
            *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--src-prefix=a/", "--dst-prefix=b/"),
            *("--end-of-options", require_revision(start), require_revision(end), "--"),
            cwd=cwd,
            cap=4 * cap,
        )
        patch = text(done.stdout)
    except ProcessFailed as error:
        if len(error.stdout) <= cap:
            raise
        patch = error.stdout  # git was stopped: there is more than anybody wants
    if len(patch) <= cap:
        return patch
    return f"{patch[: patch.rfind(chr(10), 0, cap) + 1]}[... cut after {cap} characters]\n"


async def diffstat(cwd: Path, start: str, end: str) -> list[FileChange]:
    """Every changed file, in git's order, with counted lines."""
    done = await git(
        *("diff", "--raw", "--numstat", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--find-renames"),
        *("--end-of-options", require_revision(start), require_revision(end), "--"),
        cwd=cwd,
    )
    fields = iter(done.stdout.split(b"\0"))
    changes: list[tuple[Status, bytes, bytes | None]] = []
    counts: dict[bytes, tuple[bytes, bytes]] = {}
    for field in fields:
        if field.startswith(b":"):
            letter = field.rsplit(b" ", 1)[1][:1].decode()
            old = next(fields) if letter in "RC" else None
            changes.append((_STATUS[letter], next(fields), old))
        elif field:
            added, deleted, path = field.split(b"\t", 2)
            if not path:
                next(fields)
                path = next(fields)
            counts[path] = (added, deleted)
    return [_change(status, path, old, *counts.get(path, (b"0", b"0"))) for status, path, old in changes]


def _change(status: Status, path: bytes, old: bytes | None, added: bytes, deleted: bytes) -> FileChange:
    binary = added == b"-"
    return FileChange(
        path=text(path),
        status=status,
        old_path=text(old) if old is not None else None,
        added=0 if binary else int(added),
        deleted=0 if binary else int(deleted),
        binary=binary,
    )
