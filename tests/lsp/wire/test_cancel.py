"""$/cancelRequest stops the work, not only the reply."""

from __future__ import annotations

from typing import Any

from support.raw_lsp import RawClient


async def test_a_cancelled_command_really_stops_before_its_reply(client: RawClient) -> None:
    id = client.post("workspace/executeCommand", {"command": "sleep"})
    await client.notification("test/said", lambda params: params["what"] == "started")
    client.notify("$/cancelRequest", {"id": id})
    reply = await client.reply(id)
    assert reply["error"]["code"] == -32800
    said = [message.get("params", {}).get("what") for message in client.messages[: client.messages.index(reply)]]
    assert "stopped" in said
    assert (await client.command("state"))["result"]["calls"] == 1


async def test_cancelling_what_has_just_been_sent(client: RawClient) -> None:
    """In one piece with its request: the coroutine has had its first step and no more."""
    ids = []
    for _ in range(50):
        ids.append(client.post("workspace/executeCommand", {"command": "sleep"}))
        client.notify("$/cancelRequest", {"id": ids[-1]})
    for id in ids:
        assert (await client.reply(id))["error"]["code"] == -32800


async def test_cancelling_what_is_over_or_never_was(client: RawClient) -> None:
    reply = await client.command("echo")
    for id in (reply["id"], 12345, "nobody"):
        client.notify("$/cancelRequest", {"id": id})
    nonsense: tuple[Any, ...] = (None, {}, {"id": []}, {"id": None}, 5)
    for params in nonsense:
        client.notify("$/cancelRequest", params)
    assert (await client.command("echo"))["result"]["token"] is None


async def test_a_command_that_ends_at_once_may_answer_although_it_was_cancelled(client: RawClient) -> None:
    id = client.post("workspace/executeCommand", {"command": "echo"})
    client.notify("$/cancelRequest", {"id": id})
    await client.reply(id)
