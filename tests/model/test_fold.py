from __future__ import annotations

import copy
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.model.agent import AgentEvent, Location, Notice, Retry, Started, Text, ToolStart, Usage, parse_agent_event
from locus.model.events import EffectDone, RunEvent
from locus.model.fold import Fold
from locus.model.questions import QuestionAnswered
from locus.model.record import Record, Unknown, parse_record
from locus.model.run import RunView
from locus.model.states import RunState, TaskState
from locus.model.view import fold, view_of
from support.properties import json_values, modest

QUESTION = {
    "id": "q1",
    "task": 2,
    "kind": "permission",
    "title": "May I?",
    "options": [{"id": "yes", "label": "Yes"}],
    "askedAt": "2026-01-01T00:00:05Z",
}
PULL = {"number": 9, "state": "open", "branch": "locus/issue-1", "base": "main"}


def planned(number: int) -> dict[str, Any]:
    name = f"issue-{number}"
    return {"number": number, "title": name, "branch": f"locus/{name}", "worktree": name, "agent": "fake", "promptChars": 5}


BODIES: list[dict[str, Any]] = [
    {
        "kind": "run.requested",
        "runId": "r1",
        "folder": "file:///r",
        "mode": "standalone",
        "base": "default",
        "tasks": [{"number": 1, "title": "One"}, {"number": 2, "title": "Two", "order": 1}],
    },
    {"kind": "run.started"},
    {"kind": "run.planned", "base": "main", "baseCommit": "c0", "baseBranch": "main", "tasks": [planned(1), planned(2)]},
    {"task": 1, "kind": "task.state", "state": "preparing", "attempt": 1},
    {"task": 1, "kind": "effect.intended", "key": "worktree/1"},
    {"task": 1, "kind": "effect.done", "key": "worktree/1", "result": {}},
    {"task": 1, "kind": "task.prepared", "branch": "locus/issue-1", "worktree": "w", "start": "c0"},
    {"task": 1, "kind": "task.state", "state": "working", "phase": "agent"},
    {"task": 2, "kind": "task.state", "state": "working"},
    {"task": 2, "kind": "question.asked", "question": QUESTION},
    {"kind": "run.state", "state": "waiting", "reason": "a question"},
    {"task": 2, "kind": "question.answered", "id": "q1", "option": "yes"},
    {"kind": "run.state", "state": "running"},
    {"task": 1, "kind": "task.changed", "changedFiles": 3},
    {"task": 1, "kind": "task.state", "state": "verifying"},
    {"task": 1, "kind": "verified", "name": "tests", "ok": True, "code": 0},
    {"task": 1, "kind": "task.accepted", "attempt": 1, "tree": "t1"},
    {"task": 1, "kind": "task.state", "state": "publishing"},
    {"task": 1, "kind": "effect.done", "key": "commit/1/1", "result": {"commit": "c1"}},
    {"task": 1, "kind": "effect.done", "key": "pull/1", "result": {"pullRequest": PULL}},
    {"task": 1, "kind": "task.state", "state": "done"},
    {"task": 2, "kind": "verified", "name": "lint", "ok": False, "output": "no"},
    {"task": 2, "kind": "kept", "ref": "refs/locus/keep/r1/2/1", "commit": "c2"},
    {"task": 2, "kind": "conflicted", "baseCommit": "c9", "files": [{"path": "a.py", "ranges": [[1, 4]]}]},
    {"task": 2, "kind": "task.state", "state": "failed", "error": "it did not work", "hint": "try again"},
    {"kind": "warning", "message": "the push failed"},
    {"kind": "run.ended", "state": "failed", "reason": "1 of 2 failed"},
]
JOURNAL: list[dict[str, Any]] = [
    {"v": 1, "seq": seq, "at": f"2026-01-01T00:00:{seq:02}Z", **body} for seq, body in enumerate(BODIES, start=1)
]


