"""One SQLite file: transactions, migrations, and its errors in our words.

Nothing here opens the file by other means than SQLite: closing any descriptor of it would drop this process' POSIX locks on it.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from locus.errors import LocusError, Refused
from locus.tracker.local.schema import APPLICATION_ID, STEPS

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

BUSY_SECONDS = 30.0
"""SQLite lets newcomers go first: with five writers that never rest, on a busy machine, one was seen to wait for six."""
_HEADER = "SELECT user_version, application_id FROM pragma_user_version, pragma_application_id"


_Stamp = tuple[int, int, int, int]
"""By which a file is known again that nobody has written or replaced: device, inode, nanoseconds, bytes."""


class Database:
    """Safe to use from several threads and processes: every transaction has a connection to itself.

    Opening one takes longer than most transactions do: with `keep_open` that of the last is kept for the next, if nobody else was at the
    file meanwhile.
    """

    def __init__(self, file: Path, *, steps: Sequence[Sequence[str]] = STEPS, busy: float = BUSY_SECONDS, keep_open: bool = False) -> None:
        self._file = file
        self._steps = steps
        self._busy = busy
        self._writing = threading.Lock()  # SQLite's own waiting is a sleep that grows: threads of one process need not go through it
        self._keep_open = keep_open
        self._kept: dict[_Stamp, sqlite3.Connection] = {}
        weakref.finalize(self, _close, self._kept)

    def close(self) -> None:
        """What was kept open; it can be used all the same."""
        _close(self._kept)

    @property
    def exists(self) -> bool:
        return self._file.exists()

    def read(self, work: Work[T]) -> T:
        """One consistent view. A file that is not there yet reads as an empty one and is not created."""
        with self._errors(), self._connection(at_all=self.exists) as connection:
            return _transaction(connection, "BEGIN", work)

    def write(self, work: Work[T]) -> T:
        """All of `work` or nothing of it, after every writer that came before."""
        with self._errors(), self._writing:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._connection() as connection:
                return _transaction(connection, "BEGIN IMMEDIATE", work)

    @contextmanager
    def _connection(self, *, at_all: bool = True) -> Iterator[sqlite3.Connection]:
        if not at_all:
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
                self._migrate(connection)
                yield connection
            return
        connection = self._take() or self._open()
        try:
            self._migrate(connection)
            yield connection
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def _take(self) -> sqlite3.Connection | None:
        stamp = self._stamp() if self._kept else None
        kept = self._kept.pop(stamp, None) if stamp is not None else None
        _close(self._kept)
        return kept

    def _keep(self, connection: sqlite3.Connection) -> None:
        stamp = self._stamp() if self._keep_open else None
        before = self._kept.setdefault(stamp, connection) if stamp is not None else None
        if before is not connection:
            connection.close()

    def _stamp(self) -> _Stamp | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=self._busy, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) < len(self._steps):
            _transaction(connection, "BEGIN IMMEDIATE", self._upgrade)

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        present = self._version(connection)  # again, now that no other process can be at it
        if present == 0 and connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            raise self._foreign()
        for number, step in enumerate(self._steps[present:], start=present + 1):
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")

    def _version(self, connection: sqlite3.Connection) -> int:
        """The format of the file; raises Refused when it is not one of ours. One statement, so that no other process comes between."""
        version, application = connection.execute(_HEADER).fetchone()
        if version and application != APPLICATION_ID:
            raise self._foreign()
        if version > len(self._steps):
            raise Refused(
                f"{self._file} was written by a newer Locus (format {version}, this one knows up to {len(self._steps)})",
                "update Locus here too: `pip install --upgrade locus-server`; the file was not touched",
            )
        return int(version)

    def _foreign(self) -> Refused:
        return Refused(f"{self._file} is a database of another program", "move it away; the file was not touched")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if (known := _explained(error, self._file)) is None:
                raise
            raise known from error
        except OSError as error:
            raise LocusError(f"{self._file.parent}: {error.strerror}", "Locus keeps its state there; make the folder writable") from error


def _close(kept: dict[_Stamp, sqlite3.Connection]) -> None:
    with suppress(KeyError):  # another thread was faster
        while kept:
            kept.popitem()[1].close()


def _transaction(connection: sqlite3.Connection, begin: str, work: Work[T]) -> T:
    connection.execute(begin)
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself on some errors, a full disk among them
            connection.execute("ROLLBACK")
        raise
    return result


def _explained(error: sqlite3.DatabaseError, file: Path) -> LocusError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary of an extended code: https://sqlite.org/rescode.html
    match code:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            hint = "the file was not touched; move it away and put back a copy, or let `locus init` start a new one"
            return LocusError(f"{file} is damaged or not a database ({error})", hint)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LocusError(f"another program has kept {file} locked for too long", "end it, then try again; nothing was changed")
        case sqlite3.SQLITE_FULL:
            return LocusError(f"the disk is full: {file} could not be written", "make room, then try again; nothing was changed")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return LocusError(f"{file} cannot be written ({error})", "make the file and its folder writable; nothing was changed")
        case sqlite3.SQLITE_IOERR:
            return LocusError(f"reading or writing {file} failed ({error})", "check the disk; nothing was changed")
        case _:
            return None
