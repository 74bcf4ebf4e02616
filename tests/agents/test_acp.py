"""An agent that speaks the Agent Client Protocol, as the engine uses it: what is heard of it, what it may, how it ends."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from locus.agents import build
from locus.agents.protocol import Assignment, Decision, Session
from locus.errors import Refused
from locus.model.agent import (
    AgentEvent,
    Exited,
    Notice,
    PermissionRequest,
    Plan,
    PlanEntry,
    Started,
    Text,
    Thought,
    ToolStart,
    ToolUpdate,
    TurnEnd,
    Usage,
)
from locus.model.config import AgentProfile
from support.procs import alive, numbers, until_async

AGENT = (sys.executable, str(Path(__file__).parents[1] / "support" / "acp_agent.py"))
Steps = list[dict[str, Any]]
E = TypeVar("E", bound=AgentEvent)


async def begin(folder: Path, steps: Steps, *flags: str, session: str | None = None, asks_first: bool = False, **profile: Any) -> Session:
    worktree = folder / "worktree"
    worktree.mkdir(exist_ok=True)
    prompt = f"Do this.\n{json.dumps(steps)}"
    agent = build(AgentProfile(kind="acp", argv=(*AGENT, *flags), env={"LOCUS_ACP_LOG": str(folder / "log")}, **profile))
    return await agent.start(
        Assignment(
            "run-1",
            7,
            root=folder,
            worktree=worktree,
            prompt=prompt,
            prompt_file=folder / "prompt.md",
            base="abc",
            model=None,
            session=session,
            asks_first=asks_first,
        )
    )


async def heard(session: Session, answers: Callable[[PermissionRequest], Decision] | None = None) -> list[AgentEvent]:
    events: list[AgentEvent] = []
    async for event in session.events():
        events.append(event)
        if isinstance(event, PermissionRequest) and answers is not None:
            await session.answer(event.id, answers(event))
    return events


async def turn(folder: Path, steps: Steps, *flags: str, **more: Any) -> list[AgentEvent]:
    return await heard(await begin(folder, steps, *flags, **more))


def of(events: list[AgentEvent], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def end(events: list[AgentEvent]) -> TurnEnd:
    (only,) = of(events, TurnEnd)
    return only


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


async def test_a_turn_is_told_in_our_words(tmp_path: Path) -> None:
    steps: Steps = [
        {"think": "Which file?\nThis one."},
        {"plan": [["Write it", "in_progress"], ["Look at it", "pending"]]},
        {"say": "I write it."},
        {"write": ["src/hello.txt", "hello\nlocus\n"]},
        {"run": "cat src/hello.txt"},
        {"cost": 0.25},
        {"tokens": 1500},
        {"say": "Done."},
    ]
    events = await turn(tmp_path, steps)
    assert (tmp_path / "worktree/src/hello.txt").read_text() == "hello\nlocus\n"
    (started,) = of(events, Started)
    assert started.session_id is not None and started.session_id.startswith("session-")
    assert [event.text for event in of(events, Thought)] == ["Which file?", "This one."]
    assert of(events, Plan) == [Plan(entries=(PlanEntry(content="Write it", status="in_progress"), PlanEntry(content="Look at it")))]
    assert [event.text for event in of(events, Text)] == ["I write it.", "Done."]
    write, run = of(events, ToolStart)
    assert (write.tool, write.title, [place.path for place in write.locations]) == (
        "edit",
        "Write src/hello.txt",
        [str(tmp_path / "worktree/src/hello.txt")],
    )
    assert (run.tool, run.title) == ("execute", "cat src/hello.txt")
    updates = of(events, ToolUpdate)
    assert "+hello\n+locus" in str(updates[0].diff)
    assert [(update.id, update.status) for update in updates] == [
        (write.id, "pending"),
        (write.id, "completed"),
        (run.id, "pending"),
        (run.id, "completed"),
    ]
    assert updates[-1].output == "hello\nlocus\n"
    assert [(event.cost_usd, event.tokens) for event in of(events, Usage)] == [(0.25, None), (None, 1500)]
    assert end(events) == TurnEnd(outcome="ok", summary="Done.")
    assert isinstance(events[-1], Exited) and events[-1].code == 0


@pytest.mark.parametrize(
    ("decision", "told", "written"),
    [
        (Decision(allow=True), "o-allow_once", True),
        (Decision(allow=True, always=True), "o-allow_always", True),
        (Decision(allow=False, message="not that"), "o-reject_once", False),
    ],
)
async def test_what_it_asks_for_is_decided(tmp_path: Path, decision: Decision, told: str, written: bool) -> None:
    session = await begin(tmp_path, [{"write": ["a.txt", "a"], "ask": True}])
    events = await heard(session, lambda _: decision)
    (asked,) = of(events, PermissionRequest)
    assert (asked.tool, asked.title, asked.locations[0].path) == ("edit", "Write a.txt", str(tmp_path / "worktree/a.txt"))
    assert [option.kind for option in asked.options] == ["allow_once", "allow_always", "reject_once"]
    assert of(events, Text)[-1].text == f"was told {told}"
    assert (tmp_path / "worktree/a.txt").exists() is written


async def test_a_command_that_it_asks_for_is_named(tmp_path: Path) -> None:
    session = await begin(tmp_path, [{"run": "git push", "ask": True}])
    events = await heard(session, lambda _: Decision(allow=False))
    assert of(events, PermissionRequest)[0].command == "git push"
    assert of(events, ToolUpdate)[-1].status == "failed"


async def test_nothing_that_was_not_offered_is_chosen(tmp_path: Path) -> None:
    session = await begin(tmp_path, [{"write": ["a.txt", "a"], "ask": True, "options": ["allow_always"]}])
    events = await heard(session, lambda _: Decision(allow=False))
    assert of(events, Text)[-1].text == "was told cancelled"
    assert not (tmp_path / "worktree/a.txt").exists()


async def test_files_are_read_and_written_in_the_worktree_only(tmp_path: Path) -> None:
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (tmp_path / "secret").write_text("secret")
    (worktree / "inside.txt").write_text("first\nsecond\n")
    (worktree / "link").symlink_to(tmp_path)
    steps: Steps = [
        {"read": "inside.txt"},
        {"put": ["new/file.txt", "new"]},
        {"read": "missing.txt"},
        {"read": str(tmp_path / "secret")},
        {"read": "link/secret"},
        {"put": ["../outside.txt", "x"]},
        {"put": [".git/hooks/post-commit", "x"]},
    ]
    said = [event.text for event in of(await turn(tmp_path, steps), Text)]
    assert said[0] == '{"content": "first\\n"}'
    assert (worktree / "new/file.txt").read_text() == "new"
    assert "not found" in said[2]
    assert all("outside the worktree" in answer for answer in said[3:]), said
    assert not (tmp_path / "outside.txt").exists() and not (worktree / ".git").exists()


@pytest.mark.parametrize("flag", ["--load", "--resume"])
async def test_a_session_goes_on_where_the_agent_can(tmp_path: Path, flag: str) -> None:
    first = await turn(tmp_path, [{"say": "once"}], flag)
    id = of(first, Started)[0].session_id
    again = await turn(tmp_path, [{"say": "twice"}], flag, session=id)
    assert of(again, Started)[0].session_id == id
    assert [event.text for event in of(again, Text)] == ["twice"], "what was before is not told again"
    assert [entry["session"] for entry in logged(tmp_path)] == [id, id]


async def test_a_session_that_cannot_go_on_is_lost(tmp_path: Path) -> None:
    events = await turn(tmp_path, [{"write": ["a.txt", "a"]}], session="session-1")
    assert end(events).outcome == "lost"
    assert not (tmp_path / "worktree/a.txt").exists()


@pytest.mark.parametrize(("permission", "mode"), [("ask", "default"), ("edits", "autoEdit")])
async def test_the_mode_is_one_that_asks(tmp_path: Path, permission: str, mode: str) -> None:
    """The agent's own choice is one in which nothing is asked."""
    events = await turn(tmp_path, [{"say": "hello"}], "--modes", permission_mode=permission)
    assert of(events, Started)[0].mode == mode
    assert logged(tmp_path)[0]["mode"] == mode


