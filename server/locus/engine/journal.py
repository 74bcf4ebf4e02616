"""journal.jsonl: the truth about a run. One writer, one JSON object a line.

A line is written at once, so it outlives this process. It is on disk, and so outlives the machine's power, after the next `sync`: before a
commit, and at the run's end. Every other effect finds out by itself what is there already. Tasks that run side by side share one fsync.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Protocol

from locus.engine.clock import stamp
from locus.engine.files import dump
from locus.errors import LocusError
from locus.model.events import FORMAT, Record, RunEvent, parse_record
from locus.model.run import Fold


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
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cut_fragment()
        self.fold = Fold()
        for record in read(path):
            self.fold.apply(record)
        self._file = path.open("ab", buffering=0)
        self._synced = self.fold.seq
        self._syncing = asyncio.Lock()

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        """Raises LocusError when the line cannot be written in full (a full disk); the run must not go on then."""
        record = Record(v=FORMAT, seq=self.fold.seq + 1, at=stamp(), task=task, event=event)
        data = dump(record.line())
        try:
            if self._file.write(data) != len(data):
                raise OSError(28, "no space left on device")
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
        return LocusError(f"cannot write the journal {self.path}: {error.strerror}", "free some space, then resume the run")

    def close(self) -> None:
        self._file.close()

    def _cut_fragment(self) -> None:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        end = data.rfind(b"\n") + 1
        if end < len(data):
            with self.path.with_name(f"{self.path.name}.fragment").open("ab") as aside:
                aside.write(data[end:] + b"\n")
            os.truncate(self.path, end)


def read(path: Path) -> list[Record]:
    """All whole lines. Raises LocusError that names the line when one is not a record: the file is left as it is."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [parse(line, path, number) for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines(), 1)]


def parse(line: bytes, path: Path, number: int) -> Record:
    try:
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        record = parse_record(value)
    except ValueError as error:
        raise LocusError(
            f"{path}:{number} is not a journal record: {error}", "the file was changed by hand; restore it, or start a new run"
        ) from error
    if record.v > FORMAT:
        raise LocusError(f"{path} was written by a newer Locus (format {record.v})", "upgrade Locus, then try again")
    return record
