"""What Codex says, as the vocabulary has it, and what it is told in return: no process, no model."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from locus.agents import build
from locus.agents.codex.conversation import Conversation
from locus.agents.protocol import Decision
from locus.model.agent import (
    AgentEvent,
    Location,
    Notice,
    PermissionRequest,
    PermissionWithdrawn,
    Plan,
    PlanEntry,
    Retry,
    Started,
    Text,
    Thought,
    ToolStart,
    ToolUpdate,
    TurnEnd,
    Usage,
)
from locus.model.config import AgentProfile
from support import codex_messages as m

NOW = datetime(2026, 11, 25, 21, 40, 12, tzinfo=timezone(timedelta(hours=1)))


class Talk:
    """A conversation whose turn runs, as far as Codex is concerned."""

    def __init__(self, mode: str = "edits", *, begun: bool = True, **more: Any) -> None:
        self.conversation = Conversation(Path("/work"), "Do it.", mode=mode, now=lambda: NOW, **more)
        if begun:
            for answer in ({}, {"thread": {"id": m.THREAD}, "model": "gpt"}, {"turn": {"id": m.TURN}}):
                self.hear({"id": self.sent()[-1]["id"], "result": answer})

    def hear(self, *messages: m.Json) -> list[AgentEvent]:
        return [event for message in messages for event in self.conversation.receive(message)]

    def sent(self) -> list[m.Json]:
        messages, self.conversation.outbox = self.conversation.outbox, []
        return messages

    def asked(self, *messages: m.Json) -> PermissionRequest:
        (request,) = [event for event in self.hear(*messages) if isinstance(event, PermissionRequest)]
        return request

    def decided(self, request: PermissionRequest, **decision: Any) -> list[m.Json]:
        self.conversation.answer(request.id, Decision(**decision))
        return self.sent()

    def end(self, *messages: m.Json) -> TurnEnd:
        (end,) = [event for event in self.hear(*messages) if isinstance(event, TurnEnd)]
        assert self.conversation.end == end
        return end


def test_a_turn_is_opened_step_by_step() -> None:
    talk = Talk(begun=False, model="big")
    (hello,) = talk.sent()
    assert (hello["method"], hello["params"]["clientInfo"]["name"]) == ("initialize", "locus")
    assert talk.hear({"id": hello["id"], "result": {}}) == []
    ready, thread = talk.sent()
    assert ready == {"method": "initialized"}
    assert thread["method"] == "thread/start"
    assert thread["params"] == {
        "cwd": "/work",
        "approvalPolicy": "on-request",
        "approvalsReviewer": "user",
        "sandbox": "workspace-write",
        "model": "big",
    }
    begun = talk.hear({"id": thread["id"], "result": {"thread": {"id": "t"}, "model": "big-1"}})
    assert begun == [Started(session_id="t", model="big-1", mode="edits")]
    (turn,) = talk.sent()
    assert turn["method"] == "turn/start"
    assert turn["params"] == {"threadId": "t", "input": [{"type": "text", "text": "Do it."}]}


@pytest.mark.parametrize(
    ("mode", "approval", "sandbox"), [("ask", "untrusted", "workspace-write"), ("bypass", "never", "danger-full-access")]
)
def test_the_modes_in_codex_words(mode: str, approval: str, sandbox: str) -> None:
    talk = Talk(mode, begun=False, thread="old")
    talk.hear({"id": talk.sent()[0]["id"], "result": {}})
    resume = talk.sent()[-1]
    assert resume["method"] == "thread/resume"
    told = resume["params"]
    assert (told["threadId"], told["approvalPolicy"], told["sandbox"], told["excludeTurns"]) == ("old", approval, sandbox, True)
    assert "model" not in told


def test_text_and_thoughts_come_in_whole_lines() -> None:
    talk = Talk()
    said = talk.hear(
        m.thought("r", "First **thi"),
        m.thought("r", "ng**\nand"),
        m.in_turn("item/reasoning/summaryPartAdded", itemId="r", summaryIndex=1),
        m.thought("r", "second", 1),
        m.completed(type="reasoning", id="r", summary=["First **thing**\nand", "second"]),
        m.started(type="agentMessage", id="a", text=""),
        m.delta("a", "I wi"),
        m.delta("a", "ll.\n\nCre"),
        m.delta("a", "ate it."),
        m.completed(type="agentMessage", id="a", text="I will.\n\nCreate it."),
        m.completed(type="agentMessage", id="b", text="At once.\nWhole."),
        m.completed(type="reasoning", id="s", summary=["Also whole."]),
    )
    assert said == [
        *[Thought(text=line) for line in ("First **thing**", "and", "second")],
        *[Text(text=line) for line in ("I will.", "Create it.", "At once.", "Whole.")],
        Thought(text="Also whole."),
    ]
    assert talk.end(m.turn_completed()).summary == "At once.\nWhole."


def test_a_command_with_its_output() -> None:
    talk = Talk()
    assert talk.hear(
        m.started(**m.command("c", "make test")),
        m.printed("c", "one\ntw"),
        m.printed("c", "o"),
        m.completed(**m.command("c", "make test", "failed", aggregatedOutput="one\ntwo", exitCode=2)),
    ) == [
        ToolStart(id="c", tool="execute", title="make test"),
        ToolUpdate(id="c", status="in_progress", output="one"),
        ToolUpdate(id="c", status="failed", output="two\n(exit code 2)"),
    ]
    assert talk.hear(m.completed(**m.command("d", "true", "completed", aggregatedOutput="all\nof it\n", exitCode=0))) == [
        ToolStart(id="d", tool="execute", title="true"),
        ToolUpdate(id="d", status="completed", output="all\nof it"),
    ]
    (update,) = talk.hear(
        m.started(**m.command("e", "x")), m.completed(**m.command("e", "x", "completed", aggregatedOutput="z" * 200_000))
    )[1:]
    assert isinstance(update, ToolUpdate)
    assert 65_000 < len(update.output or "") < 66_000


@pytest.mark.parametrize(
    ("actions", "tool", "paths"),
    [
        ([{"type": "read", "command": "cat a", "name": "a", "path": "/work/a"}], "read", ["/work/a"]),
        ([{"type": "search", "command": "rg x", "query": "x", "path": None}], "search", []),
        ([{"type": "listFiles", "command": "ls", "path": "src"}], "search", ["src"]),
        ([{"type": "read", "command": "cat a", "name": "a", "path": "/work/a"}, {"type": "unknown", "command": "rm a"}], "execute", []),
        ([], "execute", []),
    ],
)
def test_what_only_reads_or_searches_is_told_as_that(actions: list[m.Json], tool: str, paths: list[str]) -> None:
    (start,) = Talk().hear(m.started(**m.command("c", "x", actions=actions)))
    assert isinstance(start, ToolStart)
    assert (start.tool, [location.path for location in start.locations]) == (tool, paths)


def test_changed_files_with_one_diff() -> None:
    changes = (
        m.change("/work/new.txt", "add", "a\nb"),
        m.change("/work/old.py", "update", "@@ -1 +1 @@\n-x\n+y\n"),
        m.change("/work/a.txt", "update", "@@ -1 +1 @@\n-1\n+2\n\n\nMoved to: /work/b.txt", "/work/b.txt"),
        m.change("/elsewhere/gone", "delete", "bye\n"),
    )
    start, update = Talk().hear(m.started(**m.files("f", *changes)), m.completed(**m.files("f", *changes, status="completed")))
    assert isinstance(start, ToolStart)
    assert isinstance(update, ToolUpdate)
    assert start.title == "Add new.txt; Edit old.py; Move a.txt to b.txt and 1 more"
    assert start.locations == tuple(
        Location(path=p) for p in ("/work/new.txt", "/work/old.py", "/work/a.txt", "/work/b.txt", "/elsewhere/gone")
    )
    assert update.diff == (
        "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n"
        "--- a/old.py\n+++ b/old.py\n@@ -1 +1 @@\n-x\n+y\n"
        "--- a/a.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-1\n+2\n"
        "--- a//elsewhere/gone\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-bye\n"
    )


def test_other_tools() -> None:
    mcp = {"type": "mcpToolCall", "id": "t", "server": "notes", "tool": "find", "arguments": {}, "status": "inProgress"}
    result = {"content": [{"type": "text", "text": "found"}, {"type": "image"}]}
    spawn = {"type": "collabAgentToolCall", "id": "g", "tool": "spawnAgent", "status": "completed", "prompt": "look"}
    assert Talk().hear(
        m.started(**mcp),
        m.completed(**{**mcp, "status": "completed", "result": result}),
        m.completed(**{**mcp, "id": "u", "status": "failed", "error": {"message": "no such note"}}),
        m.completed(type="webSearch", id="w", query="python"),
        m.completed(**spawn, agentsStates={}, receiverThreadIds=[], senderThreadId="x"),
        m.completed(type="contextCompaction", id="z"),
        m.completed(type="somethingNew", id="n"),
    ) == [
        ToolStart(id="t", title="notes: find"),
        ToolUpdate(id="t", status="completed", output="found"),
        ToolStart(id="u", title="notes: find"),
        ToolUpdate(id="u", status="failed", output="no such note"),
        ToolStart(id="w", tool="fetch", title="Search the web: python"),
        ToolUpdate(id="w", status="completed"),
        ToolStart(id="g", tool="think", title="Sub-agent: look"),
        ToolUpdate(id="g", status="completed"),
        Notice(text="the conversation was condensed, it had grown too long for the model", stream="locus"),
    ]


def test_plan_usage_retries_and_warnings() -> None:
    talk = Talk()
    plan = [{"step": "a", "status": "completed"}, {"step": "b", "status": "inProgress"}, {"step": "c", "status": "pending"}]
    dropped = {"responseStreamDisconnected": {"httpStatusCode": 503}}
    assert talk.hear(
        m.in_turn("turn/plan/updated", plan=plan),
        m.tokens(100),
        m.tokens(30, "sub-agent"),
        m.tokens(150),
        m.error("Reconnecting... 2/5", dropped, retries=True),
        m.error(
            "Reconnecting... 3/5", {"responseStreamDisconnected": {"httpStatusCode": None}}, retries=True, details="last status: 429 Too"
        ),
        m.note("warning", message="careful"),
        m.note("configWarning", summary="careful"),
        m.note("configWarning", summary="old key"),
        m.note("mcpServer/startupStatus/updated", name="notes", status="failed", error="no such program"),
        m.note("mcpServer/startupStatus/updated", name="other", status="ready"),
        m.note("something/new", anything=1),
    ) == [
        Plan(entries=(PlanEntry(content="a", status="completed"), PlanEntry(content="b", status="in_progress"), PlanEntry(content="c"))),
        Usage(tokens=100),
        Usage(tokens=130),
        Usage(tokens=180),
        Retry(attempt=2, status=503),
        Retry(attempt=3, status=429),
        Notice(text="careful"),
        Notice(text="old key"),
        Notice(text="the MCP server notes did not start: no such program"),
    ]


def test_the_whole_diff_comes_once_at_the_end() -> None:
    diff = "diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n"
    talk = Talk()
    assert talk.hear(m.in_turn("turn/diff/updated", diff="old"), m.in_turn("turn/diff/updated", diff=diff)) == []
    start, update, end = talk.hear(m.turn_completed())
    assert start == ToolStart(id=m.TURN, tool="edit", title="All changes of this turn", locations=(Location(path="x"),))
    assert update == ToolUpdate(id=m.TURN, status="completed", diff=diff)
    assert end == TurnEnd(outcome="ok")
    assert talk.hear(m.note("warning", message="too late")) == []


@pytest.mark.parametrize(
    "message", [{}, {"method": "item/started", "params": {"item": 7}}, {"method": "turn/started"}, {"id": 99, "result": {}}]
)
def test_what_is_malformed_is_left_alone(message: m.Json) -> None:
    assert Talk().hear(message) == []


def test_a_change_of_files_is_asked_for() -> None:
    talk = Talk("ask")
    talk.hear(m.started(**m.files("f", m.change("/work/a", "add", "a\n"))))
    request = talk.asked(m.asks_for_files(7, "f", reason="it is needed"))
    assert (request.id, request.name, request.tool, request.title) == ("7", "fileChange", "edit", "Add a: it is needed")
    assert request.locations == (Location(path="/work/a"),)
    assert (request.diff or "").endswith("+a\n")
    assert talk.decided(request, allow=True) == [{"id": 7, "result": {"decision": "accept"}}]
    assert talk.decided(request, allow=False) == []  # it is decided
    again = talk.asked(m.asks_for_files(8, "f"))
    assert talk.decided(again, allow=True, always=True) == [{"id": 8, "result": {"decision": "acceptForSession"}}]


def test_a_refusal_is_explained_in_the_running_turn() -> None:
    talk = Talk("ask")
    talk.hear(m.started(**m.command("c", "git push")))
    request = talk.asked(m.asks_for_command(1, "c", command="/bin/bash -lc 'git push'", cwd="/work"))
    assert (request.tool, request.command, request.input) == ("execute", "git push", {"command": "git push", "cwd": "/work"})
    decline, steer = talk.decided(request, allow=False, message="publishing is not yours")
    assert decline == {"id": 1, "result": {"decision": "decline"}}
    assert steer["method"] == "turn/steer"
    assert steer["params"]["expectedTurnId"] == m.TURN
    assert steer["params"]["input"][0]["text"] == "I do not allow this (git push): publishing is not yours"
    talk.hear(m.completed(**m.command("c", "git push", "declined")))
    end = talk.end(m.turn_completed())
    assert (end.outcome, end.denials) == ("denied", ("git push",))


def test_other_commands_that_are_asked_for() -> None:
    talk = Talk()
    network = talk.asked(m.asks_for_command(1, "x", networkApprovalContext={"host": "pypi.org", "protocol": "https"}))
    assert (network.tool, network.title, network.command) == ("fetch", "Reach pypi.org", None)
    assert network.input["url"] == "https://pypi.org/"
    human = talk.asked(m.asks_for_command(2, "x", kind="humanCommand", command="deploy"))
    assert human.options == ()
    assert talk.decided(human, allow=True, always=True) == [{"id": 2, "result": {"decision": "accept"}}]
    typed = talk.asked(m.asks_for_command(3, "x", kind="writeStdin", command="python"))
    assert (typed.title, typed.command) == ("Type into a running command: python", None)  # what is typed is not said


def test_a_command_in_another_folder_is_judged_there() -> None:
    talk = Talk()
    talk.hear(m.started(**m.command("c", "rm -r x") | {"cwd": "/work/sub dir"}))
    there = talk.asked(m.asks_for_command(1, "c"))
    assert there.command == there.title == "cd '/work/sub dir' && rm -r x"
    here = talk.asked(m.asks_for_command(2, "c", command="rm -r x", cwd="/work"))
    assert here.command == "rm -r x"


def test_more_permissions() -> None:
    wanted = {"fileSystem": {"write": ["/opt/x"]}, "network": {"enabled": True}}
    talk = Talk()
    request = talk.asked(m.asks_for_more(1, **wanted))
    assert (request.title, request.locations) == ("More permissions: to publish", (Location(path="/opt/x"),))
    assert talk.decided(request, allow=True, always=True) == [{"id": 1, "result": {"permissions": wanted, "scope": "session"}}]
    request = talk.asked(m.asks_for_more(2, **wanted))
    assert talk.decided(request, allow=False) == [{"id": 2, "result": {"permissions": {}, "scope": "turn"}}]
    assert talk.end(m.turn_completed()).denials == ("More permissions: to publish",)


def test_its_own_questions_are_asked_one_by_one_and_answered_together() -> None:
    talk = Talk()
    which, why = talk.hear(m.asks_questions(4, ("a", "Which one?", ("This", "That")), ("b", "Why?", ())))
    assert isinstance(which, PermissionRequest)
    assert isinstance(why, PermissionRequest)
    assert (which.title, which.choices, why.choices) == ("Which one?", ("This", "That"), ())
    assert talk.decided(which, allow=True, message="That") == []
    assert talk.decided(why, allow=False) == [{"id": 4, "result": {"answers": {"a": {"answers": ["That"]}}}}]


def test_what_an_mcp_server_asks() -> None:
    talk = Talk()
    request = talk.asked(m.elicits(1))
    assert request.title == "notes: Delete the note?"
    assert talk.decided(request, allow=True) == [{"id": 1, "result": {"action": "accept", "content": {}}}]
    (notice,) = talk.hear(m.elicits(2, requestedSchema={"type": "object", "properties": {"name": {"type": "string"}}}))
    assert isinstance(notice, Notice)
    assert talk.sent() == [{"id": 2, "result": {"action": "decline"}}]


def test_an_unknown_request_is_answered_so_that_nothing_waits() -> None:
    talk = Talk()
    assert talk.hear(m.asks(5, "attestation/generate")) == []
    (answer,) = talk.sent()
    assert (answer["id"], answer["error"]["code"]) == (5, -32601)


def test_what_codex_has_settled_itself_is_not_answered() -> None:
    talk = Talk()
    request = talk.asked(m.asks_for_command(3, "x", command="ls"))
    assert talk.hear(m.note("serverRequest/resolved", threadId=m.THREAD, requestId=3)) == [PermissionWithdrawn(id=request.id)]
    assert talk.decided(request, allow=True) == []


def test_an_interrupt_refuses_what_waits_and_keeps_the_thread() -> None:
    talk = Talk()
    talk.asked(m.asks_for_command(3, "x", command="ls"))
    talk.conversation.interrupt()
    talk.conversation.interrupt()
    refusal, interrupt = talk.sent()
    assert refusal == {"id": 3, "result": {"decision": "cancel"}}
    assert (interrupt["method"], interrupt["params"]) == ("turn/interrupt", {"threadId": m.THREAD, "turnId": m.TURN})
    assert talk.hear(m.asks_for_command(4, "x", command="ls")) == []
    assert talk.sent() == [{"id": 4, "result": {"decision": "cancel"}}]
    assert talk.end(m.turn_completed("completed")).outcome == "cancelled"


def test_an_interrupt_that_comes_before_the_turn() -> None:
    talk = Talk(begun=False)
    talk.conversation.interrupt()
    talk.hear({"id": talk.sent()[0]["id"], "result": {}})
    _, end = talk.hear({"id": talk.sent()[-1]["id"], "result": {"thread": {"id": "t"}}})
    assert isinstance(end, TurnEnd)
    assert end.outcome == "cancelled"
    assert talk.sent() == []

    talk = Talk(begun=False)
    talk.hear({"id": talk.sent()[0]["id"], "result": {}})
    talk.hear({"id": talk.sent()[-1]["id"], "result": {"thread": {"id": m.THREAD}}})
    talk.conversation.interrupt()
    assert [message["method"] for message in talk.sent()] == ["turn/start"]
    talk.hear(m.turn_started())
    assert [message["method"] for message in talk.sent()] == ["turn/interrupt"]


def test_a_thread_that_is_not_there_is_lost_and_other_refusals_fail() -> None:
    for thread, outcome in (("old", "lost"), (None, "failed")):
        talk = Talk(begun=False, thread=thread)
        talk.hear({"id": talk.sent()[0]["id"], "result": {}})
        end = talk.end({"id": talk.sent()[-1]["id"], "error": {"code": -32600, "message": "no rollout found"}})
        assert end.outcome == outcome
        assert "no rollout found" in (end.reason or "")


def test_the_end_of_a_sub_agent_is_not_the_end() -> None:
    assert Talk().hear(m.turn_completed(thread="sub-agent")) == []


UNAUTHORIZED = {"httpConnectionFailed": {"httpStatusCode": 401}}


@pytest.mark.parametrize(
    ("message", "info", "outcome", "reason"),
    [
        ("unexpected status 401 Unauthorized: bad key, url: http://x/v1", UNAUTHORIZED, "credentials", "bad key"),
        ("token expired", "unauthorized", "credentials", "token expired"),
        ("Missing environment variable: `KEY`.", "other", "credentials", "`KEY`"),
        ("You’ve hit your usage limit.", "usageLimitExceeded", "limit", "usage limit"),
        ("slow down", "rateLimitExceeded", "busy", "slow down"),
        ("slow down, try again at 10:46 PM.", "rateLimitExceeded", "limit", "slow down"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "other", "busy", "429"),
        ("we are in high demand", "serverOverloaded", "busy", "high demand"),
        ("no", {"responseTooManyFailedAttempts": {"httpStatusCode": 503}}, "busy", "no"),
        ('{"error": {"message": "bad request"}}', "other", "failed", "bad request"),
        ("[1]", "other", "failed", "[1]"),
        ("no room", "contextWindowExceeded", "failed", "no room"),
        ("no such model", "modelNotFound", "failed", "no such model"),
        ("", None, "failed", "does not say why"),
    ],
)
def test_how_a_turn_has_failed(message: str, info: Any, outcome: str, reason: str) -> None:
    end = Talk().end(m.error(message, info), m.turn_completed("failed", message=message, codexErrorInfo=info))
    assert end.outcome == outcome
    assert reason in (end.reason or "")
    assert "http://" not in (end.reason or "")
    if outcome == "credentials":
        assert (end.hint or "").startswith("run `codex login`")


def test_a_wrong_key_is_not_tried_again() -> None:
    dropped = {"responseStreamDisconnected": {"httpStatusCode": 401}}
    end = Talk().end(m.error("Reconnecting... 1/5", dropped, retries=True, details="unexpected status 401 Unauthorized: bad key"))
    assert end.outcome == "credentials"


@pytest.mark.parametrize(
    ("windows", "words", "resets_at"),
    [
        ({"primary": {"usedPercent": 100, "resetsAt": 1_795_646_849}}, "", "2026-11-25T22:47:29Z"),
        ({"primary": {"usedPercent": 100, "resetsAt": 5}, "secondary": {"usedPercent": 100, "resetsAt": 60}}, "", "1970-01-01T00:01:00Z"),
        ({"primary": {"usedPercent": 40, "resetsAt": 5}}, "", None),
        ({}, " or try again at 10:46 PM.", "2026-11-25T21:47:00Z"),
        ({}, " or try again at Nov 27th, 2026 1:05 AM.", "2026-11-27T00:06:00Z"),
    ],
)
def test_when_a_limit_is_over(windows: m.Json, words: str, resets_at: str | None) -> None:
    talk = Talk()
    talk.hear(m.limits(**windows), m.limits())
    end = talk.end(m.turn_completed("failed", message=f"You’ve hit your usage limit{words}", codexErrorInfo="usageLimitExceeded"))
    assert (end.outcome, end.resets_at) == ("limit", resets_at)


def test_a_key_in_the_environment_is_no_login(tmp_path: Path) -> None:
    """Seen with 0.169.0: its app server sends no authorization then."""
    agent = build(AgentProfile(kind="codex", env={"CODEX_HOME": str(tmp_path), "OPENAI_API_KEY": "key"}))
    assert not agent.seems_ready()
    (tmp_path / "auth.json").write_text("{}")
    assert agent.seems_ready()