async def test_a_persons_rules_see_every_change(tmp_path: Path) -> None:
    events = await turn(tmp_path, [{"say": "hello"}], "--modes", permission_mode="edits", asks_first=True)
    assert of(events, Started)[0].mode == "default"


async def test_permissions_are_not_switched_off_by_a_repository(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="only your own settings"):
        await begin(tmp_path, [], permission_mode="bypass")


async def test_a_model_that_it_has_is_chosen(tmp_path: Path) -> None:
    agent = build(AgentProfile(kind="acp", argv=(*AGENT, "--models"), env={"LOCUS_ACP_LOG": str(tmp_path / "log")}))
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    models = []
    for model in ("big", "huge"):
        assignment = Assignment("r", 7, tmp_path, worktree, 'x\n[{"say": "hello"}]', tmp_path / "p", "abc", model=model)
        events = await heard(await agent.start(assignment))
        models.append((of(events, Started)[0].model, [event.text for event in of(events, Notice)]))
    assert models == [("big", []), ("small", ["the agent has no model 'huge', only small, big"])]


async def test_interrupted_it_ends_its_turn_and_its_session_can_go_on(tmp_path: Path) -> None:
    session = await begin(tmp_path, [{"say": "waiting\n"}, {"wait": True}, {"write": ["late.txt", "x"]}])
    events = []
    async for event in session.events():
        events.append(event)
        if isinstance(event, Text):
            await session.interrupt()
    assert end(events).outcome == "cancelled"
    assert of(events, Started)[0].session_id
    assert not (tmp_path / "worktree/late.txt").exists()
    assert isinstance(events[-1], Exited) and events[-1].code == 0, "it was not killed"


