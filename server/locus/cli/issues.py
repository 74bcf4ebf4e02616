"""`locus issue ...`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locus.cli import prompt
from locus.cli.parser import Given
from locus.cli.session import Session
from locus.cli.text import cut, harmless, one_line, table
from locus.errors import InvalidArguments
from locus.model.naming import issue_branch

if TYPE_CHECKING:
    from locus.commands.issues import Draft
    from locus.model.task import Task

_AT = re.compile(r"(?P<file>.+):(?P<start>[0-9]{1,9})(?:-(?P<end>[0-9]{1,9}))?")


async def create(session: Session, given: Given) -> int:
    text = _body(given)
    place = selection(at) if (at := given.text("at")) is not None else {}
    fields: dict[str, Any] = {
        "type": given.text("type"),
        "priority": given.text("priority"),
        "sprint": given.text("sprint"),
        **place,
    }
    if given.has("title") and given.has("words"):
        raise InvalidArguments("the title is given twice, as words and as --title", "give one of them")
    title = (given.text("words") or given.text("title") or "").strip()
    if not title:
        title = await _ask_title(session, fields)
    labels = given.texts("label") or None
    task: Task = await session.call("locus.issue.create", title=title or None, body=text, labels=labels, **fields)
    run = f"locus run --sprint {_quoted(task.sprint)}" if task.sprint else f"locus run {task.number}"
    session.show(task, lambda: [f"Created #{task.number} {one_line(task.title)}", f"Run it with: {run}"])
    return 0


async def _ask_title(session: Session, fields: dict[str, Any]) -> str:
    """Asked for on a terminal; without one the selected code has to say it."""
    if not session.face.interactive:
        if "uri" in fields:
            return ""
        raise InvalidArguments("an issue needs a title", "give it as words: `locus issue create Fix the pagination`")
    proposed = ""
    if "uri" in fields:
        made: Draft = await session.call("locus.issue.draft", **fields)
        proposed = one_line(made.title)
    answer = await prompt.ask(session.terminal, f"Title [{proposed}]: " if proposed else "Title: ")
    title = (answer or "").strip() or (proposed if answer is not None else "")
    if not title:
        raise InvalidArguments("an issue needs a title", "nothing was created")
    return title


async def listed(session: Session, given: Given) -> int:
    tasks: list[Task] = await session.call(
        "locus.issue.list",
        sprint=given.text("sprint"),
        status=given.text("status"),
        state=given.text("state"),
        limit=given.number("limit"),
    )
    session.show(tasks, lambda: issue_table(session, tasks) or ["No issues."])
    return 0


async def show(session: Session, given: Given) -> int:
    task: Task = await session.call("locus.issue.show", number=given.number("number"))
    session.show(task, lambda: _details(session, task))
    return 0


async def edit(session: Session, given: Given) -> int:
    names = ("title", "type", "priority", "status", "sprint")
    fields: dict[str, Any] = {name: given.text(name) for name in names} | {"body": _body(given), "order": given.number("order")}
    if all(value is None for value in fields.values()):
        raise InvalidArguments("nothing to change", "see `locus issue edit --help`")
    task: Task = await session.call("locus.issue.update", number=given.number("number"), **fields)
    session.show(task, lambda: [f"Changed #{task.number} {one_line(task.title)}"])
    return 0


async def close(session: Session, given: Given) -> int:
    task: Task = await session.call("locus.issue.close", number=given.number("number"), reason=given.text("reason"))
    session.show(task, lambda: [f"Closed #{task.number} {one_line(task.title)}"])
    return 0


def issue_table(session: Session, tasks: list[Task]) -> list[str]:
    rows = [
        (
            f"#{task.number}",
            task.status if task.state == "open" else "closed",
            task.priority or "",
            task.type or "",
            one_line(task.title),
            one_line(task.sprint or ""),
        )
        for task in tasks
    ]
    return table(rows, width=session.terminal.width, flexible=4, ellipsis=session.terminal.glyphs.ellipsis)


def _details(session: Session, task: Task) -> Iterable[str]:
    from locus.model.anchor import visible_body

    terminal = session.terminal
    yield terminal.style(cut(f"#{task.number} {one_line(task.title)}", terminal.width, terminal.glyphs.ellipsis), "bold")
    closed = f"closed ({task.closed_reason})" if task.closed_reason else "closed"
    facts = [task.status if task.state == "open" else closed, task.priority and f"priority {task.priority}", task.type]
    if task.sprint:
        facts.append(f"sprint {one_line(task.sprint)}" + (f", place {task.order}" if task.order is not None else ""))
    yield f" {terminal.glyphs.dot} ".join(fact for fact in facts if fact)
    if task.anchor is not None:
        start, end = task.anchor.range.start.line + 1, task.anchor.range.end.line + 1
        lost = " (that code is not there any more)" if task.anchor.state == "lost" else ""
        yield f"code: {one_line(task.anchor.path)}:{start}-{end}{lost}"
    if task.pull_request is not None:
        pull = task.pull_request
        where = f"{one_line(pull.branch)} into {one_line(pull.base)} {one_line(pull.url or '')}".rstrip()
        yield f"pull request: #{pull.number} {pull.state}, {where}"
    elif task.sprint is None:
        yield f"branch: {issue_branch(task.number)}"
    if task.url:
        yield one_line(task.url)
    if body := harmless(visible_body(task.body)).strip():
        yield ""
        yield body


def _body(given: Given) -> str | None:
    file = given.text("body-file")
    if file is None:
        return given.text("body")
    if given.has("body"):
        raise InvalidArguments("--body and --body-file: give one of them")
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidArguments(f"--body-file {file}: this is not UTF-8 text") from error
    except OSError as error:
        raise InvalidArguments(f"--body-file {file}: {error.strerror}") from error


def selection(at: str) -> dict[str, Any]:
    """FILE:START[-END], lines from 1, both included, as an editor would send that selection."""
    match = _AT.fullmatch(at)
    if match is None:
        raise InvalidArguments(f"--at {at}: not FILE:START or FILE:START-END", "for example --at src/pages.py:10-24")
    path, start, end = Path(match["file"]), int(match["start"]), int(match["end"] or match["start"])
    try:
        count = len(path.read_bytes().splitlines())
    except OSError as error:
        raise InvalidArguments(f"--at {at}: {path}: {error.strerror}") from error
    if not 1 <= start <= end:
        raise InvalidArguments(f"--at {at}: lines are counted from 1, and the first comes before the last")
    if end > count:
        raise InvalidArguments(f"--at {at}: {path} has {count} line{'' if count == 1 else 's'}")
    # The column is cut back to the end of the line.
    ends = {"start": {"line": start - 1, "character": 0}, "end": {"line": end - 1, "character": 2**31 - 1}}
    return {"uri": Path(os.path.abspath(path)).as_uri(), "range": ends}  # noqa: PTH100 - a link to the file stays the link


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(one_line(name))
