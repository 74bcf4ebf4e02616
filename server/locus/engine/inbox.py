"""runs/<id>/inbox/: answers and stop requests on their way to a run. They outlive a dead runner and are found on resume."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from locus.engine.files import dump, link_once
from locus.model.base import Model, by_kind


class Stop(Model):
    kind: Literal["stop"] = "stop"
    task: int | None = None


class ForceStop(Model):
    kind: Literal["force"] = "force"
    task: int | None = None


class Answer(Model):
    kind: Literal["answer"] = "answer"
    question_id: str
    option: str
    message: str | None = None
    input: dict[str, Any] | None = None


Message = Stop | ForceStop | Answer
_KINDS = by_kind(Message)


def _name(message: Message) -> str:
    match message:
        case Answer():
            return f"answer-{message.question_id}.json"
        case Stop():  # each counts: the second may mean more than the first
            return f"stop-{time.time_ns()}-{os.urandom(3).hex()}.json"
        case ForceStop():
            return f"force{'' if message.task is None else f'-{message.task}'}.json"


def put(folder: Path, message: Message) -> bool:
    """Written whole, then linked into place. False when the same word, or another answer, was there first."""
    return link_once(folder / _name(message), dump(message.wire()))


def take(folder: Path, seen: set[str]) -> list[Message]:
    """The messages that are not in `seen` yet, which grows by them."""
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return []
    found: list[Message] = []
    for name in names:
        if name in seen:
            continue
        try:
            data = (folder / name).read_bytes()
        except OSError:
            continue  # it is looked at again
        seen.add(name)
        try:
            record = json.loads(data)
            found.append(_KINDS[record["kind"]].model_validate(record))
        except (ValueError, TypeError, KeyError, ValidationError):
            continue  # not written by us
    return found


def clear_spent(folder: Path, closed: Collection[str]) -> None:
    """Before a resume: old requests to stop do not count any more, nor do answers to `closed` questions: their ids may come again."""
    spent = {f"answer-{id}.json" for id in closed}
    if folder.exists():
        for path in folder.iterdir():
            if path.name.startswith(("stop", "force")) or path.name in spent:
                path.unlink()
