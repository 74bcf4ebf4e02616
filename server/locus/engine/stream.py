"""tasks/<n>/events.jsonl: what an agent said, capped in size, head and tail kept. For people, progress, and what a dead turn had cost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from locus.engine.clock import stamp
from locus.engine.files import dump
from locus.errors import LocusError
from locus.model.agent import AgentEvent, parse_agent_event

NOW, OLDER = "events.jsonl", ("events.0.jsonl", "events.1.jsonl")
CAP = 8 * 1024 * 1024
"""Bytes of one file; when it is full it becomes `events.1.jsonl` (the head is kept as `events.0.jsonl`) and a new one begins."""


class Stream:
    def __init__(self, folder: Path, *, cap: int = CAP) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._cap = folder, cap
        self._open()

    def _open(self) -> None:
        self._file = (self._folder / NOW).open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, event: AgentEvent, attempt: int) -> None:
        """Raises LocusError on a full disk; a line may be torn then."""
        try:
            self._size += self._file.write(dump({"at": stamp(), "attempt": attempt} | event.wire()))
        except OSError as error:
            raise LocusError(f"cannot write {self._folder}: {error.strerror}", "free some space, then resume the run") from error
        if self._size >= self._cap:
            self._file.close()
            head, latest = (self._folder / name for name in OLDER)
            (self._folder / NOW).replace(latest if head.exists() else head)
            self._open()

    def close(self) -> None:
        self._file.close()


def lines(folder: Path, names: Iterable[str] = (*OLDER, NOW)) -> list[bytes]:
    """Of these files, as far as they are there; oldest first. Raises LocusError where one cannot be read."""
    found: list[bytes] = []
    for name in names:
        try:
            found += (folder / name).read_bytes().splitlines()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LocusError(f"{folder / name} cannot be read: {error.strerror}", "look what stands there") from error
    return found


def parse(line: bytes) -> tuple[str, AgentEvent, int] | None:
    """(time, event, attempt); None for a line that is torn, newer than this version, or not an event."""
    try:
        record: Any = json.loads(line)
        return str(record["at"]), parse_agent_event(record), int(record.get("attempt") or 0)
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
