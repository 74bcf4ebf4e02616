"""Whether git was told not to look at some files of a checkout: `git update-index --assume-unchanged` or `--skip-worktree`."""

from __future__ import annotations

import struct
from pathlib import Path

from locus.errors import Refused
from locus.repo.discover import common_dir_of, linked_git_dir, repository_config

_ASSUME_UNCHANGED = 0x8000
_EXTENDED = 0x4000
_SKIP_WORKTREE = 0x4000
_STAT = 40
"""Bytes of an entry before its object's hash."""


def any_hidden(worktree: Path) -> bool:
    """Reads the index (gitformat-index(5)) itself: a git process for each finished task would cost more. True where in doubt."""
    try:
        git_dir = linked_git_dir(worktree)
        data = (git_dir / "index").read_bytes()
        sha256 = repository_config(common_dir_of(git_dir)).get("extensions.objectformat") == "sha256"
        return _any_hidden(data, _STAT + (32 if sha256 else 20))
    except FileNotFoundError:
        return False
    except (Refused, struct.error, IndexError, ValueError):
        return True


def _any_hidden(data: bytes, flags_at: int) -> bool:
    version, count = struct.unpack_from(">II", data, 4)
    at = 12
    for _ in range(count):
        (flags,) = struct.unpack_from(">H", data, at + flags_at)
        name = at + flags_at + 2
        if flags & _ASSUME_UNCHANGED:
            return True
        if flags & _EXTENDED:
            (more,) = struct.unpack_from(">H", data, name)
            name += 2
            if more & _SKIP_WORKTREE:
                return True
        if version == 4:
            while data[name] & 0x80:  # how much of the name before it stands in this one: a number of several bytes
                name += 1
            at = data.index(b"\0", name + 1) + 1
        else:
            at += (data.index(b"\0", name) - at + 8) // 8 * 8
    return data[at : at + 4] == b"link"  # a split index: the other entries are in another file
