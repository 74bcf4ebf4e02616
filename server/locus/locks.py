"""OS file locks: the only proof of life. A lock is held as long as some process keeps the open file, so a crash frees it and a child can
inherit it.

POSIX: `flock`, which belongs to the open file description and so is handed down by inheriting the descriptor (`lockf` would belong to one
process and be lost when any descriptor of the file is closed). Windows: `msvcrt.locking`, which no child inherits; untested. Lock files
are never unlinked: two processes could then hold "the same" lock on two files.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from locus.errors import InvalidArguments, LocusError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PROBE_PATIENCE: Final = 2.0  # seconds; an `is_held` takes microseconds, but a busy machine may let it wait in the middle
_DELETIONS: Final = 100  # of a lock file in the moment between its opening and its locking


class LockTimeout(LocusError):
    """Somebody else kept the lock for longer than we were told to wait."""


class Lock:
    """A held lock. Closing frees it, once every process that inherited the descriptor has closed it too.

    Nothing here ever unlocks explicitly: that would free the lock under a child that still holds it. A child that another thread is just
    starting holds a copy of every descriptor for the millisecond before it executes, so the lock may be free that much later.
    """

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd
        self.freed: Callable[[], None] = _nobody
        """Told when this process has let it go."""

    @classmethod
    def adopt(cls, fd: int, path: Path) -> Lock:
        """Takes over a descriptor that this process inherited, and makes sure that it is `path` and locked."""
        try:
            same = os.path.samestat(os.fstat(fd), path.stat())
        except OSError as error:
            raise LocusError(f"The lock {path} was not handed down: {error.strerror}") from error
        if not same or not _take(fd, path):
            raise LocusError(f"Descriptor {fd} is not the lock {path}")
        os.set_inheritable(fd, False)
        return cls(path, fd)

    @property
    def intact(self) -> bool:
        """Whether the file at `path` is still the one that is locked. Where it was deleted, another process may lock a new one."""
        try:
            return _stands_at(self.fd, self.path)
        except OSError:
            return True  # it cannot be looked at just now

    def mend(self) -> bool:
        """Locks what stands at `path` now, under the same descriptor; False when another process has it.

        Children that inherited the descriptor keep the old file. Windows lets nobody delete an open file.
        """
        again = try_lock(self.path)
        if again is None:
            return False
        os.dup2(again.fd, self.fd, inheritable=False)
        again.close()
        return True

    def close(self) -> None:
        """Idempotent."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)
            self.freed()

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def try_lock(path: Path) -> Lock | None:
    """The lock, or None when somebody holds it. Makes the file and its folder; what stands in the file means nothing."""
    for _ in range(_DELETIONS):
        with _explained(path):
            try:
                fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            good = False
            try:
                taken = _take(fd, path)
                good = taken and _stands_at(fd, path)  # else it was deleted after it was opened, and would keep nobody out
            finally:
                if not good:
                    os.close(fd)
        if good:
            return Lock(path, fd)
        if not taken:
            return None
    raise LocusError(f"Cannot lock {path}: the file is deleted again and again", "find out who deletes files in that folder")


@dataclass
class _Line:
    """Those of one event loop that wait for one lock: the first looks at it, and at once when one of them has let it go."""

    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self) -> None:
        self.freed.set()


_LINES: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Path, _Line]] = WeakKeyDictionary()
"""A line is there as long as somebody waits in it or holds its lock: nothing here keeps it, nor its event loop."""


async def lock(path: Path, *, timeout: float | None = None, poll: float = 0.02) -> Lock:  # noqa: ASYNC109 - the error names the path
    """Waits for the lock, for `timeout` seconds at most (None: as long as it takes). Raises LockTimeout."""
    line = _LINES.setdefault(asyncio.get_running_loop(), WeakValueDictionary()).setdefault(path, _Line())
    try:
        async with asyncio.timeout(timeout), line.first:
            while (taken := try_lock(path)) is None:
                line.freed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(poll):
                        await line.freed.wait()
    except TimeoutError:
        raise LockTimeout(
            f"Another process has held {path} for {timeout:g} s", "wait for the other run, or stop it with `locus stop`"
        ) from None
    taken.freed = line.let_go
    return taken


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock; a file that does not exist is not held.

    POSIX has no way to look at a flock, so this asks for a shared one, and lets it go at once: several may look at the same moment
    without seeing one another, and `try_lock`, which must not take a look for a holder, tells the two apart.
    """
    try:
        fd = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LocusError(f"Cannot look at the lock {path}: {error.strerror}") from error
    try:
        with _explained(path):
            return not _probe(fd)
    finally:
        os.close(fd)


class Slots:
    """`count` slots in a folder, one lock each: a counting semaphore between processes that a crash cannot leak."""

    def __init__(self, folder: Path, count: int) -> None:
        if count < 1:
            raise InvalidArguments(f"At least one slot is needed, not {count}")
        self._paths = [folder / f"slot-{number}" for number in range(count)]

    def try_acquire(self) -> Lock | None:
        for path in self._paths:
            if (taken := try_lock(path)) is not None:
                return taken
        return None

    async def acquire(self, *, poll: float = 0.03) -> Lock:
        """Waits for a free slot. Not a queue, but nobody is ahead of anybody: everyone looks at the same rate, out of step."""
        while (taken := self.try_acquire()) is None:  # noqa: ASYNC110 - other processes set no Event
            await asyncio.sleep(poll * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        return taken


def _nobody() -> None: ...


def _stands_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = {
            errno.ENOLCK: "this file system has no file locks; move the repository to a local disk",
            errno.EROFS: "the disk is mounted read-only",
            errno.ENOSPC: "the disk is full",
            errno.EACCES: "the folder must be writable for you",
        }.get(error.errno or 0)
        raise LocusError(f"Cannot lock {path}: {error.strerror}", hint) from error


if sys.platform == "win32":

    def _take(fd: int, path: Path) -> bool:
        with _explained(path):
            os.lseek(fd, 0, os.SEEK_SET)
            try:
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            except PermissionError:
                return False
            return True

    def _probe(fd: int) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
        return True

else:

    def _flock(fd: int, how: int) -> bool:
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _take(fd: int, path: Path) -> bool:
        deadline = time.monotonic() + _PROBE_PATIENCE
        with _explained(path):
            while not _flock(fd, fcntl.LOCK_EX):
                # A shared lock is to be had: nobody holds it, somebody only looks. It is let go before the next attempt: two that try at
                # once would else keep one another out, and neither got it.
                if not _probe(fd) or time.monotonic() > deadline:
                    return False
                time.sleep(random.uniform(0.0, 0.001))  # noqa: S311 - two that try at once must fall out of step
        return True

    def _probe(fd: int) -> bool:
        if not _flock(fd, fcntl.LOCK_SH):
            return False
        fcntl.flock(fd, fcntl.LOCK_UN)  # ours alone, never handed down; a close would wait for a child that is just being started
        return True
