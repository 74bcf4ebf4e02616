"""Sprints and the order of their tasks: each function is the work of one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

from locus.errors import InvalidArguments
from locus.model.naming import slug
from locus.model.task import Sprint, SprintDraft
from locus.tracker.local import issues, rows
from locus.tracker.messages import checked_numbers, no_sprint, sprint_taken


def create(connection: sqlite3.Connection, draft: SprintDraft) -> Sprint:
    name = " ".join(issues.text(draft.name).split())
    taken = connection.execute("SELECT name FROM sprints WHERE slug = ?", (slug(name),)).fetchone()
    if taken:
        raise sprint_taken(name, taken[0])
    connection.execute(
        "INSERT INTO sprints (name, slug, due, description, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        (name, slug(name), draft.due, draft.description, at := issues.now(), at),
    )
    return get(connection, name)


def select(connection: sqlite3.Connection, state: Literal["open", "closed", "all"]) -> list[Sprint]:
    return rows.load_sprints(connection) if state == "all" else rows.load_sprints(connection, "WHERE state = ?", (state,))


def find(connection: sqlite3.Connection, name: str) -> int:
    """Its number. Raises NotFound, listing the sprints there are."""
    row = connection.execute("SELECT number FROM sprints WHERE name = ?", (name,)).fetchone()
    row = row or connection.execute("SELECT number FROM sprints WHERE slug = ?", (_slug_or_empty(name),)).fetchone()
    if not row:
        raise no_sprint(name, [known for (known,) in connection.execute("SELECT name FROM sprints ORDER BY number")])
    return int(row[0])


def get(connection: sqlite3.Connection, name: str) -> Sprint:
    return rows.load_sprints(connection, "WHERE number = ?", (find(connection, name),))[0]


def order(connection: sqlite3.Connection, name: str, numbers: Sequence[int]) -> Sprint:
    sprint = find(connection, name)
    first = issues.present(connection, checked_numbers(numbers))
    rest = [task.number for task in rows.sprint_tasks(connection, sprint) if task.number not in first]
    for position, number in enumerate([*first, *rest], start=1):
        connection.execute("UPDATE issues SET sprint = ? WHERE number = ?", (sprint, number))
        issues.set_family(connection, number, "order", str(position))
    return get(connection, name)


def close(connection: sqlite3.Connection, name: str) -> Sprint:
    connection.execute("UPDATE sprints SET state = 'closed', updated_at = ? WHERE number = ?", (issues.now(), find(connection, name)))
    return get(connection, name)


def _slug_or_empty(name: str) -> str:
    try:
        return slug(name)
    except InvalidArguments:
        return ""