def folded(records: list[dict[str, Any]], *, held: bool = True) -> RunView:
    view = fold((parse_record(record) for record in records), held=held)
    assert view is not None
    return view


def up_to(kind: str, **more: Any) -> list[dict[str, Any]]:
    last = next(i for i, record in enumerate(JOURNAL) if record["kind"] == kind and all(record.get(k) == v for k, v in more.items()))
    return JOURNAL[: last + 1]


def test_the_whole_run() -> None:
    view = folded(JOURNAL)
    assert (view.state, view.reason, view.seq, view.ended_at) == (RunState.FAILED, "1 of 2 failed", len(JOURNAL), JOURNAL[-1]["at"])
    assert (view.base, view.base_commit, view.started_at) == ("main", "c0", JOURNAL[0]["at"])
    assert view.warnings == ("the push failed",)
    assert view.done == 1
    one, two = view.tasks
    assert (one.state, one.branch, one.commit, one.attempt, one.changed_files) == (TaskState.DONE, "locus/issue-1", "c1", 1, 3)
    assert one.pull_request is not None and one.pull_request.number == 9
    assert (two.state, two.error, two.hint, two.order, two.branch) == (TaskState.FAILED, "it did not work", "try again", 1, "locus/issue-2")
    assert one.started_at == JOURNAL[3]["at"] and one.ended_at == up_to("task.state", state="done")[-1]["at"]


def test_no_sample_is_unknown() -> None:
    kinds = {type(parse_record(record).event) for record in JOURNAL}
    assert Unknown not in kinds
    assert len(kinds) == len({record["kind"] for record in JOURNAL})


@pytest.mark.parametrize("length", range(1, len(JOURNAL) + 1))
@pytest.mark.parametrize("held", [True, False])
def test_every_prefix_is_a_valid_view(length: int, held: bool) -> None:
    view = folded(JOURNAL[:length], held=held)
    assert RunView.model_validate(json.loads(json.dumps(view.wire()))) == view
    assert view.seq == length
    assert view.state.ended is (length == len(JOURNAL) or not held)
    assert (view.ended_at is not None) is (length == len(JOURNAL))
    if not held:
        assert not any(task.state.active for task in view.tasks)


def test_a_record_survives_being_written() -> None:
    for record in JOURNAL:
        parsed = parse_record(record)
        assert parse_record(json.loads(json.dumps(parsed.line()))) == parsed


def test_what_is_none_is_not_written_and_still_read() -> None:
    """Else the line is no event that anybody understands: a question that was withdrawn would be open for ever, for all but its runner."""
    withdrawn = Record(v=1, seq=1, at="2026-11-25T20:00:00.000Z", task=5, event=QuestionAnswered(id="5-1", option=None))
    assert "option" not in withdrawn.line() and parse_record(withdrawn.line()) == withdrawn
    for kind in (*get_args(RunEvent), *get_args(AgentEvent)):
        wanted = [name for name, field in kind.model_fields.items() if field.is_required() and type(None) in get_args(field.annotation)]
        assert not wanted, kind


def test_nothing_is_no_view() -> None:
    assert fold([]) is None


def test_a_question_of_a_task_waits_until_it_is_answered_also_where_its_runner_is_gone() -> None:
    asked = up_to("question.asked")
    assert [question.id for question in folded(asked).questions] == ["q1"]
    assert [question.id for question in folded(asked, held=False).questions] == ["q1"]
    assert folded(up_to("question.answered")).questions == ()


def after(*bodies: dict[str, Any], start: str = "question.asked", held: bool = True) -> RunView:
    records = up_to(start)
    more = [{"v": 1, "seq": len(records) + place, "at": f"2026-01-01T00:01:{place:02}Z", **body} for place, body in enumerate(bodies, 1)]
    return folded([*records, *more], held=held)


