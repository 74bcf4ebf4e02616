"""Each request has one reply, and it says the right thing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from support.raw_lsp import RawClient, frame

PING = {"jsonrpc": "2.0", "id": "ping", "method": "locus/runs"}


def error_of(reply: dict[str, Any]) -> tuple[int, str]:
    return reply["error"]["code"], reply["error"]["message"]


async def test_commands_get_their_object_and_the_token(client: RawClient) -> None:
    async def echo(params: dict[str, Any]) -> Any:
        return await client.result("workspace/executeCommand", {"command": "echo"} | params)

    assert await echo({}) == {"arguments": {}, "token": None}
    assert await echo({"arguments": None}) == {"arguments": {}, "token": None}
    assert await echo({"arguments": []}) == {"arguments": {}, "token": None}
    given = {"jsonrpc": "2.0", "method": "x", "id": 1, "a-b": {"class": 1, "_x": [{"jsonrpc": "2.0"}]}, "type_name": "T", "n": "12"}
    assert await echo({"arguments": [given], "workDoneToken": "tk"}) == {"arguments": given, "token": "tk"}
    assert await echo({"workDoneToken": 7}) == {"arguments": {}, "token": 7}


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (None, "command"),
        (5, "params"),
        ([], "params"),
        ({}, "command"),
        ({"command": 5}, "command"),
        ({"command": "nothing"}, "'nothing'"),
        ({"command": "echo", "arguments": {}}, "arguments"),
        ({"command": "echo", "arguments": "x"}, "arguments"),
        ({"command": "echo", "arguments": [{}, {}]}, "one object"),
        ({"command": "echo", "arguments": [5]}, "arguments[0]"),
        ({"command": "echo", "arguments": [None]}, "arguments[0]"),
        ({"command": "echo", "workDoneToken": {}}, "workDoneToken"),
        ({"command": "echo", "workDoneToken": True}, "workDoneToken"),
    ],
)
async def test_wrong_command_params_are_named(in_process: Any, params: Any, says: str) -> None:
    code, message = await in_process.error("workspace/executeCommand", params)
    assert code == -32602
    assert says in message


@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("textDocument/hover", {"textDocument": 5}, "textDocument"),
        ("textDocument/hover", {"textDocument": {"uri": "a"}, "position": {"line": "x", "character": 0}}, "position.line"),
        ("textDocument/hover", {"textDocument": {"uri": "a"}}, "position"),
        ("textDocument/hover", None, "params"),
        ("textDocument/hover", [1], "params"),
        ("workspace/textDocumentContent", {}, "uri"),
        ("locus/runs", [1], "params"),
        ("locus/runs", "x", "params"),
    ],
)
async def test_wrong_params_are_named(in_process: Any, method: str, params: Any, says: str) -> None:
    code, message = await in_process.error(method, params)
    assert code == -32602
    assert says in message


async def test_custom_methods_get_plain_objects(client: RawClient) -> None:
    nested = {"jsonrpc": "2.0", "a-b": {"class": [{"jsonrpc": "2.0", "id": 1}]}, "type_name": "x"}
    assert await client.result("locus/runs", nested) == {"got": nested}
    client.send({"jsonrpc": "2.0", "id": "bare", "method": "locus/runs"})
    assert (await client.reply("bare"))["result"] == {"got": {}}
    client.notify("locus/unsubscribe", nested)
    assert await client.notification("test/said") == nested


async def test_failures_are_told_and_bugs_are_not(client: RawClient) -> None:
    reply = await client.command("fail", {"hint": "Try later"})
    assert reply["error"] == {"code": -32803, "message": "The tracker is out", "data": {"hint": "Try later"}}
    assert (await client.command("fail"))["error"] == {"code": -32803, "message": "The tracker is out"}
    reply = await client.command("reject")
    assert reply["error"] == {"code": -32602, "message": "number: must be positive", "data": {"hint": "give a task's number"}}
    for command in ("bug", "exit", "lost", "unserialisable", "nan", "notify-nan"):
        reply = await client.command(command)
        assert reply["error"].keys() == {"code", "message"}
        code, message = error_of(reply)
        found = re.fullmatch(r"Locus hit an internal error \(ref ([0-9a-f]{4})\); see the log", message)
        assert code == -32603
        assert found
        await client.command("echo")
        assert f"ref {found[1]}" in client.stderr or await logged(client, found[1])
    assert "secret" in client.stderr
    assert not [message for message in client.messages if "method" in message], "nothing pops up"


async def logged(client: RawClient, reference: str) -> bool:
    """stderr is another pipe: it may come later than the reply."""
    for _ in range(200):
        if reference in client.stderr:
            return True
        await client.command("echo")
    return False


async def test_unknown_methods(client: RawClient) -> None:
    assert error_of(await client.request("locus/nothing", {}))[0] == -32601
    assert error_of(await client.request("$/nothing", {}))[0] == -32601
    assert error_of(await client.request("textDocument/rename", {}))[0] == -32601
    for method in ("locus/nothing", "$/nothing", "$/cancelRequest", "$/setTrace", "textDocument/didSave", "test/bug"):
        client.notify(method, {"id": 999, "value": "off"})
        client.notify(method, "nonsense")
    assert await client.result("locus/runs", {}) == {"got": {}}
    assert not [message for message in client.messages if "method" in message], "nothing pops up"


@pytest.mark.parametrize(
    ("message", "id", "code"),
    [
        ([1], None, -32600),
        ([], None, -32600),
        (5, None, -32600),
        (None, None, -32600),
        ({}, None, -32600),
        ({"id": 5, "method": "locus/runs"}, 5, -32600),
        ({"jsonrpc": "1.0", "id": "x", "method": "locus/runs"}, "x", -32600),
        ({"jsonrpc": "2.0", "id": 5}, 5, -32600),
        ({"jsonrpc": "2.0", "id": 5, "method": 5}, 5, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "locus/runs"}, None, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "locus/runs"}, None, -32600),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "locus/runs"}, None, -32600),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "locus/runs"}, None, -32600),
    ],
)
async def test_what_is_no_message_is_answered_all_the_same(in_process: Any, message: Any, id: Any, code: int) -> None:
    reply = in_process.say(message)
    assert (reply["id"], reply["error"]["code"]) == (id, code)


async def test_bad_json_in_a_good_frame_costs_one_message(client: RawClient) -> None:
    for body in (b"{abc}", b"", b'{"jsonrpc":"2.0","id":1,"method":"locus/runs","params":{"n":NaN}}'):
        seen = len(client.messages)
        client.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        reply = await client.wait_for(lambda message: message["id"] is None, after=seen)
        assert reply["error"]["code"] == -32700
    assert await client.result("locus/runs", {}) == {"got": {}}


async def test_answers_nobody_waits_for_are_ignored(client: RawClient) -> None:
    client.send_bytes(frame({"jsonrpc": "2.0", "id": "locus-99", "result": 1}))
    client.send_bytes(frame({"jsonrpc": "2.0", "id": 99, "error": {"code": 1, "message": "x"}}))
    assert await client.result("locus/runs", {}) == {"got": {}}
    assert not client.replies(99)


async def test_an_id_in_use_is_refused_and_free_again_afterwards(client: RawClient) -> None:
    client.post("workspace/executeCommand", {"command": "sleep"}, id="one")
    await client.notification("test/said")
    client.post("locus/runs", {}, id="one")
    assert error_of(await client.reply("one"))[0] == -32600
    client.notify("$/cancelRequest", {"id": "one"})
    await client.wait_for(lambda message: message.get("id") == "one" and message["error"]["code"] == -32800)
    client.post("locus/runs", {}, id="one")
    assert (await client.wait_for(lambda message: message.get("id") == "one" and "result" in message))["result"] == {"got": {}}


async def test_requests_and_notifications_keep_their_order(client: RawClient) -> None:
    """A request sees the document as it was when it was sent, also when both arrive in one piece."""
    uri = "file:///a.txt"
    client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "x", "version": 1, "text": "0"}})
    ids = []
    for version in range(1, 30):
        ids.append(client.post("workspace/executeCommand", {"command": "text", "arguments": [{"uri": uri}]}))
        client.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version + 1}, "contentChanges": [{"text": str(version)}]},
        )
    texts = [(await client.reply(id))["result"]["source"] for id in ids]
    assert texts == [str(number) for number in range(29)]


async def test_two_thousand_requests_at_once(client: RawClient) -> None:
    ids = [client.post("locus/runs", {"n": number}) for number in range(2000)]
    assert [(await client.reply(id))["result"]["got"]["n"] for id in ids[-1:]] == [1999]
    assert len(client.replies(ids[0])) == 1
