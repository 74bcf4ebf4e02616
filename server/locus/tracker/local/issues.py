"""Issues, their labels and comments: each function is the work of one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from locus.model.labels import LABELS, MANAGED, Family, Label, order_label, replaced
from locus.model.task import Comment, Task, TaskChanges, TaskDraft, TaskFilter, TaskStatus, in_sprint_order
from locus.tracker.local import rows, sprints
from locus.tracker.messages import checked_label, checked_title, no_issue
from locus.tracker.protocol import ClosedReason

_OTHER_COLOR = "EDEDED"
"""What GitHub gives a label nobody chose a colour for."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(value: str) -> str:
    """Half surrogate pairs, as badly decoded output has them, cannot be stored."""
    return value.encode("utf-8", "replace").decode("utf-8")


def create(connection: sqlite3.Connection, draft: TaskDraft, request: str | None) -> Task:
    if request is not None:
        row = connection.execute("SELECT number FROM issues WHERE request = ?", (request,)).fetchone()
        if row:
            return get(connection, row[0])
    title = checked_title(text(draft.title))
    sprint = sprints.find(connection, draft.sprint) if draft.sprint else None
    number = next_number(connection, "issue")
    connection.execute(
        "INSERT INTO issues (number, title, body, sprint, request, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, title, text(draft.body), sprint, request, at := now(), at),
    )
    names = replaced(map(checked_label, draft.labels), "locus", TaskStatus.QUEUED)
    if draft.type is not None:
        names = replaced(names, "type", draft.type)
    if draft.priority is not None:
        names = replaced(names, "p", draft.priority)
    _set_labels(connection, number, names)
    return get(connection, number)


def edit(connection: sqlite3.Connection, number: int, changes: TaskChanges) -> Task:
    task = get(connection, number)
    if changes.title is not None:
        connection.execute("UPDATE issues SET title = ? WHERE number = ?", (checked_title(text(changes.title)), number))
    if changes.body is not None:
        connection.execute("UPDATE issues SET body = ? WHERE number = ?", (text(changes.body), number))
    names: Iterable[str] = task.labels
    if changes.sprint is not None:
        sprint = sprints.find(connection, changes.sprint) if changes.sprint else None
        moved = connection.execute("UPDATE issues SET sprint = ? WHERE number = ? AND sprint IS NOT ?", (sprint, number, sprint)).rowcount
        if moved:
            names = replaced(names, "order", None)
    values: tuple[tuple[Family, object], ...] = (
        ("type", changes.type),
        ("p", changes.priority),
        ("locus", changes.status),
        ("order", changes.order),
    )
    for family, value in values:
        if value is not None:
            names = replaced(names, family, str(value))
    _set_labels(connection, number, names)
    _touch(connection, number)
    return get(connection, number)


def get(connection: sqlite3.Connection, number: int) -> Task:
    found = rows.load_tasks(connection, "WHERE i.number = ?", (number,))
    if not found:
        raise _missing(connection, [number])
    return found[0]


def select(connection: sqlite3.Connection, filter: TaskFilter) -> list[Task]:
    conditions, values = ["1"], []
    if filter.sprint is not None:
        conditions.append("i.sprint = ?")
        values.append(sprints.find(connection, filter.sprint))
    tasks = rows.load_tasks(connection, f"WHERE {' AND '.join(conditions)}" + _state_clause(filter.state), values)
    tasks = in_sprint_order(tasks) if filter.sprint is not None else tasks[::-1]
    if filter.status is not None:
        tasks = [task for task in tasks if task.status is filter.status]
    return tasks[: filter.limit] if filter.limit is not None else tasks


def _state_clause(state: Literal["open", "closed", "all"]) -> str:
    return "" if state == "all" else f" AND i.state = '{state}'"


def manage(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    for number in present(connection, numbers):
        _add_label(connection, number, MANAGED)


def set_family(connection: sqlite3.Connection, number: int, family: Family, value: str) -> None:
    present(connection, [number])
    _set_labels(connection, number, replaced(rows.load_labels(connection, [number])[number], family, value))
    _touch(connection, number)


def set_state(connection: sqlite3.Connection, number: int, state: Literal["open", "closed"], reason: ClosedReason | None) -> Task:
    present(connection, [number])
    connection.execute("UPDATE issues SET state = ?, closed_reason = ?, updated_at = ? WHERE number = ?", (state, reason, now(), number))
    return get(connection, number)


def comment(connection: sqlite3.Connection, number: int, author: str, body: str, marker: str | None) -> None:
    present(connection, [number])
    if marker is not None:
        if has_comment(connection, number, marker):
            return
        body = f"{body.rstrip()}\n\n<!-- {marker} -->"
    connection.execute(
        "INSERT INTO comments (issue, author, body, marker, created_at) VALUES (?, ?, ?, ?, ?)",
        (number, author, text(body), marker, now()),
    )


def comments(connection: sqlite3.Connection, number: int) -> list[Comment]:
    present(connection, [number])
    found = connection.execute("SELECT author, body, created_at FROM comments WHERE issue = ? ORDER BY id", (number,))
    return [Comment(author=author, body=body, at=at) for author, body, at in found]


def has_comment(connection: sqlite3.Connection, number: int, marker: str) -> bool:
    present(connection, [number])
    return connection.execute("SELECT 1 FROM comments WHERE issue = ? AND marker = ?", (number, marker)).fetchone() is not None


def add_labels(connection: sqlite3.Connection, wanted: Iterable[Label]) -> list[str]:
    """Creates those that are missing and names them; one that is there keeps its colour and description."""
    insert = "INSERT INTO labels (name, color, description) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return [label.name for label in wanted if connection.execute(insert, (label.name, label.color, label.description)).rowcount]


def present(connection: sqlite3.Connection, numbers: Sequence[int]) -> Sequence[int]:
    """`numbers` themselves; raises NotFound naming those that are no issues."""
    missing = [n for n in numbers if not connection.execute("SELECT 1 FROM issues WHERE number = ?", (n,)).fetchone()]
    if missing:
        raise _missing(connection, missing)
    return numbers


def next_number(connection: sqlite3.Connection, kind: Literal["issue", "pull"]) -> int:
    number = connection.execute("INSERT INTO numbers (kind) VALUES (?)", (kind,)).lastrowid
    assert number is not None  # noqa: S101 - an INSERT always has one
    return number


def _missing(connection: sqlite3.Connection, numbers: Sequence[int]) -> Exception:
    query = "SELECT 1 FROM pulls WHERE number = ?"
    return no_issue(numbers, pulls=[number for number in numbers if connection.execute(query, (number,)).fetchone()])


def _set_labels(connection: sqlite3.Connection, number: int, names: Iterable[str]) -> None:
    """Only the difference is written."""
    present_names = set(rows.load_labels(connection, [number])[number])
    wanted = set(names)
    for name in sorted(present_names - wanted):
        connection.execute("DELETE FROM issue_labels WHERE issue = ? AND label = ?", (number, name))
    for name in sorted(wanted - present_names):
        _add_label(connection, number, name)


def _add_label(connection: sqlite3.Connection, number: int, name: str) -> None:
    known = next((label for label in LABELS if label.name == name), None)
    if known is None:
        position = name.removeprefix("order:")
        known = order_label(int(position)) if position != name and position.isdecimal() else Label(name, _OTHER_COLOR, "")
    add_labels(connection, [known])
    connection.execute("INSERT INTO issue_labels (issue, label) VALUES (?, ?) ON CONFLICT DO NOTHING", (number, name))


def _touch(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("UPDATE issues SET updated_at = ? WHERE number = ?", (now(), number))
