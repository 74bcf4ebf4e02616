"""Rows of locus.db as the model's nouns."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence

from locus.model import labels
from locus.model.anchor import parse_anchor
from locus.model.body import acceptance
from locus.model.task import PullRequest, Sprint, Task, in_sprint_order

_ISSUES = """SELECT i.number, i.title, i.body, i.assignee, i.state, i.closed_reason, s.name
    FROM issues i LEFT JOIN sprints s ON s.number = i.sprint"""
_LABELS = "SELECT issue, label FROM issue_labels WHERE issue IN (SELECT value FROM json_each(?)) ORDER BY issue, label"
_PULLS = "SELECT number, branch, base, title, body, state, draft FROM pulls"
_NEWEST = "SELECT issue, max(pull) FROM pull_closes WHERE issue IN (SELECT value FROM json_each(?)) GROUP BY issue"
_SPRINTS = "SELECT number, name, state, due, description FROM sprints"


def load_tasks(connection: sqlite3.Connection, condition: str = "", values: Sequence[object] = ()) -> list[Task]:
    """Ascending by number. `condition` is a fixed SQL clause over `i` (issues) and `s` (sprints)."""
    rows = connection.execute(f"{_ISSUES} {condition} ORDER BY i.number", values).fetchall()
    numbers = [row[0] for row in rows]
    names = load_labels(connection, numbers)
    pulls = _pulls_of(connection, numbers)
    tasks = []
    for number, title, body, assignee, state, reason, sprint in rows:
        meta = labels.read(names[number])
        tasks.append(
            Task(
                number=number,
                title=title,
                body=body,
                acceptance=acceptance(body),
                assignee=assignee,
                type=meta.type,
                priority=meta.priority,
                status=meta.status,
                state=state,
                closed_reason=reason,
                sprint=sprint,
                order=meta.order,
                labels=tuple(names[number]),
                anchor=parse_anchor(body),
                pull_request=pulls.get(number),
            )
        )
    return tasks


def load_labels(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for issue, label in connection.execute(_LABELS, (json.dumps(list(numbers)),)):
        found[issue].append(label)
    return found


def load_pulls(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> list[PullRequest]:
    """The newest first."""
    return [_pull(row) for row in connection.execute(f"{_PULLS} {condition} ORDER BY number DESC", values)]


def load_sprints(connection: sqlite3.Connection, condition: str = "", values: Sequence[object] = ()) -> list[Sprint]:
    found = connection.execute(f"{_SPRINTS} {condition} ORDER BY number", values).fetchall()
    return [_sprint(connection, *row) for row in found]


def sprint_tasks(connection: sqlite3.Connection, number: int) -> list[Task]:
    return in_sprint_order(load_tasks(connection, "WHERE i.sprint = ?", (number,)))


def _sprint(connection: sqlite3.Connection, number: int, name: str, state: str, due: str | None, description: str | None) -> Sprint:
    tasks = sprint_tasks(connection, number)
    counts = Counter(str(task.status) for task in tasks)
    fields = {"number": number, "name": name, "state": state, "due": due, "description": description}
    return Sprint.model_validate(fields | {"tasks": tuple(task.number for task in tasks), "counts": dict(counts)})


def _pulls_of(connection: sqlite3.Connection, issues: Collection[int]) -> dict[int, PullRequest]:
    """The newest pull request that closes each issue."""
    newest = dict(connection.execute(_NEWEST, (json.dumps(list(issues)),)).fetchall())
    if not newest:
        return {}
    found = load_pulls(connection, "WHERE number IN (SELECT value FROM json_each(?))", (json.dumps(list(newest.values())),))
    pulls = {pull.number: pull for pull in found}
    return {issue: pulls[number] for issue, number in newest.items()}


def _pull(row: tuple[int, str, str, str, str, str, int]) -> PullRequest:
    number, branch, base, title, body, state, draft = row
    fields = {"number": number, "branch": branch, "base": base, "title": title, "body": body, "state": state, "draft": bool(draft)}
    return PullRequest.model_validate(fields)
