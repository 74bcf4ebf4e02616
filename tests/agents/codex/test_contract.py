"""What Locus uses of Codex' protocol, held against the schema of the pinned version; and what a whole turn looks like with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from locus.agents.codex import contract
from locus.agents.codex.conversation import MODES, Conversation
from locus.agents.protocol import Decision
from locus.model.agent import PermissionRequest, Usage
from support import codex_messages as m
from support.codex import PROGRAM, Codex, binary
from support.models.responses import Step, new_file, patch, shell

pytestmark = pytest.mark.agents

Json = dict[str, Any]
GOLDEN = Path(__file__).with_name("events.json")


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schema")
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    subprocess.run([binary(), "app-server", "generate-json-schema", "--out", str(folder)], env=env, check=True, capture_output=True)
    return folder


def _read(folder: Path, name: str) -> Json:
    found: Json = json.loads((folder / f"{name}.json").read_text())
    return found


def _params(folder: Path, kind: str) -> dict[str, Json]:
    """Of each method of a kind of message the schema of its params, with all definitions."""
    whole = _read(folder, kind)
    found = {}
    for one in whole["oneOf"]:
        params = one["properties"].get("params", {})
        found[one["properties"]["method"]["enum"][0]] = {**params, "definitions": whole.get("definitions", {})}
    return found


def _results(folder: Path, method: str) -> Json:
    names = {
        "initialize": "v1/InitializeResponse",
        "thread/start": "v2/ThreadStartResponse",
        "thread/resume": "v2/ThreadResumeResponse",
        "turn/start": "v2/TurnStartResponse",
        "turn/steer": "v2/TurnSteerResponse",
        "turn/interrupt": "v2/TurnInterruptResponse",
        "item/fileChange/requestApproval": "FileChangeRequestApprovalResponse",
        "item/commandExecution/requestApproval": "CommandExecutionRequestApprovalResponse",
        "item/permissions/requestApproval": "PermissionsRequestApprovalResponse",
        "item/tool/requestUserInput": "ToolRequestUserInputResponse",
        "mcpServer/elicitation/request": "McpServerElicitationRequestResponse",
    }
    return _read(folder, names[method])


def _at(schema: Any, steps: list[str], definitions: Json) -> bool:
    """Whether there is such a field, in any of the alternatives."""
    if not steps:
        return True
    if schema is True:
        return True
    if "$ref" in schema:
        return _at(definitions[schema["$ref"].rpartition("/")[2]], steps, definitions)
    step, *rest = steps
    if step == "[]":
        if "items" in schema and _at(schema["items"], rest, definitions):
            return True
    elif step in schema.get("properties", {}) and _at(schema["properties"][step], rest, definitions):
        return True
    return any(_at(one, steps, definitions) for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ()))


def _missing(schema: Json, paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if not _at(schema, path.replace("[]", ".[]").split("."), schema.get("definitions", {}))]


def _valid(schema: Json, value: Any) -> None:
    jsonschema_rs.validator_for(schema).validate(value)


def test_all_that_is_used_is_there(schema: Path) -> None:
    calls = _params(schema, "ClientRequest")
    for method, (sent, read) in contract.CALLS.items():
        assert not _missing(calls[method], sent), method
        assert not _missing(_results(schema, method), read), method
    assert set(contract.SAYS) <= set(_params(schema, "ClientNotification"))
    notifications = _params(schema, "ServerNotification")
    for method, read in contract.NOTIFICATIONS.items():
        assert not _missing(notifications[method], read), method
    requests = _params(schema, "ServerRequest")
    for method, read in contract.REQUESTS.items():
        assert not _missing(requests[method], read), method
    items = {one["properties"]["type"]["enum"][0]: one for one in notifications["item/completed"]["definitions"]["ThreadItem"]["oneOf"]}
    for kind, read in contract.ITEMS.items():
        assert not _missing(items[kind] | {"definitions": notifications["item/completed"]["definitions"]}, read), kind


def test_a_field_that_is_gone_would_be_seen(schema: Path) -> None:
    calls = _params(schema, "ClientRequest")
    assert _missing(calls["turn/start"], ("threadId", "prompt", "input[].words")) == ["prompt", "input[].words"]


def test_all_that_is_sent_is_valid_and_written_down(schema: Path) -> None:
    calls, sent = _params(schema, "ClientRequest"), _params(schema, "ClientNotification")
    for message in _said():
        if "result" in message:
            continue
        if "id" not in message:
            assert message["method"] in sent
            continue
        method, params = message["method"], message["params"]
        _valid(calls[method], params)
        used = {path.partition(".")[0].removesuffix("[]") for path in contract.CALLS[method][0]}
        assert set(params) <= used, method


def test_all_answers_are_valid(schema: Path) -> None:
    for method, request in _REQUESTS.items():
        answers = _results(schema, method)
        for always in (False, True):
            for allow in (False, True):
                talk = _running()
                asked = [event for event in talk.receive(request) if isinstance(event, PermissionRequest)]
                assert asked, method
                for each in asked:
                    talk.answer(each.id, Decision(allow=allow, always=always, message="That"))
                _valid(answers, talk.outbox[0]["result"])
        talk = _running()
        list(talk.receive(request))
        talk.interrupt()
        _valid(answers, talk.outbox[0]["result"])


def test_the_messages_of_the_fast_tests_are_codex_own(schema: Path) -> None:
    """Else they would prove nothing."""
    notifications, requests = _params(schema, "ServerNotification"), _params(schema, "ServerRequest")
    for message in _SAMPLES:
        _valid(notifications[message["method"]], message["params"])
    for method, message in _REQUESTS.items():
        assert message["method"] == method
        _valid(requests[method], message["params"])
    assert {message["method"] for message in _SAMPLES} | {"item/reasoning/textDelta", "guardianWarning", "deprecationNotice"} == set(
        contract.NOTIFICATIONS
    )
    assert set(_REQUESTS) == set(contract.REQUESTS)


_REQUESTS = {
    "item/fileChange/requestApproval": m.asks_for_files(1, "f"),
    "item/commandExecution/requestApproval": m.asks_for_command(1, "c", command="ls", cwd="/work"),
    "item/permissions/requestApproval": m.asks_for_more(1, network={"enabled": True}),
    "item/tool/requestUserInput": m.asks_questions(1, ("a", "Which?", ("This", "That"))),
    "mcpServer/elicitation/request": m.elicits(1),
}

_MCP = {"type": "mcpToolCall", "id": "t", "server": "notes", "tool": "find", "arguments": {}}
_SAMPLES = (
    m.turn_started(),
    m.turn_completed(),
    m.turn_completed("failed", message="no", codexErrorInfo={"httpConnectionFailed": {"httpStatusCode": 401}}),
    m.in_turn("turn/plan/updated", plan=[{"step": "a", "status": "inProgress"}]),
    m.in_turn("turn/diff/updated", diff=""),
    m.started(**m.command("c", "ls", actions=[{"type": "read", "command": "cat a", "name": "a", "path": "/work/a"}])),
    m.completed(**m.command("c", "ls", "declined")),
    m.completed(**m.files("f", m.change("/work/a", "add", "a"), m.change("/work/b", "update", "", "/work/c"), status="completed")),
    m.completed(**_MCP, status="completed", result={"content": [{"type": "text", "text": "found"}]}),
    m.completed(**_MCP, status="failed", error={"message": "no"}),
    m.completed(type="webSearch", id="w", query="python"),
    m.completed(type="agentMessage", id="a", text="so"),
    m.completed(type="reasoning", id="r", summary=["so"]),
    m.completed(type="contextCompaction", id="z"),
    m.delta("a", "so"),
    m.thought("r", "so"),
    m.in_turn("item/reasoning/summaryPartAdded", itemId="r", summaryIndex=1),
    m.printed("c", "so"),
    m.tokens(5),
    m.limits(primary={"usedPercent": 100, "resetsAt": 5}),
    m.error("Reconnecting... 1/2", {"responseStreamDisconnected": {"httpStatusCode": 503}}, retries=True),
    m.note("serverRequest/resolved", threadId=m.THREAD, requestId=3),
    m.note("warning", message="careful"),
    m.note("configWarning", summary="careful"),
    m.note("mcpServer/startupStatus/updated", name="notes", status="failed", error="no"),
)


def _running(mode: str = "edits") -> Conversation:
    talk = Conversation(Path("/work"), "Do it.", mode=mode)
    for result in ({}, {"thread": {"id": m.THREAD}}, {"turn": {"id": m.TURN}}):
        list(talk.receive({"id": talk.outbox[-1]["id"], "result": result}))
    talk.outbox.clear()
    return talk


def _said() -> Iterator[Mapping[str, Any]]:
    """Everything that is ever sent of our own accord."""
    for mode in MODES:
        for thread in (None, "old"):
            talk = Conversation(Path("/work"), "Do it.", mode=mode, thread=thread, model="big")
            for result in ({}, {"thread": {"id": m.THREAD}}, {"turn": {"id": m.TURN}}):
                yield from talk.outbox
                list(talk.receive({"id": talk.outbox[-1]["id"], "result": result}))
            talk = _running(mode)
            (asked,) = talk.receive(m.asks_for_command(1, "c", command="ls"))
            assert isinstance(asked, PermissionRequest)
            talk.answer(asked.id, Decision(allow=False, message="no"))
            talk.interrupt()
            yield from talk.outbox


def test_the_tested_version_is_the_pinned_one() -> None:
    pinned = json.loads((PROGRAM.parents[2] / "package.json").read_text())["dependencies"]["@openai/codex"]
    assert pinned == contract.TESTED
    assert json.loads(GOLDEN.read_text())["codex"] == pinned


async def test_a_turn_has_the_same_events_as_ever(codex: Codex) -> None:
    """Where this fails with a new version: look at what is different, then at the sequence in events.json."""
    turn = await codex.play(
        Step("I will create it.", "A file is needed.", [new_file("hello.txt", "hello\nworld\n")]),
        Step(calls=[patch("*** Update File: hello.txt\n@@\n hello\n-world\n+locus\n")]),
        Step(calls=[shell("cat hello.txt")]),
        Step("Done."),
    )
    await turn.end()
    kinds = [event.kind for event in turn.events if event.kind not in ("notice", "usage")]
    kinds = [kind for number, kind in enumerate(kinds) if kind != "tool.update" or kinds[number - 1] != kind]  # output comes in any pieces
    assert kinds == json.loads(GOLDEN.read_text())["events"]
    assert len(turn.all(Usage)) == 4