@pytest.mark.parametrize(
    ("bodies", "still_open"),
    [
        ([{"task": 2, "kind": "task.state", "state": "blocked", "error": "nobody has answered"}], True),
        ([{"task": 2, "kind": "task.state", "state": "blocked"}, {"kind": "run.ended", "state": "failed"}], True),
        ([{"task": 2, "kind": "task.state", "state": "blocked"}, {"kind": "run.ended", "state": "failed"}, {"kind": "run.started"}], True),
        ([{"task": 2, "kind": "task.state", "state": "blocked"}, {"task": 2, "kind": "task.state", "state": "preparing"}], False),
        ([{"task": 2, "kind": "task.state", "state": "failed"}], False),
        ([{"kind": "run.ended", "state": "failed"}], False),
        ([{"kind": "question.answered", "id": "q1", "option": None}], False),
    ],
)
def test_a_question_stays_open_while_its_task_is_blocked(bodies: list[dict[str, Any]], still_open: bool) -> None:
    assert bool(after(*bodies).questions) is still_open


def test_a_question_of_the_run_is_its_runners() -> None:
    asked = {"kind": "question.asked", "question": {**QUESTION, "id": "q0", "task": None, "kind": "base"}}
    assert [question.id for question in after(asked).questions] == ["q1", "q0"]
    assert [question.id for question in after(asked, held=False).questions] == ["q1"]
    assert [question.id for question in after(asked, {"kind": "run.started"}).questions] == ["q1"]


def test_a_run_waits_only_where_nothing_in_it_is_worked_on() -> None:
    """Task 2 asks while task 1 is worked on; then it is the only one."""
    assert after().state is RunState.RUNNING
    view = after({"task": 1, "kind": "task.state", "state": "done"})
    assert (view.state, view.reason) == (RunState.WAITING, "#2 asks: May I?")
    limit = {"kind": "task.state", "state": "pending", "phase": "waits for the limit's end", "resumesAt": "2026-01-01T09:00:00Z"}
    both = after({"task": 1, **limit}, {"kind": "question.answered", "id": "q1", "option": "yes"})
    assert both.state is RunState.RUNNING
    view = after({"task": 1, **limit}, {"kind": "question.answered", "id": "q1", "option": "yes"}, {"task": 2, **limit})
    assert (view.state, view.reason) == (RunState.WAITING, "#1 waits for the limit's end")
    assert view.tasks[0].resumes_at == "2026-01-01T09:00:00Z"
    view = after({"task": 1, **limit}, {"task": 1, "kind": "task.state", "state": "preparing"})
    assert (view.state, view.tasks[0].resumes_at) == (RunState.RUNNING, None)


def test_what_is_spent_is_added_up_over_sessions_and_attempts() -> None:
    """An agent reports sums over its session, also where it goes on in a later turn, and perhaps twice."""

    def turn(attempt: int, session: str | None, tokens: int, cost: float) -> dict[str, Any]:
        return {
            "task": 2,
            "kind": "agent.turn",
            "attempt": attempt,
            "outcome": "ok",
            "session": session,
            "tokens": tokens,
            "costUsd": cost,
        }

    view = after(turn(1, "s1", 100, 0.5), turn(2, "s1", 150, 0.75), turn(3, "s2", 10, 0.1), turn(4, None, 7, 0.2), turn(5, None, 7, 0.2))
    task = view.tasks[1]
    assert task.tokens == 174 and task.cost_usd == pytest.approx(1.25)
    assert [attempt.tokens for attempt in task.attempts] == [100, 50, 10, 7, 7]
    assert [attempt.cost_usd for attempt in task.attempts] == [pytest.approx(each) for each in (0.5, 0.25, 0.1, 0.2, 0.2)]
    assert view.tokens == 174 and view.cost_usd == pytest.approx(1.25)


