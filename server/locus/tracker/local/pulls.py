"""Pull requests, which are records here: each function is the work of one transaction."""

from __future__ import annotations

import sqlite3

from locus.errors import Refused
from locus.model.body import closes
from locus.model.task import PullDraft, PullRequest
from locus.tracker.local import issues, rows
from locus.tracker.messages import no_pull, pull_open
from locus.tracker.protocol import PullState


def create(connection: sqlite3.Connection, draft: PullDraft) -> PullRequest:
    _refuse_second(connection, draft.branch, draft.base)
    number = issues.next_number(connection, "pull")
    body = issues.text(draft.body)
    connection.execute(
        "INSERT INTO pulls (number, branch, base, title, body, draft, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, draft.branch, draft.base, issues.text(draft.title), body, int(draft.draft), at := issues.now(), at),
    )
    _tie(connection, number, body)
    return get(connection, number)


def get(connection: sqlite3.Connection, number: int) -> PullRequest:
    found = rows.load_pulls(connection, "WHERE number = ?", (number,))
    if not found:
        raise no_pull(number)
    return found[0]


def update(
    connection: sqlite3.Connection,
    number: int,
    *,
    title: str | None,
    body: str | None,
    draft: bool | None,
    state: PullState | None,
) -> PullRequest:
    present = get(connection, number)
    if state is not None and state != present.state:
        if present.state == "merged":
            raise Refused(f"pull request #{number} is merged, it cannot be {state} any more", "make a new one from the branch")
        if state == "open":
            _refuse_second(connection, present.branch, present.base)
    fields = {"title": title, "body": body, "draft": draft, "state": state}
    changed = present.model_copy(update={key: value for key, value in fields.items() if value is not None})
    connection.execute(
        "UPDATE pulls SET title = ?, body = ?, draft = ?, state = ?, updated_at = ? WHERE number = ?",
        (issues.text(changed.title), issues.text(changed.body), int(changed.draft), changed.state, issues.now(), number),
    )
    _tie(connection, number, changed.body)
    return get(connection, number)


def of_branch(connection: sqlite3.Connection, branch: str) -> list[PullRequest]:
    return rows.load_pulls(connection, "WHERE branch = ?", (branch,))


def _refuse_second(connection: sqlite3.Connection, branch: str, base: str) -> None:
    query = "SELECT number FROM pulls WHERE branch = ? AND base = ? AND state = 'open'"
    if row := connection.execute(query, (branch, base)).fetchone():
        raise pull_open(branch, base, row[0])


def _tie(connection: sqlite3.Connection, number: int, body: str) -> None:
    connection.execute("DELETE FROM pull_closes WHERE pull = ?", (number,))
    connection.executemany("INSERT INTO pull_closes (issue, pull) VALUES (?, ?)", [(issue, number) for issue in closes(body)])
