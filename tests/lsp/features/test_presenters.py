"""Words for runs and tasks, and the small machines that decide when they are sent. Pure, or on the test's own loop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.lsp.features.throttle import Throttle
from locus.lsp.positions import Positions
from locus.lsp.presenters import runs, tasks
from locus.lsp.presenters.status import status
from locus.lsp.presenters.words import duration, escaped, plain
from locus.model.questions import Option, Question
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState
from locus.model.task import Position, Range, Task


def view(*states: str, sprint: str | None = "Sprint 1", state: str = "running", **more: Any) -> RunView:
    made = tuple(
        TaskRun(number=10 + at, title=f"Task {at}", state=TaskState(each), error="the tests fail" if each == "failed" else None)
        for at, each in enumerate(states)
    )
    kind = "sprint" if sprint else "standalone"
    values = {"id": f"run-{state}", "folder": "file:///r", "base": "main", "started_at": "2026-01-01T10:00:00Z", "seq": 1} | more
    return RunView.model_validate({"kind": kind, "sprint": sprint, "state": RunState(state), "tasks": made} | values)


QUESTION = Question(id="q", kind="base", title="Which base?", options=(Option(id="a", label="A"),), asked_at="2026-01-01T10:00:00Z")


@pytest.mark.parametrize(
    ("run", "name", "brief", "message", "percentage"),
    [
        (view("done", "done", "working", "pending", "pending"), "Sprint 1", "Sprint 1 2/5", "2/5 · #12 Task 2 · working", 43),
        (view("pending", sprint="backend"), "Sprint backend", "Sprint backend 0/1", "0/1", 0),
        (view("working", sprint=None), "#10 Task 0", "#10 working", "working", 15),
        (view("in_review", sprint=None, state="done"), "#10 Task 0", "#10 in review", "1/1", 100),
        (view("working", "verifying", "failed", sprint=None), "3 tasks", "3 tasks 0/3", "0/3 · #10 working, #11 verifying", 61),
        (view("pending", state="waiting", reason="rate limit"), "Sprint 1", "Sprint 1 0/1", "0/1 · waiting: rate limit", 0),
        (view("pending", questions=(QUESTION,), state="waiting"), "Sprint 1", "Sprint 1 0/1", "0/1 · waits for an answer: Which base?", 0),
        (view("done", "done"), "Sprint 1", "Sprint 1 2/2", "2/2", 99),
        (view(), "Sprint 1", "Sprint 1 0/0", "0/0", 0),
    ],
)
def test_a_run_in_words(run: RunView, name: str, brief: str, message: str, percentage: int) -> None:
    assert (runs.name(run), runs.brief(run), runs.message(run), runs.percentage(run)) == (name, brief, message, percentage)


def test_the_activity_of_the_agent_is_shown_and_harmless() -> None:
    task = TaskRun(number=16, title="Fix pagination", state=TaskState.WORKING, activity="editing src/pages.py\x1b[2J\n")
    assert runs.message(view().model_copy(update={"tasks": (task,)})) == "0/1 · #16 Fix pagination · editing src/pages.py [2J"


def test_how_a_run_went() -> None:
    assert runs.outcome(view("done", "done", state="done")) == "2/2 done"
    assert runs.outcome(view("done", "failed", state="failed")) == "failed: #11 Task 1: the tests fail"
    assert (
        runs.failure(view(sprint=None, state="refused", reason="#3 is closed", hint="reopen it"))
        == "0 tasks refused: #3 is closed (reopen it)"
    )


@pytest.mark.parametrize(
    ("views", "state", "text", "counts"),
    [
        ([], "idle", "idle", (0, 0, 0, 0)),
        ([view("done", "working"), view("failed", state="failed")], "working", "Sprint 1 1/2", (1, 1, 0, 0)),
        ([view("working", sprint=None), view("done", "working")], "working", "2 runs 1/3", (2, 1, 0, 0)),
        ([view("pending", questions=(QUESTION,), state="waiting")], "attention", "Sprint 1 asks", (0, 0, 0, 1)),
        ([view("pending", state="waiting")], "working", "Sprint 1 0/1", (0, 0, 0, 0)),
        ([view("failed", sprint=None, state="failed"), view("done", state="done")], "failed", "#10 failed", (0, 0, 1, 0)),
        ([view("done", state="done"), view("failed", state="failed")], "idle", "idle", (0, 1, 0, 0)),
        ([view("interrupted", state="lost")], "attention", "Sprint 1 interrupted", (0, 0, 0, 0)),
        ([view("interrupted", state="stopped")], "idle", "idle", (0, 0, 0, 0)),
    ],
)
def test_all_runs_in_one_status(views: list[RunView], state: str, text: str, counts: tuple[int, ...]) -> None:
    found = status(views, None)
    assert (found["state"], found["text"]) == (state, text)
    assert (found["running"], found["done"], found["failed"], found["waiting"]) == counts
    assert "reason" not in found


def test_a_status_that_is_off_says_why() -> None:
    found = status([], "no [git](command:evil) here")
    assert (found["state"], found["reason"]) == ("off", "no [git](command:evil) here")
    assert found["tooltip"] == "no \\[git\\](command:evil) here"


def test_costs_are_summed() -> None:
    assert status([view("working", cost_usd=0.1), view("working", cost_usd=0.25)], None)["costUsd"] == 0.35


TASK = Task(number=10, title="Fix x")
NOW = datetime(2026, 1, 1, 10, 3, 30, tzinfo=UTC)


def test_a_task_beside_its_code() -> None:
    working = TaskRun(number=10, title="Fix x", state=TaskState.WORKING, started_at="2026-01-01T10:00:00Z", changed_files=12)
    assert tasks.headline(TASK, working, NOW) == "#10 working 3 min · 12 files"
    assert tasks.headline(TASK, None, NOW) == "#10 queued"
    assert tasks.headline(TASK, view("failed").tasks[0], NOW) == "#10 failed: the tests fail"
    assert tasks.headline(TASK, TaskRun(number=10, title="", state=TaskState.DONE, changed_files=1), NOW) == "#10 done · 1 file"


@pytest.mark.parametrize(
    ("run", "trusted", "kinds"),
    [
        (None, True, ["run"]),
        (None, False, []),
        (view("working"), True, ["stop"]),
        (view("working"), False, ["stop"]),
        (view("done", "working"), True, ["diff"]),
        (view("failed", state="failed"), True, ["resume"]),
        (view("failed", "working"), True, ["run"]),
        (view("interrupted", state="stopped"), True, ["resume"]),
        (view("pending", state="refused"), True, ["run"]),
        (view("pending"), True, ["stop"]),
    ],
)
def test_what_can_be_done_about_a_task(run: RunView | None, trusted: bool, kinds: list[str]) -> None:
    assert [action.kind for action in tasks.actions(TASK, run, "file:///r", trusted=trusted)] == kinds


def test_a_task_of_a_sprint_is_run_with_its_sprint() -> None:
    (action,) = tasks.actions(TASK.model_copy(update={"sprint": "Sprint 1"}), None, "file:///r", trusted=True)
    assert (action.word, action.arguments) == ("Run Sprint 1", {"sprint": "Sprint 1", "folder": "file:///r"})


def test_words() -> None:
    assert plain("a\x1b[0m\n b\u202e" + "x" * 100, 10) == "a [0m b x…"
    assert escaped("`a` [b](c) <d> \\") == "\\`a\\` \\[b\\](c) \\<d\\> \\\\"
    assert [duration(seconds) for seconds in (0, 59.9, 60, 3599, 3600, 7500)] == [
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h 0 min",
        "2 h 5 min",
    ]


@given(st.text(), st.data())
def test_positions_survive_the_way_to_the_client_and_back(line: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line)))
    units = len(line[:at].encode("utf-16-le", "surrogatepass")) // 2
    there = Range(start=Position(line=0, character=units), end=Position(line=0, character=units))
    for encoding, expected in (("utf-8", len(line[:at].encode("utf-8", "surrogatepass"))), ("utf-32", at), ("utf-16", units)):
        positions = Positions(encoding)
        told = positions.to_client([line], there)
        assert told.start.character == expected
        assert positions.from_client([line], told) == there


def test_positions_beyond_the_text_are_left_alone() -> None:
    far = Range(start=Position(line=7, character=3), end=Position(line=9, character=-1))
    assert Positions("utf-8").from_client(["é"], far) == far


async def test_a_throttle_sends_the_first_at_once_and_always_the_last() -> None:
    sent: list[tuple[str, int]] = []
    done = asyncio.Event()

    def send(key: str, value: int) -> None:
        sent.append((key, value))
        if value == 99:
            done.set()

    throttle = Throttle(0.05, send)
    for value in range(100):
        throttle.put("a", value)
    throttle.put("b", 1)
    assert sent == [("a", 0), ("b", 1)]
    async with asyncio.timeout(5):
        await done.wait()
    assert sent == [("a", 0), ("b", 1), ("a", 99)]
