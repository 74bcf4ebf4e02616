"""journal.jsonl: the truth about a run. One writer, one JSON object a line.

A line is written at once, so it outlives this process. It is on disk, and so outlives the machine's power, after the next `sync`: before a
commit, and at the run's end. Every other effect finds out by itself what is there already. Tasks that run side by side share one fsync.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Protocol

from locus.engine.clock import stamp
from locus.engine.files import dump
from locus.errors import LocusError
from locus.model.events import RunEvent, RunRequested
from locus.model.fold import Fold
from locus.model.record import FORMAT, Record, parse_record


class Sink(Protocol):
    """Where records go. Runs write to a Journal; a test may stand in between and end the world at any line."""

    fold: Fold

    def append(self, event: RunEvent, task: int | None = None) -> Record: ...

    async def sync(self) -> None:
        """Returns when everything appended so far is on disk."""


class Journal:
    """Opened for appending: what a crash left half-written is cut off and kept aside, everything before it is folded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fold = Fold()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._cut_fragment()
            for record in read(path):
                self.fold.apply(record)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._unwritten(error) from error
        self._synced = self.fold.seq
        self._syncing = asyncio.Lock()

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        """Raises LocusError when the line cannot be written in full (a full disk); the run must not go on then."""
        record = Record(v=FORMAT, seq=self.fold.seq + 1, at=stamp(), task=task, event=event)
        data = dump(record.line())
        try:
            before = os.fstat(self._file.fileno()).st_size
            if self._file.write(data) != len(data):
                self._file.truncate(before)  # or the next line, when there is room again, would be joined to half a one
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise self._unwritten(error) from error
        self.fold.apply(record)
        return record

    async def sync(self) -> None:
        wanted = self.fold.seq
        async with self._syncing:
            if self._synced >= wanted:
                return
            reached = self.fold.seq
            try:
                await asyncio.to_thread(os.fsync, self._file.fileno())
            except OSError as error:
                raise self._unwritten(error) from error
            self._synced = reached

    def _unwritten(self, error: OSError) -> LocusError:
        hint = "free some space, or make it writable for you, then resume the run"
        return LocusError(f"cannot write the journal {self.path}: {error.strerror}", hint)

    def close(self) -> None:
        self._file.close()

    def _cut_fragment(self) -> None:
        data = contents(self.path)
        end = whole(data)
        if end < len(data):
            with self.path.with_name(f"{self.path.name}.fragment").open("ab") as aside:
                aside.write(data[end:] + b"\n")
            os.truncate(self.path, end)


def read(path: Path) -> list[Record]:
    """The run's records in order, each once. Raises LocusError that names the line which is not as we write it; the file is left as it is.

    A line that stands there twice counts once. Where lines are missing the rest is not believed: what the run did might be done again.
    """
    data = contents(path)
    records: list[Record] = []
    for number, line in enumerate(data[: whole(data)].splitlines(), 1):
        record = parse(line, path, number)
        if follows(record, len(records), path, number):
            records.append(record)
    return records


def follows(record: Record, seq: int, path: Path, number: int) -> bool:
    """Whether it is the next one after `seq`; False for one that stood there before. Raises LocusError where some are missing between."""
    if record.seq > seq + 1:
        raise _changed(path, number, f"lacks what came before it: the records {seq + 1} to {record.seq - 1}")
    return record.seq == seq + 1


def contents(path: Path) -> bytes:
    """Nothing where there is no journal. Raises LocusError where there is one that cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise LocusError(f"the journal {path} cannot be read: {error.strerror}", "make it a file that you may read and write") from error


def whole(data: bytes) -> int:
    """Where the last whole line ends. We never write a zero byte: a power cut leaves blocks of them, and nothing after them counts."""
    zeros = data.find(b"\0")
    return data.rfind(b"\n", 0, len(data) if zeros < 0 else zeros) + 1


def parse(line: bytes, path: Path, number: int) -> Record:
    """A line of the journal at `path`. Raises LocusError, as `read`."""
    try:
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        if isinstance(format := value.get("v"), int) and format > FORMAT:
            raise LocusError(f"{path} was written by a newer Locus (format {format})", "upgrade Locus, then try again")
        record = parse_record(value)
    except (ValueError, RecursionError) as error:
        raise _changed(path, number, f"is not a journal record: {error}") from error
    if isinstance(record.event, RunRequested) and record.event.run_id != path.parent.name:
        raise _changed(path, number, f"belongs to {record.event.run_id}")
    return record


def _changed(path: Path, number: int, what: str) -> LocusError:
    return LocusError(f"{path}:{number} {what}", "the file was changed by hand; restore it, or start a new run")
