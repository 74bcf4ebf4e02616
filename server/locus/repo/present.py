"""Which files of a checkout differ from its HEAD, nested repositories as plain files, and what each is on disk."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from locus.errors import Refused
from locus.repo.converted import converted, indexed
from locus.repo.discover import common_dir_of, linked_git_dir
from locus.repo.files import explained
from locus.repo.git import git
from locus.repo.status import status
from locus.repo.submodules import named


@dataclass(frozen=True)
class Entry:
    mode: bytes
    """As in a git tree: 100644, 100755, 120000."""
    size: int
    """Bytes."""
    target: bytes | None = None
    """Where a symbolic link leads."""


async def changes(worktree: Path) -> tuple[str | None, dict[bytes, Entry | None]]:
    """HEAD's commit, and path (bytes, relative, with `/`) to what stands there now; None = gone."""
    now, known = await asyncio.gather(status(worktree), indexed(worktree))
    paths = {change.path for change in now.changes if not change.repository}
    nested = {change.path for change in now.changes if change.repository}
    nested |= await _unsaved(worktree, known.links)
    if now.head is not None:
        paths |= await converted(worktree, now.head, paths, known)
    for repository in nested:
        paths |= await _nested_files(worktree, repository)
    with explained(f"reading {worktree}"):
        found = _entries(worktree, paths)
    # A nested repository's own place is free for its files, or empty where it has none any more.
    return now.head, {**dict.fromkeys(sorted(nested)), **found}


async def _unsaved(worktree: Path, links: Collection[bytes]) -> set[bytes]:
    """Those with what only this worktree has: files where none was checked out, a commit that the person's own copy lacks."""
    names = {os.fsencode(path): name for name, path in (await named(worktree)).items()}
    copies = common_dir_of(linked_git_dir(worktree)) / "modules"
    unsaved: set[bytes] = set()
    for path in {*links, *names}:
        folder = worktree / os.fsdecode(path)
        if not _is_repository(folder):
            unsaved |= {path} if any(_walk(folder)) else set()
            continue
        at = await git("rev-parse", "--verify", "--quiet", "HEAD", cwd=folder, check=False)
        copy = copies / names[path] if path in names else None
        if at.code != 0 or copy is None or not copy.is_dir() or not await _has(copy, at.out):
            unsaved.add(path)
    return unsaved


async def _has(git_dir: Path, commit: str) -> bool:
    return (await git(f"--git-dir={git_dir}", "cat-file", "-e", commit, cwd=git_dir, check=False)).code == 0


async def _nested_files(worktree: Path, repository: bytes) -> set[bytes]:
    """The files of a nested repository that it does not ignore itself, its own nested ones too, relative to `worktree`."""
    folder = worktree / os.fsdecode(repository)
    if not _is_repository(folder):
        return {repository + b"/" + name for name in _walk(folder)}
    done = await git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=folder)
    files: set[bytes] = set()
    for name in filter(None, done.stdout.split(b"\0")):
        inner = repository + b"/" + name.rstrip(b"/")
        below = worktree / os.fsdecode(inner)
        if below.is_dir() and not below.is_symlink():
            files |= await _nested_files(worktree, inner)
        else:
            files.add(inner)
    return files


def _is_repository(folder: Path) -> bool:
    if not (folder / ".git").exists():
        return False
    try:
        linked_git_dir(folder)
    except Refused:
        return False
    return True


def _walk(folder: Path) -> Iterator[bytes]:
    """All files below, relative to `folder`, .git folders excepted."""
    for here, folders, files in os.walk(folder):
        links = [name for name in folders if Path(here, name).is_symlink()]
        folders[:] = [name for name in folders if name != ".git" and name not in links]
        for name in (*files, *links):
            if name != ".git":
                yield os.fsencode(Path(here, name).relative_to(folder))


def _entries(worktree: Path, paths: Iterable[bytes]) -> dict[bytes, Entry | None]:
    return {path: _entry(worktree, os.fsdecode(path)) for path in sorted(paths)}


def _entry(top: Path, name: str) -> Entry | None:
    """None where nothing that git could store stands at `name`; a folder that became a link has no files of its own."""
    file = top / name
    if any(parent.is_symlink() for parent in file.parents if parent.is_relative_to(top) and parent != top):
        return None
    try:
        found = file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(found.st_mode):
        return Entry(b"120000", found.st_size, os.fsencode(os.readlink(file)))  # noqa: PTH115 - a Path would tidy the target up
    if stat.S_ISREG(found.st_mode):
        return Entry(b"100755" if found.st_mode & stat.S_IXUSR else b"100644", found.st_size)
    return None
