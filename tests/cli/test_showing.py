"""How a run is drawn and summed up, for all its states. Pure."""

from __future__ import annotations

import io
from typing import Any

import pytest

from locus.cli.display import PlainDisplay
from locus.cli.keys import escapes
from locus.cli.live import rows
from locus.cli.present import how_to_answer, task_line
from locus.cli.signals import Presses
from locus.cli.status import open_work
from locus.cli.summary import exit_code, summary
from locus.cli.terminal import ASCII, Glyphs, Terminal
from locus.cli.text import width_of
from locus.model.questions import Option, Question
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState, TaskState
from locus.model.task import PullRequest, Task, TaskStatus

COMMIT = "0123456789abcdef0123456789abcdef01234567"
START = "2031-01-01T10:00:00.000Z"


def task(number: int, state: TaskState = TaskState.PENDING, **more: Any) -> TaskRun:
    return TaskRun(number=number, state=state, **{"title": f"Task {number}", "started_at": START} | more)


def view(*tasks: TaskRun, state: RunState = RunState.RUNNING, **more: Any) -> RunView:
    fields: dict[str, Any] = {"id": "run-1", "folder": "file:///x", "kind": "standalone", "base": "main", "base_commit": COMMIT, "seq": 1}
    return RunView(tasks=tasks, state=state, started_at=START, **fields | more)


def drawn(run: RunView, width: int = 80, height: int = 24, glyphs: Glyphs | None = None) -> list[str]:
    return ["".join(text for text, _ in line) for line in rows(run, width, height, glyphs or Glyphs(), lambda _: 200)]


def terminal() -> Terminal:
    return Terminal(io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO())


def said(display_to: Terminal) -> list[str]:
    stream = display_to.stdout
    assert isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode().splitlines()


# Live


def test_one_line_for_each_task() -> None:
    run = view(
        task(3, TaskState.WORKING, title="Fix pagination", activity="editing src/pages.py", attempt=2),
        task(12, TaskState.PENDING, title="漢字"),
        task(4, TaskState.DONE, changed_files=3, cost_usd=0.5),
        task(5, TaskState.BLOCKED, error="needs an\nanswer"),
        cost_usd=0.5,
    )
    assert drawn(run) == [
        "●  #3 Fix pagination  working       3 min  attempt 2: editing src/pages.py",
        "○ #12 漢字            pending              ",
        "✓  #4 Task 4          done                 3 files, $0.50",
        "!  #5 Task 5          blocked              needs an answer",
        "  1 of 4 done · 3 min · $0.50 · Ctrl+C or Esc stops",
    ]
    assert drawn(run, glyphs=ASCII)[0].startswith("*  #3")


def test_a_stopping_or_waiting_run_says_so() -> None:
    assert drawn(view(task(1), state=RunState.STOPPING, sprint="Sprint 1"))[-1] == "  sprint Sprint 1 · 0 of 1 done · 3 min · stopping"
    assert drawn(view(task(1), state=RunState.WAITING, reason="limit"))[-1].endswith("waiting: limit")


def test_a_task_that_waits_for_a_limit_says_until_when() -> None:
    waits = task(1, phase="waits until 12:30:00: the five-hour limit is reached", resumes_at="2031-01-01T12:30:00.000Z")
    assert drawn(view(waits, task(2, TaskState.WORKING)), width=120)[0].endswith("waits until 12:30:00: the five-hour limit is reached")
    assert task_line(waits) == "#1 pending  Task 1: waits until 12:30:00: the five-hour limit is reached"
    assert task_line(task(1, phase="preparing")) == "#1 pending  Task 1"


@pytest.mark.parametrize(("width", "height"), [(20, 4), (39, 6), (80, 24), (79, 3), (200, 10)])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    states = list(TaskState)
    run = view(
        *(
            task(number, states[number % len(states)], title="漢字 and a title that goes on " * 3, activity="x" * 99)
            for number in range(1, 40)
        )
    )
    lines = drawn(run, width, height)
    assert len(lines) <= height
    assert max(map(width_of, lines)) <= width


def test_where_not_all_fit_those_at_work_are_shown() -> None:
    tasks = [
        task(number, TaskState.DONE if number < 20 else TaskState.WORKING if number == 20 else TaskState.PENDING) for number in range(1, 31)
    ]
    lines = drawn(view(*tasks), height=6)
    assert [line.split()[1] for line in lines[:3]] == ["#20", "#21", "#22"]
    assert lines[3] == "  and 19 done, 8 pending"


# Plain


def test_a_line_for_each_transition() -> None:
    to = terminal()
    display = PlainDisplay(to, asks=False)
    question = Question(id="base", kind="base", title="Where?", detail="a\nb", options=(Option(id="head", label="Mine"),), asked_at=START)
    first = view(task(1), base_commit=None, state=RunState.STARTING)
    steps = [
        first,
        first,
        view(task(1, TaskState.WORKING), warnings=("no remote",)),
        view(task(1, TaskState.WORKING, activity="typing"), warnings=("no remote",)),
        view(task(1, TaskState.WORKING), warnings=("no remote",), state=RunState.WAITING, reason="Where?", questions=(question,)),
        view(task(1, TaskState.WORKING, attempt=2), warnings=("no remote",)),
        view(task(1, TaskState.FAILED, attempt=2, error="it\nbroke"), warnings=("no remote",), state=RunState.STOPPING),
    ]
    for step in steps:
        display.show(step)
    assert said(to) == [
        "run-1  #1",
        "from main (0123456789)",
        "warning: no remote",
        "#1 working  Task 1",
        "waiting  Where?",
        "? base: Where?",
        "    a",
        "    b",
        "  1) Mine",
        "answer with: locus answer run-1 base head",
        "#1 working  Task 1 (attempt 2)",
        "stopping",
        "#1 failed  Task 1: it broke",
    ]