def test_the_stream_and_the_journal_tell_the_same_cost() -> None:
    state = Fold()
    for record in up_to("question.asked"):
        state.apply(parse_record(record))
    turn = {"v": 1, "at": "2026-01-01T00:02:00Z", "task": 2, "kind": "agent.turn", "outcome": "ok"}
    for attempt, sums in ((1, (40, 0.4)), (2, (90, 0.9))):
        state.apply_agent(2, Started(session_id="s"), attempt)
        state.apply_agent(2, Usage(tokens=sums[0] - 5, cost_usd=sums[1] - 0.05), attempt)
        state.apply_agent(2, Usage(tokens=sums[0], cost_usd=sums[1]), attempt)
        record = turn | {"seq": state.seq + 1, "attempt": attempt, "session": "s", "tokens": sums[0], "costUsd": sums[1]}
        state.apply(parse_record(record))
        state.apply_agent(2, Usage(tokens=sums[0], cost_usd=sums[1]), attempt)  # read later
    task = state.tasks[2]
    assert (task.tokens, task.cost_usd) == (90, 0.9)
    assert [attempt.tokens for attempt in task.attempts] == [40, 50]


def test_a_model_that_is_waited_for_is_seen() -> None:
    state = Fold()
    for record in up_to("question.asked"):
        state.apply(parse_record(record))
    state.apply_agent(1, Retry(attempt=2, status=529))
    assert state.tasks[1].activity == "waiting for the model: 529, attempt 2"


def test_without_end_and_holder_the_run_is_lost_and_its_tasks_interrupted() -> None:
    working = up_to("task.state", state="working", task=2)
    assert folded(working).state is RunState.RUNNING
    view = folded(working, held=False)
    assert view.state is RunState.LOST
    assert view.hint and "--resume" in view.hint
    assert {task.state for task in view.tasks} == {TaskState.INTERRUPTED}


def test_a_runner_that_never_started_has_failed_with_its_last_words() -> None:
    state = Fold()
    state.apply(parse_record(JOURNAL[0]))
    starting, failed = view_of(state), view_of(state, held=False, log_tail="no such file")
    assert starting is not None and starting.state is RunState.STARTING
    assert failed is not None and failed.state is RunState.FAILED
    assert failed.reason and "no such file" in failed.reason


def test_an_ended_run_stays_as_it_ended_when_nobody_holds_it() -> None:
    assert folded(JOURNAL, held=False) == folded(JOURNAL)


def test_a_resumed_run_runs_again() -> None:
    resumed = [*JOURNAL, {"v": 1, "seq": 99, "at": "2026-01-02T00:00:00Z", "kind": "run.started", "resumed": True}]
    view = folded(resumed)
    assert (view.state, view.reason, view.ended_at) == (RunState.RUNNING, None, None)
    assert view.tasks[0].state is TaskState.DONE


def test_unknown_kinds_are_kept_and_ignored() -> None:
    strange = {"v": 7, "seq": 30, "at": "2026-01-01T00:01:00Z", "task": 1, "kind": "task.teleported", "to": {"x": [1]}}
    record = parse_record(strange)
    assert isinstance(record.event, Unknown)
    assert record.line() == strange
    assert folded([*JOURNAL, strange]).model_copy(update={"seq": 27}) == folded(JOURNAL)


