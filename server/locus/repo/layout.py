"""The folders Locus makes in a repository, hidden from git without touching the person's own .gitignore."""

from __future__ import annotations

from locus.repo.discover import Repository
from locus.repo.files import append_whole, explained, write_whole

_GITIGNORE = """\
# Written by Locus. Only these may be committed.
*
!/config.json
!/LOCUS.md
!/memory/
!/memory/**
"""
LEFTOVER = "leftover-"
"""Begins the names of those in the trash that nobody has kept before."""
_EXCLUDED = "/.locus/worktrees/"


def exclude(repo: Repository) -> None:
    """Makes sure that git sees neither worktrees nor Locus' files, on whichever branch. Raises LocusError on an unwritable disk."""
    if repo.bare:
        return
    with explained("hiding .locus from git"):
        gitignore = repo.locus_dir / ".gitignore"
        if not gitignore.is_file() or gitignore.read_text("utf-8") != _GITIGNORE:
            repo.locus_dir.mkdir(exist_ok=True)
            write_whole(gitignore, _GITIGNORE.encode())
        listing = repo.common_dir / "info" / "exclude"
        listing.parent.mkdir(exist_ok=True)
        standing = listing.read_bytes() if listing.is_file() else b""
        if _EXCLUDED.encode() not in standing.splitlines():
            separator = b"" if not standing or standing.endswith(b"\n") else b"\n"
            append_whole(listing, separator + _EXCLUDED.encode() + b"\n")
