"""What people have let Locus keep of earlier work: `.locus/memory/*.md`, one file a topic, one list item a learning.

A learning is a list item, `- 2026-11-25 #42: The tests need a running database.`; date and task are optional, indented lines belong to it.
New ones are added at the end. What stands outside of list items (a heading, a paragraph) is told as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from locus.engine.relevance import scores

MAX_FILES = 50
MAX_FILE = 20_000
"""Characters of one file that are read, its end."""

_ITEM = re.compile(r"[-*+] (?:(?P<date>\d{4}-\d\d-\d\d)\b)?")


@dataclass(frozen=True)
class Memory:
    topic: str
    """The file's name without `.md`."""
    text: str


@dataclass(frozen=True)
class _Learning:
    topic: str
    place: int
    date: str
    text: str


def read(folder: Path) -> tuple[Memory, ...]:
    """The files of `.locus/memory`, by name. Links that lead out of it are left alone; what cannot be read is left out."""
    found: list[Memory] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".md")
        top = folder.resolve()
    except OSError:
        return ()
    for path in paths[:MAX_FILES]:
        try:
            if path.resolve().is_relative_to(top) and (text := path.read_text(encoding="utf-8", errors="replace").strip()):
                found.append(Memory(path.stem, text[-MAX_FILE:]))
        except OSError:
            continue
    return tuple(found)


def shown(memory: Sequence[Memory], limit: int, wanted: frozenset[str]) -> str:
    """In at most `limit` characters: what shares words with the task before the rest, the newest first; in the order of the files."""
    learnings = [learning for each in memory for learning in _learnings(each)]
    weights = scores(wanted, [learning.text for learning in learnings])
    newest = sorted(range(len(learnings)), key=lambda at: (learnings[at].date, learnings[at].place), reverse=True)
    ranked = sorted(newest, key=lambda at: weights[at] > 0, reverse=True)
    chosen: set[int] = set()
    headed: set[str] = set()
    room = limit - 80
    for at in ranked:
        cost = len(learnings[at].text) + 1 + (0 if learnings[at].topic in headed else len(learnings[at].topic) + 8)
        if cost <= room:
            room -= cost
            chosen.add(at)
            headed.add(learnings[at].topic)
    lines: list[str] = []
    for each in memory:
        own = [at for at, learning in enumerate(learnings) if learning.topic == each.topic and at in chosen]
        if own:
            lines += ["", f"### {each.topic}", "", *(learnings[at].text for at in own)]
    if left := len(learnings) - len(chosen):
        lines += ["", f"({left} more in .locus/memory)"]
    return "\n".join(lines).strip()


def _learnings(memory: Memory) -> list[_Learning]:
    pieces: list[list[str]] = []
    for line in memory.text.splitlines():
        starts = _ITEM.match(line) is not None
        if not line.strip():
            continue
        if starts or not pieces or (not line[0].isspace() and _ITEM.match(pieces[-1][0])):
            pieces.append([line])
        else:
            pieces[-1].append(line)
    found = []
    for place, lines in enumerate(pieces):
        match = _ITEM.match(lines[0])
        found.append(_Learning(memory.topic, place, (match["date"] or "") if match else "", "\n".join(lines)))
    return found
