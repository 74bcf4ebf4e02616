"""What Claude Code says, translated, without Claude Code: lines as it writes them, cut down to what counts."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.agents.claude import ending, tools
from locus.agents.claude.permissions import Asked
from locus.agents.claude.translate import Translator
from locus.agents.protocol import Decision
from locus.model.agent import AgentEvent, Location, Notice, Plan, PlanEntry, Retry, Started, Text, Thought, ToolStart, ToolUpdate, Usage

WORKTREE = PurePath("/work/tree")
Json = dict[str, Any]


def translated(*messages: Json) -> list[AgentEvent]:
    translator = Translator(WORKTREE)
    return [event for message in messages for event in translator.feed(message)]


def delta(event: Json) -> Json:
    return {"type": "stream_event", "event": event, "parent_tool_use_id": None}


def piece(words: str, kind: str = "text") -> Json:
    return delta({"type": "content_block_delta", "index": 0, "delta": {"type": f"{kind}_delta", kind: words}})


def begin(id: str) -> Json:
    return delta({"type": "message_start", "message": {"id": id}})


STOP = delta({"type": "content_block_stop", "index": 0})


def assistant(*blocks: Json, id: str = "m1", parent: str | None = None, **more: Any) -> Json:
    return {"type": "assistant", "message": {"id": id, "model": "m", "content": list(blocks)}, "parent_tool_use_id": parent, **more}


def call(name: str, id: str = "t1", **arguments: Any) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": arguments}


def returned(content: Any, id: str = "t1", *, failed: bool = False, detail: Any = None) -> Json:
    block = {"type": "tool_result", "tool_use_id": id, "content": content, "is_error": failed}
    return {"type": "user", "message": {"content": [block]}, "parent_tool_use_id": None, "tool_use_result": detail}


def result(**more: Any) -> Json:
    return {"type": "result", "subtype": "success", "is_error": False, "result": "Done.", "permission_denials": [], **more}


def ended(resets_at: int | None = None, error: str | None = None, **more: Any) -> Any:
    return ending.of_result(result(**more), WORKTREE, error=error, resets_at=resets_at, budget_usd=2.5)


def test_text_comes_in_whole_lines_and_once() -> None:
    events = translated(
        begin("m1"), piece("One\nTw"), piece("o\n\nThr"), piece("ee"), assistant({"type": "text", "text": "One\nTwo\n\nThree"}), STOP
    )
    assert events == [Text(text="One"), Text(text="Two"), Text(text="Three")]


def test_what_was_not_streamed_is_there_too() -> None:
    thought = {"type": "thinking", "thinking": "Hm.\nWell."}
    events = translated(assistant(thought, {"type": "text", "text": "One\nTwo"}))
    assert events == [Thought(text="Hm."), Thought(text="Well."), Text(text="One"), Text(text="Two")]


def test_what_a_broken_stream_has_begun_is_not_mixed_with_what_comes_after() -> None:
    events = translated(begin("m1"), piece("One\nTw"), begin("m2"), piece("Eins"), STOP)
    assert events == [Text(text="One"), Text(text="Eins")]


def test_half_a_line_is_kept_when_it_is_interrupted() -> None:
    assert translated(begin("m1"), piece("One\nTw"), result(is_error=True, subtype="error_during_execution")) == [
        Text(text="One"),
        Text(text="Tw"),
    ]


def test_thoughts_and_subagents_think_aloud() -> None:
    events = translated(begin("m1"), piece("A\nB", "thinking"), STOP, assistant({"type": "text", "text": "found"}, id="m7", parent="t1"))
    assert events == [Thought(text="A"), Thought(text="B"), Thought(text="found")]


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "title", "place"),
    [
        ("Bash", {"command": "make\n  test", "description": "Test"}, "execute", "make test", None),
        ("Read", {"file_path": "/work/tree/src/a.py", "offset": 30}, "read", "Read src/a.py", ("/work/tree/src/a.py", 30)),
        ("Edit", {"file_path": "/work/other/a.py"}, "edit", "Edit /work/other/a.py", ("/work/other/a.py", None)),
        ("NotebookEdit", {"notebook_path": "/work/tree/a.ipynb"}, "edit", "NotebookEdit a.ipynb", ("/work/tree/a.ipynb", None)),
        ("Grep", {"pattern": "x+", "path": "/work/tree"}, "search", "Grep . for x+", ("/work/tree", None)),
        ("Grep", {"pattern": "x+"}, "search", "Grep x+", None),
        ("WebFetch", {"url": "https://example.invalid/", "prompt": "?"}, "fetch", "WebFetch https://example.invalid/", None),
        ("Task", {"description": "Look around", "prompt": "Look"}, "think", "Task Look around", None),
        ("mcp__db__query", {"sql": "select"}, "other", "mcp__db__query", None),
    ],
)
def test_tools_have_a_kind_a_title_and_places(
    name: str, arguments: Json, kind: Any, title: str, place: tuple[str, int | None] | None
) -> None:
    places = () if place is None else (Location(path=place[0], line=place[1]),)
    assert translated(assistant(call(name, **arguments))) == [ToolStart(id="t1", tool=kind, title=title, locations=places)]


def test_a_change_is_a_diff() -> None:
    patch = [{"oldStart": 3, "oldLines": 1, "newStart": 3, "newLines": 2, "lines": ["-a", "+b", "+c"]}]
    detail = {"filePath": "/work/tree/a.py", "originalFile": "...", "structuredPatch": patch}
    _, update = translated(assistant(call("Edit", file_path="/work/tree/a.py")), returned("The file has been updated.", detail=detail))
    assert update == ToolUpdate(id="t1", status="completed", diff="--- a/a.py\n+++ b/a.py\n@@ -3,1 +3,2 @@\n-a\n+b\n+c\n")


def test_what_a_tool_printed_is_shown_and_what_it_read_is_not() -> None:
    read = translated(assistant(call("Read", file_path="/work/tree/a")), returned("1 secret"))[-1]
    assert read == ToolUpdate(id="t1", status="completed")
    failed = translated(assistant(call("Read", file_path="/work/tree/a")), returned("no such file", failed=True))[-1]
    assert failed == ToolUpdate(id="t1", status="failed", output="no such file")
    blocks = translated(assistant(call("Task", description="x")), returned([{"type": "text", "text": "a"}, {"type": "image"}]))[-1]
    assert blocks == ToolUpdate(id="t1", status="completed", output="a")
    long = translated(assistant(call("Bash", command="seq")), returned("x" * 9000 + "end"))[-1]
    assert isinstance(long, ToolUpdate)
    assert long.output is not None
    assert (len(long.output), long.output.endswith("end")) == (4007, True)


def test_the_plan_is_whole_each_time() -> None:
    events = translated(
        assistant(call("TaskCreate", "t1", subject="Write"), call("TaskCreate", "t2", subject="Check")),
        returned("Task #1", "t1", detail={"task": {"id": "1", "subject": "Write"}}),
        returned("Task #2", "t2", detail={"task": {"id": "2", "subject": "Check"}}),
        assistant(call("TaskUpdate", "t3", taskId="1", status="deleted"), call("TaskUpdate", "t4", taskId="2", status="completed")),
        assistant(call("TodoWrite", "t5", todos=[{"content": "Anew", "status": "in_progress"}])),
        returned("Todos have been modified", "t5"),
    )
    plans = [event.entries for event in events if isinstance(event, Plan)]
    assert len(plans) == len(events) == 5
    assert plans[1] == (PlanEntry(content="Write"), PlanEntry(content="Check"))
    assert plans[3] == (PlanEntry(content="Check", status="completed"),)
    assert plans[4] == (PlanEntry(content="Anew", status="in_progress"),)


def test_it_starts_once_however_often_it_says_so() -> None:
    init = {"type": "system", "subtype": "init", "session_id": "s", "model": "m", "permissionMode": "acceptEdits", "tools": []}
    assert translated(init, result(), init) == [Started(session_id="s", model="m", mode="acceptEdits")]


def test_retries_refusals_and_use_are_told() -> None:
    retry = {"type": "system", "subtype": "api_retry", "attempt": 2, "retry_delay_ms": 1500, "error_status": 529, "error": "overloaded"}
    refused = {"type": "system", "subtype": "permission_denied", "tool_name": "Write", "message": "It is outside."}
    models = {"a": {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 100}, "b": {"inputTokens": 1}}
    assert translated(retry, refused, result(modelUsage=models, total_cost_usd=0.25)) == [
        Retry(attempt=2, status=529, delay_seconds=1.5),
        Notice(text="refused: Write: It is outside.", stream="locus"),
        Usage(tokens=116, cost_usd=0.25),
    ]


def test_it_is_over_with_a_result_until_something_wakes_it() -> None:
    translator = Translator(WORKTREE)
    translator.feed({"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_type": "local_agent", "description": "x"}]})
    translator.feed(result())
    assert (translator.result is not None, translator.background) == (True, [("local_agent", "x")])
    translator.feed({"type": "system", "subtype": "background_tasks_changed", "tasks": []})
    translator.feed({"type": "system", "subtype": "init"})
    assert (translator.result, translator.background) == (None, [])


@pytest.mark.parametrize(
    ("more", "outcome", "reason"),
    [
        ({}, "ok", None),
        ({"permission_denials": [{"tool_name": "Bash", "tool_input": {"command": "rm x"}}] * 2}, "denied", None),
        ({"is_error": True, "api_error_status": 400}, "failed", "Done."),  # which is a `success`
        ({"subtype": "error_during_execution", "errors": ["[ede_diagnostic] x", "Broken."], "result": None}, "failed", "Broken."),
        (
            {"is_error": True, "terminal_reason": "aborted_tools", "permission_denials": [{"tool_name": "Bash"}]},
            "cancelled",
            "it was interrupted",
        ),
        ({"is_error": True, "api_error_status": 401}, "credentials", "Claude Code is not logged in, or its key is refused: Done."),
        ({"is_error": True, "subtype": "error_max_budget_usd"}, "limit", "the budget of $2.5 of this task is used up"),
        ({"is_error": True, "subtype": "error_max_turns", "result": "", "errors": ["Too many (3)"]}, "limit", "Too many (3)"),
        ({"is_error": True, "error": "rate_limit", "resets_at": 1795643742}, "limit", "Claude's provider gives no more: Done."),
        ({"is_error": True, "error": "rate_limit", "api_error_status": 429}, "busy", "Claude's provider gives no more for now: Done."),
        ({"is_error": True, "error": "overloaded", "api_error_status": 529}, "busy", "Claude's provider has trouble: Done."),
        ({"is_error": True, "api_error_status": 500, "result": ""}, "busy", "Claude's provider has trouble: 500"),
        ({"is_error": True, "error": "billing_error"}, "limit", "Claude's provider gives no more: Done."),
        ({"is_error": True, "errors": ["No conversation found with session ID: x"], "result": None}, "lost", None),
    ],
)
def test_how_it_ended(more: Json, outcome: str, reason: str | None) -> None:
    end = ended(**more)
    assert end.outcome == outcome
    assert reason is None or end.reason == reason
    assert end.denials == (("rm x",) if outcome == "denied" else ())
    assert end.resets_at == ("2026-11-25T21:55:42Z" if "resets_at" in more else None)
    assert end.summary == ("Done." if outcome in ("ok", "denied") else None)


@pytest.mark.parametrize(
    ("code", "errors", "outcome", "reason"),
    [
        (1, ["error: unknown option '--x'", ""], "failed", "Claude Code exited with 1 without a result: error: unknown option '--x'"),
        (143, [], "failed", "Claude Code was ended by signal 15 without a result"),
        (1, ["No conversation found with session ID: x"], "lost", None),
    ],
)
def test_an_end_without_a_result(code: int, errors: list[str], outcome: str, reason: str | None) -> None:
    end = ending.without_result(code, errors)
    assert end.outcome == outcome
    assert reason is None or end.reason == reason


def test_root_is_told_what_to_choose() -> None:
    said = "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons"
    assert "permissionMode" in (ending.without_result(1, [said]).hint or "")


def test_always_is_for_this_session_whatever_is_suggested() -> None:
    rule = {
        "type": "addRules",
        "rules": [{"toolName": "WebFetch", "ruleContent": "domain:x"}],
        "behavior": "allow",
        "destination": "localSettings",
    }
    asked = Asked("r1", {"tool_name": "WebFetch", "input": {"url": "https://x/"}, "permission_suggestions": [rule]})
    said = asked.answer("r1", Decision(allow=True, always=True))
    assert said == {"behavior": "allow", "updatedInput": {"url": "https://x/"}, "updatedPermissions": [{**rule, "destination": "session"}]}


def test_a_question_that_nobody_answers_is_left_to_the_agent() -> None:
    asked = Asked("r1", {"tool_name": "AskUserQuestion", "input": {"questions": [{"question": "Which?", "options": []}]}})
    (request,) = asked.requests(WORKTREE, lambda _: None)
    said = asked.answer(request.id, Decision(allow=True))
    assert said is not None
    assert said["behavior"] == "deny"


@pytest.mark.parametrize("refused", [0, 1])
def test_one_question_without_an_answer_does_not_close_the_others(refused: int) -> None:
    """They are still before a person: nobody would hear the answer, and the agent would be interrupted for want of it."""
    questions = [{"question": name, "options": [{"label": "Yes"}]} for name in ("Which?", "Why?")]
    asked = Asked("r1", {"tool_name": "AskUserQuestion", "input": {"questions": questions}})
    ids = [request.id for request in asked.requests(WORKTREE, lambda _: None)]
    no, yes = ids[refused], ids[1 - refused]
    assert asked.answer(no, Decision(allow=False, message="I do not know.")) is None
    said = asked.answer(yes, Decision(allow=True, message="Yes"))
    left = questions[1 - refused]["question"]
    assert said == {"behavior": "allow", "updatedInput": {"questions": questions, "answers": {left: "Yes"}}}


def test_questions_that_all_have_no_answer_are_refused_in_a_persons_words() -> None:
    asked = Asked("r1", {"tool_name": "AskUserQuestion", "input": {"questions": [{"question": "Which?"}, {"question": "Why?"}]}})
    first, second = (request.id for request in asked.requests(WORKTREE, lambda _: None))
    assert asked.answer(second, Decision(allow=False, message="Ask me later.")) is None
    assert asked.answer(first, Decision(allow=False)) == {"behavior": "deny", "message": "Ask me later."}


def test_what_an_edit_would_change() -> None:
    edit = {"file_path": "/work/tree/a", "old_string": "b", "new_string": "B", "replace_all": False}
    assert tools.proposed_diff("Edit", edit, WORKTREE, lambda _: "a\nb\nc\n") == "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
    everywhere = tools.proposed_diff("Edit", {**edit, "replace_all": True}, WORKTREE, lambda _: "b\nb\n")
    assert everywhere == "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-b\n-b\n+B\n+B\n"
    two = {"file_path": "/work/tree/a", "edits": [{"old_string": "a", "new_string": "A"}, {"old_string": "b", "new_string": ""}]}
    assert tools.proposed_diff("MultiEdit", two, WORKTREE, lambda _: "a\nb\n") == "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-a\n-b\n+A\n+\n"
    assert tools.proposed_diff("Bash", {"command": "x"}, WORKTREE, lambda _: None) is None


HUNK = {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["+a"]}
KNOWN = [
    begin("m1"),
    piece("One\nTwo"),
    STOP,
    assistant(call("Edit", file_path="/work/tree/a"), {"type": "text", "text": "x"}),
    returned(
        "ok", detail={"filePath": "/a", "structuredPatch": [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["+a"]}]}
    ),
    assistant(call("TodoWrite", "t2", todos=[{"content": "x", "status": "pending"}])),
    {"type": "system", "subtype": "init", "session_id": "s", "model": "m"},
    {"type": "system", "subtype": "api_retry", "attempt": 1, "retry_delay_ms": 5, "error_status": 429},
    {"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_type": "a"}]},
    {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 5}},
    result(modelUsage={"a": {"inputTokens": 1}}, total_cost_usd=1.0, permission_denials=[{"tool_name": "Bash", "tool_input": {}}]),
    {"type": "something_new", "subtype": "of_tomorrow"},
]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=3), SCALARS, max_size=2)


@given(st.data())
def test_no_shape_of_a_message_is_an_exception(data: st.DataObject) -> None:
    """Any part of any known message may be anything."""
    message = json.loads(json.dumps(data.draw(st.sampled_from(KNOWN))))
    place: Any = message
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(ANYTHING)
        break
    translator = Translator(WORKTREE)
    for each in (*KNOWN[:4], message):
        translator.feed(each)
    if isinstance(translator.result, dict):
        ending.of_result(translator.result, WORKTREE, error=translator.error, resets_at=translator.resets_at, budget_usd=None)