# Summary


def pull(number: int, url: str | None = None, base: str = "main") -> PullRequest:
    return PullRequest(number=number, url=url, branch="locus/issue-1", base=base)


def test_pull_requests_on_a_server_are_reviewed_there() -> None:
    url = "https://example.invalid/pull/7"
    lines = list(summary(view(task(1, TaskState.DONE, branch="locus/issue-1", pull_request=pull(7, url)), state=RunState.DONE), terminal()))
    assert lines[-2:] == ["Review and merge:", f"  {url}"]


def test_a_sprint_is_merged_once() -> None:
    tasks = [task(number, TaskState.DONE, branch="locus/sprint-a", commit=COMMIT) for number in (1, 2)]
    run = view(*tasks, state=RunState.DONE, sprint="A", kind="sprint", branch="locus/sprint-a", pull_request=pull(3))
    lines = list(summary(run, terminal()))
    assert lines[0] == "✓ #1  done  Task 1  locus/sprint-a  0123456789"
    assert lines[-3:] == ["  git diff main...locus/sprint-a", "  git switch main", "  git merge --no-ff locus/sprint-a"]


def test_work_that_began_at_a_commit_is_compared_with_it() -> None:
    for base in ("feature at 0123456789", COMMIT[:12]):
        run = view(task(1, TaskState.DONE, branch="locus/issue-1"), state=RunState.DONE, base=base)
        assert list(summary(run, terminal()))[-2:] == ["  git diff 0123456789...locus/issue-1", "  git merge --no-ff locus/issue-1"]


def test_a_refused_run_has_no_tasks_to_tell_of() -> None:
    run = view(task(1), state=RunState.REFUSED, reason="no base", hint="give --base")
    assert list(summary(run, terminal())) == ["✗ refused: no base", "    hint: give --base"]


def test_how_to_go_on_is_said_once() -> None:
    go_on = "go on with `locus run --resume`"
    stopped = {"error": "stopped by a person", "hint": go_on}
    run = view(task(1, TaskState.INTERRUPTED, **stopped), state=RunState.STOPPED, reason="stopped by a person", hint=go_on)
    lines = list(summary(run, terminal()))
    assert [line for line in lines if "stopped by a person" in line] == ["‖ stopped by a person"]
    assert [line for line in lines if "--resume" in line] == ["  locus run --resume run-1"]
    assert lines[-2] == "Go on with what is left:"


def test_a_run_that_only_waits_for_an_answer_is_not_to_be_resumed() -> None:
    question = Question(id="1-1", task=1, kind="permission", title="May it?", options=(Option(id="once", label="Once"),), asked_at=START)
    run = view(task(1, TaskState.BLOCKED, hint="answer it"), task(2, TaskState.FAILED), state=RunState.FAILED, questions=(question,))
    assert list(summary(run, terminal()))[-1] == "  locus run --resume run-1"
    alone = run.model_copy(update={"tasks": run.tasks[:1]})
    assert not [line for line in summary(alone, terminal()) if "--resume" in line]


def test_what_was_learned_is_pointed_at() -> None:
    lines = list(summary(view(task(1, TaskState.DONE), state=RunState.DONE), terminal(), 2))
    assert lines[-2:] == ["Its agents have learned 2 things about this repository; shall later tasks know?", "  locus memory list"]


def test_how_a_question_is_answered() -> None:
    options = [Option(id=id, label=id, kind=kind) for id, kind in (("1", "choice"), ("text", "text"), ("deny", "reject_once"))]
    question = Question(id="1-1", task=1, kind="choice", title="Which?", options=tuple(options), asked_at=START)
    assert how_to_answer("run-1", question) == "locus answer run-1 1-1 1|deny, or your own words"


@pytest.mark.parametrize(
    ("state", "interrupted", "code"),
    [
        (RunState.DONE, False, 0),
        (RunState.DONE, True, 0),
        (RunState.FAILED, False, 1),
        (RunState.FAILED, True, 130),
        (RunState.LOST, False, 1),
        (RunState.REFUSED, False, 2),
        (RunState.STOPPED, False, 130),
    ],
)
def test_exit_codes(state: RunState, interrupted: bool, code: int) -> None:
    assert exit_code(view(state=state), interrupted=interrupted) == code


# Status


def test_an_ended_run_is_shown_while_something_of_it_is_left() -> None:
    def waits(run: RunView, status: TaskStatus) -> bool:
        return open_work(run, [Task(number=1, title="Task 1", status=status)])

    failed = view(task(1, TaskState.FAILED), state=RunState.FAILED)
    assert waits(failed, TaskStatus.FAILED)
    assert not waits(failed, TaskStatus.DONE)  # another run has done it
    assert not open_work(failed, [])  # closed
    assert not waits(view(task(1, TaskState.DONE), state=RunState.DONE), TaskStatus.QUEUED)


# Stopping


@pytest.mark.parametrize(
    ("typed", "presses"),
    [(b"\x1b", 1), (b"\x1b\x1b", 2), (b"x\x1b[A\x1bOP\x1b[1;5Cq", 0), (b"\x1b[Ax\x1b", 1), (b"\x1bx", 0), (b"", 0)],
)
def test_escape_is_told_from_keys_that_begin_with_it(typed: bytes, presses: int) -> None:
    assert escapes(typed) == presses


def test_twice_within_two_seconds_forces() -> None:
    presses = Presses()
    for at in (10.0, 12.1, 14.0, 20.0):
        presses.press(at)
    assert presses.requests == [False, False, True, False]
