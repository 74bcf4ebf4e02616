"""What ended a command: something that can be expected, the loss of whoever was reading, or a bug."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from locus.errors import LocusError

BROKEN_PIPE: Final = 141
HUNG_UP: Final = 129

_DISK: Final = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EROFS: "the disk is read-only; work in a repository that can be written",
    errno.EACCES: "make it accessible for you and try again",
    errno.EPERM: "make it accessible for you and try again",
}


def expected(error: BaseException) -> LocusError | None:
    """What can be told in a sentence; of several that happened at once the first. None when a bug is among them."""
    found = [_told(inner) for inner in _leaves(error)]
    return found[0] if all(found) else None


def _told(error: BaseException) -> LocusError | None:
    if isinstance(error, LocusError):
        return error
    if isinstance(error, OSError) and error.errno in _DISK:
        where = f"{error.filename}: " if error.filename else ""
        return LocusError(f"{where}{error.strerror}", _DISK[error.errno])
    return None


def gone(error: BaseException) -> int | None:
    """The exit code where nobody reads our output any more: its pipe or its terminal was closed."""
    return next((code for inner in _leaves(error) if (code := _gone(inner)) is not None), None)


def _gone(error: BaseException) -> int | None:
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    # A write to a terminal that has hung up; a disk that fails would name its file.
    return HUNG_UP if isinstance(error, OSError) and error.errno == errno.EIO and error.filename is None else None


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Task groups wrap what happened in them."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def described(error: BaseException) -> str:
    return ", ".join(f"{type(inner).__name__}: {inner}".removesuffix(": ") for inner in _leaves(error))


def keep_traceback(error: BaseException, otherwise: Callable[[str], object]) -> str | None:
    """Writes what a report needs into a file and gives its name; hands it to `otherwise` where no file can be made."""
    text = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix="locus-bug-", suffix=".txt")
        os.close(descriptor)
        Path(name).write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        otherwise(text)
        return None
    return name
