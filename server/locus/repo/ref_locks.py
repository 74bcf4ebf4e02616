"""The lock files that a killed git leaves beside refs. Of refs that nobody but the caller writes just then, they may go."""

from __future__ import annotations

from locus.repo.discover import Repository


def clear(repo: Repository, *refs: str) -> None:
    for ref in refs:
        (repo.common_dir / f"{ref}.lock").unlink(missing_ok=True)


def clear_below(repo: Repository, prefix: str) -> None:
    """`prefix` ends in a slash."""
    for path in (repo.common_dir / prefix).glob("*.lock"):
        path.unlink(missing_ok=True)
