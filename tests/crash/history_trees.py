"""What stands in a folder, byte for byte, as git would name it: an oracle of its own, which shares nothing with the product's snapshots."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from support.repos import Home

Entry = tuple[bytes, str]
"""Mode as in a git tree, and the blob's hash, which stands for its bytes."""


@dataclass(frozen=True)
class Tree:
    files: Mapping[bytes, Entry]

    @cached_property
    def sha(self) -> str:
        """The hash git gives the same files: two trees are equal in paths, modes and bytes when their hashes are."""
        top: dict[bytes, object] = {}
        for path, entry in self.files.items():
            *folders, name = path.split(b"/")
            here = top
            for folder in folders:
                below = here.setdefault(folder, {})
                assert isinstance(below, dict)
                here = below
            here[name] = entry
        return _hashed(top).hex()

    def differences(self, other: Tree) -> list[str]:
        paths = sorted(path for path in {*self.files, *other.files} if self.files.get(path) != other.files.get(path))
        return [f"{os.fsdecode(path)!r}: {_said(self.files.get(path))} there, {_said(other.files.get(path))} here" for path in paths]


def all_of(folder: Path) -> Tree:
    """Every file and link below, `.git` excepted; what git cannot store (a pipe, an empty folder) is not seen."""
    return Tree(dict(_files(os.fsencode(folder))))


def not_ignored(worktree: Path, home: Home) -> Tree:
    """All of it but what git, or the nested repository it lies in, ignores."""
    files = dict(_files(os.fsencode(worktree)))
    for repository in _repositories(os.fsencode(worktree)):
        listed = home.git(*("ls-files", "--others", "--ignored", "--exclude-standard", "-z"), cwd=worktree / os.fsdecode(repository))
        for name in filter(None, os.fsencode(listed).split(b"\0")):
            path = repository + name
            for gone in [file for file in files if file == path or (path.endswith(b"/") and file.startswith(path))]:
                del files[gone]
    return Tree(files)


def _files(top: bytes) -> Iterator[tuple[bytes, Entry]]:
    for here, folders, names in os.walk(top):
        links = [name for name in folders if os.path.islink(os.path.join(here, name))]
        folders[:] = [name for name in folders if name != b".git" and name not in links]
        for name in (*names, *links):
            full = os.path.join(here, name)
            mode = os.lstat(full).st_mode
            if name == b".git":
                continue
            if stat.S_ISLNK(mode):
                yield os.path.relpath(full, top), (b"120000", _blob(os.readlink(full)))
            elif stat.S_ISREG(mode):
                with open(full, "rb") as file:
                    yield os.path.relpath(full, top), (b"100755" if mode & stat.S_IXUSR else b"100644", _blob(file.read()))


def _repositories(top: bytes) -> Iterator[bytes]:
    """The checkout itself and the repositories in it, relative, each with a slash at its end; outer ones first."""
    for here, folders, names in os.walk(top):
        if here == top:
            yield b""
        elif b".git" in names or os.path.exists(os.path.join(here, b".git", b"HEAD")):
            yield os.path.relpath(here, top) + b"/"
        folders[:] = [name for name in folders if name != b".git"]


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _hashed(folder: Mapping[bytes, object]) -> bytes:
    entries = []
    for name, what in folder.items():
        if isinstance(what, dict):
            entries.append((name + b"/", b"40000 " + name + b"\0" + _hashed(what)))
        else:
            assert isinstance(what, tuple)
            entries.append((name, what[0] + b" " + name + b"\0" + bytes.fromhex(what[1])))
    body = b"".join(entry for _, entry in sorted(entries))
    return hashlib.sha1(b"tree %d\0" % len(body) + body).digest()


def _said(entry: Entry | None) -> str:
    return f"{entry[0].decode()} {entry[1][:8]}" if entry else "nothing"
