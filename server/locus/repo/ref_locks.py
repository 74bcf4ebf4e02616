"""The lock files that a killed git leaves beside refs. Of refs that nobody but the caller writes just then, they may go."""

from __future__ import annotations

import contextlib

from locus.repo.discover import Repository


def clear(repo: Repository, *refs: str) -> None:
    for ref in refs:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (repo.common_dir / f"{ref}.lock").unlink()


def clear_below(repo: Repository, prefix: str) -> None:
    """`prefix` ends in a slash."""
    for path in (repo.common_dir / prefix).glob("*.lock"):
        path.unlink(missing_ok=True)