async def test_a_question_is_withdrawn_when_it_is_interrupted(tmp_path: Path) -> None:
    session = await begin(tmp_path, [{"write": ["a.txt", "a"], "ask": True}])
    events = []
    async for event in session.events():
        events.append(event)
        if isinstance(event, PermissionRequest):
            await session.interrupt()
    assert end(events).outcome == "cancelled"
    assert not (tmp_path / "worktree/a.txt").exists()


async def test_one_that_is_deaf_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locus.agents.acp.session._GRACE", 0.2)
    monkeypatch.setattr("locus.agents.acp.agent._GRACE", (0.2, 0.2))
    pid = tmp_path / "pid"
    session = await begin(tmp_path, [{"run": f"echo $PPID > {pid}"}, {"say": "waiting\n"}, {"wait": True}], "--deaf")
    events = []
    async for event in session.events():
        events.append(event)
        if isinstance(event, Text):
            await session.interrupt()
    assert end(events).outcome == "cancelled"
    assert events[-1] == Exited(code=137, stderr_tail="")
    assert not alive(numbers(pid)[0])


async def test_a_kill_does_not_wait_for_anybody(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    session = await begin(tmp_path, [{"run": f"echo $PPID > {pid}"}, {"wait": True}], "--deaf")
    hearing = asyncio.create_task(heard(session))
    (agent,) = await until_async(lambda: numbers(pid))
    await session.kill()
    assert not alive(agent)
    assert end(await hearing).outcome == "cancelled"


async def test_who_stops_listening_leaves_nothing_behind(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    session = await begin(tmp_path, [{"run": f"echo $PPID > {pid}"}, {"wait": True}])
    hearing = asyncio.create_task(heard(session))
    (agent,) = await until_async(lambda: numbers(pid))
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    await session.kill()
    assert not alive(agent)


@pytest.mark.parametrize(
    ("steps", "outcome", "reason"),
    [
        ([{"fail": "the model is overloaded"}], "failed", "the agent answered: Internal error: the model is overloaded"),
        ([{"crash": 3}], "failed", "the agent ended in the middle of its turn: out of order"),
        ([{"stop": "refusal"}], "failed", "the agent refused to go on"),
        ([{"stop": "max_tokens"}], "limit", "the agent's answer grew longer than its model allows"),
    ],
    ids=["error", "crash", "refusal", "limit"],
)
async def test_how_a_turn_ends_badly(tmp_path: Path, steps: Steps, outcome: str, reason: str) -> None:
    ended = end(await turn(tmp_path, steps))
    assert (ended.outcome, ended.reason) == (outcome, reason)


async def test_one_that_is_not_logged_in_says_how(tmp_path: Path) -> None:
    ended = end(await turn(tmp_path, [], "--locked"))
    assert ended.outcome == "credentials"
    assert "API key" in str(ended.hint)


async def test_what_is_not_understood_is_passed_over(tmp_path: Path) -> None:
    strange = {"method": "session/update", "params": {"sessionId": "s", "update": {"sessionUpdate": "brand_new", "x": 1}}}
    steps: Steps = [{"raw": strange}, {"raw": {"method": "_vendor/thing", "params": {}}}, {"say": "still here"}]
    events = await turn(tmp_path, steps)
    assert [event.text for event in of(events, Text)] == ["still here"]
    assert end(events).outcome == "ok"


async def test_a_program_that_does_not_speak_the_protocol_ends_the_turn(tmp_path: Path) -> None:
    agent = build(AgentProfile(kind="acp", argv=("sh", "-c", "echo hello; echo what? >&2; exit 4")))
    assignment = Assignment("r", 7, tmp_path, tmp_path, "x", tmp_path / "p", "abc")
    events = await heard(await agent.start(assignment))
    assert end(events).reason == "the agent ended in the middle of its turn: what?"
    assert isinstance(events[-1], Exited) and events[-1].code == 4


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no-such-agent was not found"):
        build(AgentProfile(kind="acp", argv=("no-such-agent", "--acp"))).check(tmp_path)
