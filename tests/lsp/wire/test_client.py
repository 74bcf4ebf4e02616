"""Questions to the client: answered, refused, ignored; none of them leaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from locus.lsp.messages import Answer
from locus.lsp.questions import ClientRefused, Questions
from support.raw_lsp import RawClient

ABLE = {"window": {"showMessage": {}, "showDocument": {"support": True}}, "workspace": {"configuration": True}}


class Wire:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.questions = Questions(self.send)
        self._has_sent = asyncio.Event()

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self._has_sent.set()

    async def asked(self) -> Any:
        """The id of the latest question, once there is one."""
        await self._has_sent.wait()
        self._has_sent.clear()
        return self.sent[-1]["id"]


async def test_an_answer_a_refusal_and_one_that_comes_twice() -> None:
    wire = Wire()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(wire.questions.ask("a/b", {"x": 1}, 5))
        id = await wire.asked()
        assert wire.questions.answered(Answer(id, {"y": 2}, None))
        assert not wire.questions.answered(Answer(id, {"y": 3}, None))
    assert asking.result() == {"y": 2}
    refused = asyncio.create_task(wire.questions.ask("a/b", None, 5))
    wire.questions.answered(Answer(await wire.asked(), None, {"code": -32601, "message": "no"}))
    with pytest.raises(ClientRefused, match="no"):
        await refused
    assert len(wire.questions) == 0


async def test_no_answer_is_waited_for_no_longer_than_was_said() -> None:
    wire = Wire()
    with pytest.raises(TimeoutError):
        await wire.questions.ask("a/b", None, 0.01)
    assert [message["method"] for message in wire.sent] == ["a/b", "$/cancelRequest"]
    assert wire.sent[1]["params"] == {"id": wire.sent[0]["id"]}
    assert len(wire.questions) == 0
    assert not wire.questions.answered(Answer(wire.sent[0]["id"], "late", None))


async def test_whoever_asks_may_be_cancelled() -> None:
    wire = Wire()
    asking = asyncio.create_task(wire.questions.ask("a/b", None, 60))
    await wire.asked()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert wire.sent[-1]["method"] == "$/cancelRequest"
    assert len(wire.questions) == 0


async def test_a_person_chooses_dismisses_or_stays_silent(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    answers: list[Any] = [
        {"result": {"title": "Yes"}},
        {"result": None},
        {"result": {"title": "Maybe"}},
        {"error": {"code": 1, "message": ""}},
        None,
    ]
    fresh.answer = lambda request: answers[0]
    chosen = []
    while answers:
        chosen.append((await fresh.command("choose", {"question": "Really?", "seconds": 0.2}))["result"])
        answers.pop(0)
    assert chosen == ["Yes", None, None, None, None]
    asked = await fresh.notification("window/showMessageRequest")
    assert asked == {"type": 3, "message": "Really?", "actions": [{"title": "Yes"}, {"title": "No"}]}
    assert (await fresh.command("state"))["result"]["questions"] == 0


async def test_a_client_that_cannot_is_not_asked(client: RawClient) -> None:
    assert (await client.command("choose", {"question": "Really?"}))["result"] is None
    assert (await client.command("configuration", {"scopes": []}))["result"] is None
    assert (await client.command("show", {"uri": "file:///a"}))["result"] is False
    assert not [message for message in client.messages if "method" in message]


async def test_settings_and_documents(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    fresh.answer = lambda request: {"result": [{"a": 1}, None] if "configuration" in request["method"] else {"success": True}}
    assert (await fresh.command("configuration", {"scopes": ["file:///a", "file:///b"]}))["result"] == [{"a": 1}, None]
    assert (await fresh.notification("workspace/configuration"))["items"][1] == {"scopeUri": "file:///b", "section": "locus"}
    assert (await fresh.command("configuration", {"scopes": ["file:///a"]}))["result"] is None, "an answer of another length is none"
    assert (await fresh.command("show", {"uri": "file:///a"}))["result"] is True


async def test_a_question_ends_with_its_request(fresh: RawClient) -> None:
    await fresh.initialize(ABLE)
    fresh.answer = lambda request: None
    id = fresh.post("workspace/executeCommand", {"command": "choose", "arguments": [{"question": "Really?", "seconds": 600}]})
    await fresh.notification("window/showMessageRequest")
    fresh.notify("$/cancelRequest", {"id": id})
    assert (await fresh.reply(id))["error"]["code"] == -32800
    await fresh.notification("$/cancelRequest")
    assert (await fresh.command("state"))["result"]["questions"] == 0
