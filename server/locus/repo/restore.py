"""Writes a kept snapshot back to disk, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from locus.errors import LocusError, NotFound, Refused
from locus.repo.discover import Repository
from locus.repo.files import delete_tree, explained, make_folder, present
from locus.repo.git import git, text
from locus.repo.keep import HEAD_TRAILER, NO_HEAD, REASON_TRAILER
from locus.repo.objects import commit_of
from locus.repo.staging import scratch_index
from locus.repo.status import status

_BATCH = 32 * 1024 * 1024
"""Bytes of content that are held in memory at once; a single larger file is held whole."""


@dataclass(frozen=True)
class _Raw:
    path: bytes
    mode: bytes
    blob: bytes
    size: int


async def restore(repo: Repository, ref: str, path: Path) -> int:
    """Makes `path` hold what the snapshot `ref` holds; returns how many raw files it wrote.

    A commit that is no snapshot is restored as a checkout of it. `path` is a new or empty folder, or a clean checkout at the snapshot's
    HEAD. Raises NotFound for an unknown ref, Refused for any other `path`.
    """
    told = await _read(repo, ref)
    if _holds_anything(path):
        await _require_clean_at(path, told.head)
    else:
        with explained(f"making {path}"):
            make_folder(path)
        if told.head is not None:
            await _fill(repo, told.head, path)
    if told.raw is None:
        return 0
    raw = await _raw_files(repo, told.raw)
    gone = await _gone(repo, told.head, told.commit)
    with explained(f"writing to {path}"):
        for name in gone:
            _delete(path, _inside(path, name))
    for batch in _batches(raw):
        contents = await _contents(repo, batch)
        with explained(f"writing to {path}"):
            for file, content in zip(batch, contents, strict=True):
                _write(_inside(path, file.path), file.mode, content)
    return len(raw)


async def head_of_snapshot(repo: Repository, ref: str) -> str | None:
    """The commit that was checked out; None before the first one. Raises NotFound for an unknown ref."""
    return (await _read(repo, ref)).head


@dataclass(frozen=True)
class _Snapshot:
    commit: str
    head: str | None
    raw: str | None
    """The commit of the raw files; None where everything stands in `head`."""


async def _read(repo: Repository, ref: str) -> _Snapshot:
    commit = await commit_of(repo.main, ref)
    if commit is None:
        raise NotFound(f"there is no snapshot {ref}", "see `locus worktree list`")
    form = f"--format=%(trailers:key={REASON_TRAILER},valueonly)%x00%(trailers:key={HEAD_TRAILER},valueonly)%x00%P"
    told = (await git("log", "-1", form, commit, "--", cwd=repo.main)).out
    reason, head, parents = (part.strip() for part in told.split("\0"))
    if not reason or not head:
        return _Snapshot(commit, commit, None)
    before, raw = (None, parents.split()) if head == NO_HEAD else (head, parents.split()[1:])
    return _Snapshot(commit, before, raw[0] if raw else None)


async def _fill(repo: Repository, head: str, path: Path) -> None:
    with scratch_index(repo.common_dir) as env:
        await git(f"--git-dir={repo.common_dir}", f"--work-tree={path}", "read-tree", "-m", "-u", head, cwd=path, env=env)


async def _require_clean_at(path: Path, head: str | None) -> None:
    if not present(path / ".git"):
        raise Refused(f"{path} is not empty", "give a new folder")
    now = await status(path)
    if now.head != head or now.changes:
        raise Refused(f"{path} is not a clean checkout of {head}", "commit or keep what is there first, or give a new folder")


async def _raw_files(repo: Repository, raw: str) -> list[_Raw]:
    listing = await git("ls-tree", "-r", "-l", "-z", "--full-tree", raw, cwd=repo.main)
    files = []
    for entry in filter(None, listing.stdout.split(b"\0")):
        info, path = entry.split(b"\t", 1)
        mode, _, blob, size = info.split()
        files.append(_Raw(path, mode, blob, int(size)))
    return files


async def _gone(repo: Repository, head: str | None, commit: str) -> list[bytes]:
    if head is None:
        return []
    done = await git("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=DT", head, commit, cwd=repo.main)
    return [name for name in done.stdout.split(b"\0") if name]


def _batches(files: list[_Raw]) -> Iterator[list[_Raw]]:
    batch: list[_Raw] = []
    size = 0
    for file in files:
        if batch and size + file.size > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


async def _contents(repo: Repository, batch: list[_Raw]) -> list[bytes]:
    room = sum(file.size for file in batch) + 200 * len(batch) + 4096
    done = await git("cat-file", "--batch=%(objecttype)", cwd=repo.main, input=b"".join(f.blob + b"\n" for f in batch), cap=room)
    contents: list[bytes] = []
    offset = 0
    for file in batch:
        start = done.stdout.index(b"\n", offset) + 1
        if done.stdout[offset : start - 1] != b"blob":
            raise LocusError(f"the snapshot is damaged: {file.blob.decode()} is missing", "run `git fsck`")
        contents.append(done.stdout[start : start + file.size])
        offset = start + file.size + 1
    return contents


def _holds_anything(path: Path) -> bool:
    return present(path) and (not path.is_dir() or any(path.iterdir()))


def _inside(top: Path, name: bytes) -> Path:
    if any(part in (b"", b".", b"..") or part.lower() == b".git" for part in name.split(b"/")):
        raise LocusError(f"the snapshot names a file that must not be written: {text(name)}")
    return top / os.fsdecode(name)


def _delete(top: Path, file: Path) -> None:
    """With the folders it leaves empty, as git does."""
    if file.is_symlink() or file.is_file():
        file.unlink()
    elif file.is_dir() and (present(file / ".git") or not any(file.iterdir())):
        delete_tree(file)  # a submodule of the clean checkout, or its empty place; what was in it comes as plain files
    for parent in file.parents:
        if parent == top or not parent.is_dir() or any(parent.iterdir()):
            return
        parent.rmdir()


def _write(file: Path, mode: bytes, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if present(file):
        file.unlink()
    if mode == b"120000":
        file.symlink_to(os.fsdecode(content))
        return
    with file.open("xb") as out:
        out.write(content)
    if mode == b"100755":
        readable = file.stat().st_mode
        file.chmod(readable | (readable & 0o444) >> 2)  # whoever may read may execute
