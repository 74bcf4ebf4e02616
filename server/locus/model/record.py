"""A line of the journal: its envelope, and the event in it (events.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, ValidationError

from locus.model.base import Recorded, by_kind
from locus.model.events import RunEvent

FORMAT = 1

_KINDS = by_kind(RunEvent)
_ENVELOPE = frozenset({"v", "seq", "at", "task"})


class Unknown(Recorded):
    """A record of a newer version or of another hand: kept in the file, ignored by Fold."""

    model_config = ConfigDict(extra="allow")

    kind: str


@dataclass(frozen=True)
class Record:
    """One line of journal.jsonl: `{v, seq, at, task?, kind, ...}`. `at` is RFC 3339 in UTC."""

    v: int
    seq: int
    at: str
    task: int | None
    event: RunEvent | Unknown

    def line(self) -> dict[str, Any]:
        head: dict[str, Any] = {"v": self.v, "seq": self.seq, "at": self.at}
        if self.task is not None:
            head["task"] = self.task
        return head | self.event.wire()


def parse_record(line: dict[str, Any]) -> Record:
    """Raises ValueError when the envelope itself is not ours; an unknown or unreadable body becomes Unknown."""
    try:
        v, seq, at = int(line["v"]), int(line["seq"]), str(line["at"])
        kind = str(line["kind"])
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a journal record: {error}") from error
    body = {key: value for key, value in line.items() if key not in _ENVELOPE}
    event: RunEvent | Unknown
    try:
        event = _KINDS[kind].model_validate(body)
    except (KeyError, ValidationError):
        event = Unknown.model_validate(body | {"kind": kind})
    task = line.get("task")
    return Record(v=v, seq=seq, at=at, task=task if isinstance(task, int) else None, event=event)