def with_news(value: Any) -> Any:
    """As a newer Locus might write it: one field more in every object, however deep."""
    if isinstance(value, dict):
        return {key: with_news(inner) for key, inner in value.items()} | {"news": {"x": [1]}}
    return [with_news(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("record", JOURNAL, ids=lambda record: record["kind"])
def test_a_known_kind_is_read_without_the_fields_of_a_newer_version(record: dict[str, Any]) -> None:
    newer, known = parse_record(with_news(record)).event, parse_record(record).event
    assert type(newer) is type(known)
    assert isinstance(newer, EffectDone) or newer == known


def test_a_newer_versions_fields_change_no_view() -> None:
    assert folded([with_news(record) for record in JOURNAL]) == folded(JOURNAL)


def test_a_newer_versions_fields_in_an_agents_event_are_ignored() -> None:
    event = ToolStart(id="t", title="edit src/a.py", locations=(Location(path="src/a.py", line=3),))
    assert parse_agent_event(with_news(event.wire())) == event


@pytest.mark.parametrize(
    "record", [{}, {"v": 1}, {"v": "x", "seq": 1, "at": "", "kind": "warning"}, {"v": 1, "seq": None, "at": "", "kind": "w"}]
)
def test_a_foreign_envelope_is_no_record(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        parse_record(record)


def test_what_an_agent_says_shows_as_activity_and_cost() -> None:
    state = Fold()
    for record in up_to("task.state", state="working", task=1):
        state.apply(parse_record(record))
    state.apply_agent(1, ToolStart(id="t", title="edit src/a.py"))
    state.apply_agent(1, Text(text="  \n"))
    state.apply_agent(1, Usage(tokens=10, cost_usd=0.5))
    state.apply_agent(1, Usage(tokens=20))
    state.apply_agent(2, Usage(cost_usd=0.25))
    state.apply_agent(77, Notice(text="nobody's"))
    view = view_of(state)
    assert view is not None
    assert (view.tasks[0].activity, view.tasks[0].tokens, view.tasks[0].cost_usd) == ("edit src/a.py", 20, 0.5)
    assert view.cost_usd == 0.75
    state.apply_agent(1, Notice(text="first\nlast"))
    view = view_of(state)
    assert view is not None and view.tasks[0].activity == "last"


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A record of the sample with some of its values replaced, added or taken away, at any depth."""
    record: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(JOURNAL)))
    for _ in range(draw(st.integers(0, 3))):
        place: Any = record
        while isinstance(place, dict) and place:
            name = draw(st.sampled_from(sorted(place)) | st.text(max_size=5))
            inner = place.get(name)
            if isinstance(inner, dict) and draw(st.booleans()):
                place = inner
                continue
            if draw(st.booleans()):
                place.pop(name, None)
            else:
                place[name] = draw(json_values)
            break
    return record


def readable(records: list[dict[str, Any]]) -> list[Record]:
    found = []
    for record in records:
        try:
            found.append(parse_record(record))
        except ValueError:
            continue
    return found


@modest
@given(
    st.lists(bent() | st.dictionaries(st.sampled_from(["v", "seq", "at", "task", "kind"]) | st.text(max_size=4), json_values), max_size=12)
)
def test_no_record_makes_it_fail(records: list[dict[str, Any]]) -> None:
    state = Fold()
    for record in readable(JOURNAL[:3] + records):
        state.apply(record)
        for held in (True, False):
            view = view_of(state, held=held)
            if view is not None:
                view.wire()
                assert held or view.state.ended


@modest
@given(st.permutations(JOURNAL[1:]))
def test_any_order_gives_a_valid_view(records: list[dict[str, Any]]) -> None:
    view = folded([JOURNAL[0], *records])
    assert RunView.model_validate(view.wire()) == view


@pytest.mark.parametrize("pull", [{}, {"number": "x"}, {"number": 1, "branch": 2, "base": None}, {"unknown": True}, 5, None])
def test_a_result_that_is_no_pull_request_is_left_out(pull: Any) -> None:
    done = {"v": 1, "seq": 40, "at": "", "task": 1, "kind": "effect.done", "key": "pull/1", "result": {"pullRequest": pull}}
    view = folded([*JOURNAL[:3], done])
    assert view.tasks[0].pull_request is None


@pytest.mark.parametrize("seq", [float("inf"), float("nan"), "9" * 5000, [], {}, None])
def test_a_number_that_is_none_is_no_record(seq: Any) -> None:
    with pytest.raises(ValueError):
        parse_record({"v": 1, "seq": seq, "at": "", "kind": "run.started"})


@pytest.mark.parametrize("extra", [{"event": 1}, {"model_config": 2}, {"wire": 3}, {"": 4}, {"kind": []}, {"task": True}, {"at": {}}])
def test_odd_names_are_only_names(extra: dict[str, Any]) -> None:
    strange = {"v": 1, "seq": 1, "at": "", "kind": "something", **extra}
    json.dumps(parse_record(strange).line())
