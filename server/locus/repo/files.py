"""Small things done to files, with errors that say what to do."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from locus.errors import LocusError

_HINTS = {
    errno.ENOSPC: "free some disk space and try again",
    errno.EDQUOT: "free some disk space and try again",
    errno.EROFS: "the disk is read-only; work in a repository that can be written",
    errno.EACCES: "check who owns it and its permissions",
    errno.EPERM: "check who owns it and its permissions",
}


def present(path: Path) -> bool:
    """Something stands there, be it a dangling link."""
    return os.path.lexists(path)


def make_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)


def is_folder(path: Path) -> bool:
    return path.is_dir()


def real(path: Path) -> Path:
    """As git names it: absolute, links resolved."""
    return Path(os.path.realpath(path))


def write_whole(path: Path, data: bytes) -> None:
    """The old content or the new one, never half of it. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def append_whole(path: Path, data: bytes) -> None:
    """All of `data` or nothing of it. Raises OSError."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        if file.write(data) != len(data):
            file.truncate(before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """An OSError inside becomes a LocusError: "<doing> failed: No space left on device"."""
    try:
        yield
    except OSError as error:
        words = f"{doing} failed: {error.strerror}"
        raise LocusError(f"{words}: {error.filename}" if error.filename else words, _HINTS.get(error.errno or 0)) from error


def move_aside(path: Path, trash: Path, prefix: str = "") -> Path:
    """Renames `path` into `trash` under a name of its own, which begins with `prefix`.

    Where that is another file system, beside `path`: nothing is ever copied.
    """
    name = f"{prefix}{path.name}-{uuid.uuid4().hex[:8]}"
    with explained(f"moving {path} aside"):
        try:
            trash.mkdir(parents=True, exist_ok=True)
            return path.rename(trash / name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return path.rename(path.with_name(f".trash-{name}"))


def bytes_of(path: Path) -> int:
    """What the files below take up together; links are not followed, what vanishes meanwhile does not count."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += Path(folder, name).lstat().st_size
    return total


def delete_tree(path: Path) -> None:
    """Deletes a folder, read-only folders inside it too; what is already gone is fine. Links are removed, never followed."""
    if not present(path):
        return
    with explained(f"deleting {path}"):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path, onerror=_opened_up)


def _opened_up(function: Callable[[str], object], name: str, failed: tuple[type[BaseException], BaseException, object]) -> None:
    """Package caches make their folders read-only: give ourselves the right and try once more."""
    error = failed[1]
    if isinstance(error, FileNotFoundError):
        return
    if not isinstance(error, PermissionError):
        raise error
    parent = Path(name).parent
    parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
    if function in (os.open, os.scandir, os.lstat):  # the folder itself could not be read
        Path(name).chmod(stat.S_IRWXU)
        shutil.rmtree(name)
    else:
        function(name)
