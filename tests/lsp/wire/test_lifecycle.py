"""initialize, shutdown, exit: what is answered when, and with which code the process ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import locus
from lsp.wire.conftest import Connect
from support.raw_lsp import RawClient, frame, scrubbed

VSCODE_LIKE = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True, "showMessage": {}, "showDocument": {"support": True}},
    "experimental": {"locus": {"version": 1}},
}


def code(reply: dict[str, Any]) -> int:
    value: int = reply["error"]["code"]
    return value


async def test_the_matrix(fresh: RawClient) -> None:
    requests: list[tuple[str, Any]] = [
        ("locus/runs", {}),
        ("workspace/executeCommand", {"command": "echo"}),
        ("shutdown", None),
        ("locus/nothing", None),
    ]
    for method, params in requests:
        assert code(await fresh.request(method, params)) == -32002
    fresh.notify("locus/unsubscribe", {"what": "too early"})
    assert code(await fresh.request("initialize", {"processId": "x", "capabilities": {}})) == -32602
    assert code(await fresh.request("initialize", 5)) == -32602
    assert code(await fresh.request("locus/runs", {})) == -32002
    await fresh.initialize(VSCODE_LIKE)
    assert code(await fresh.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})) == -32600
    assert await fresh.result("locus/runs", {}) == {"got": {}}
    assert await fresh.result("shutdown") is None
    for method, params in [*requests, ("initialize", {"processId": None, "rootUri": None, "capabilities": {}})]:
        assert code(await fresh.request(method, params)) == -32600
    fresh.notify("locus/unsubscribe", {"what": "too late"})
    fresh.notify("exit")
    assert await fresh.exit_code() == 0
    assert not [message for message in fresh.messages if "method" in message]


async def test_what_initialize_answers(fresh: RawClient) -> None:
    options = {"settings": {"jsonrpc": "2.0", "a": [1]}}
    result = await fresh.initialize({}, initializationOptions=options)
    assert result["serverInfo"] == {"name": "locus", "version": locus.__version__}
    capabilities = result["capabilities"]
    assert capabilities["positionEncoding"] == "utf-16"
    assert capabilities["textDocumentSync"] == {"openClose": True, "change": 2, "save": False}
    assert capabilities["experimental"] == {"locus": {"version": 1}}
    assert {"echo", "fail"} <= set(capabilities["executeCommandProvider"]["commands"])
    assert capabilities["hoverProvider"] is True
    assert "completionProvider" not in capabilities
    assert capabilities["workspace"]["textDocumentContent"] == {"schemes": ["locus"]}
    assert await fresh.notification("test/options") == {"options": options}


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["utf-32", "utf-16"], "utf-32"), (["utf-8"], "utf-8"), (["x"], "utf-16"), (None, "utf-16")]
)
async def test_the_position_encoding_is_the_clients_first_that_we_know(in_process: Any, offered: Any, chosen: str) -> None:
    general = {} if offered is None else {"general": {"positionEncodings": offered}}
    reply = in_process.say(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": general}}
    )
    assert reply["result"]["capabilities"]["positionEncoding"] == chosen


async def test_a_capability_from_the_future_costs_its_section_only(in_process: Any) -> None:
    capabilities = VSCODE_LIKE | {"textDocument": {"documentSymbol": {"symbolKind": {"valueSet": [1, 9999]}}}}
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    reply = in_process.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    assert "result" in reply
    assert in_process.server.client.capabilities.work_done_progress
    assert not in_process.server.client.capabilities.code_lens


async def test_the_clients_capabilities_have_names(in_process: Any) -> None:
    able = in_process.server.client
    assert not able.capabilities.work_done_progress
    assert able.capabilities.locus_version is None
    capabilities = {
        "window": {"workDoneProgress": True, "showMessage": {}, "showDocument": {"support": True}},
        "workspace": {
            "configuration": True,
            "applyEdit": True,
            "codeLens": {"refreshSupport": True},
            "didChangeConfiguration": {"dynamicRegistration": True},
            "didChangeWatchedFiles": {"dynamicRegistration": True},
            "workspaceEdit": {"documentChanges": True},
            "textDocumentContent": {"dynamicRegistration": False},
        },
        "textDocument": {
            "codeLens": {},
            "codeAction": {"disabledSupport": True, "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
            "publishDiagnostics": {"relatedInformation": True},
        },
        "experimental": {"locus": {"version": 1}},
    }
    params = {"processId": None, "rootUri": None, "capabilities": capabilities, "clientInfo": {"name": "Ed", "version": "2"}}
    in_process.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    can = able.capabilities
    names = [name for name in dir(can) if isinstance(getattr(type(can), name, None), property)]
    assert {name: getattr(can, name) for name in names} == {name: 1 if name == "locus_version" else True for name in names}
    assert (can.name, can.version) == ("Ed", "2")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], 1),
        (["exit"], 1),
        (["initialize", "exit"], 1),
        (["initialize"], 1),
        (["shutdown", "exit"], 1),
        (["initialize", "shutdown"], 0),
        (["initialize", "shutdown", "exit"], 0),
        (["initialize", "shutdown", "exit", "locus/runs"], 0),
        (["initialize", "garbage"], 1),
        (["initialize", "shutdown", "garbage"], 1),
    ],
)
def test_exit_codes_when_everything_arrives_at_once(argv: list[str], tmp_path: Path, messages: list[str], expected: int) -> None:
    """Sent in one piece, from a file: what a client says without waiting for anything."""
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    stream = b""
    for number, method in enumerate(messages):
        message = {"jsonrpc": "2.0", "method": method, "params": params if method == "initialize" else None}
        stream += b"garbage " if method == "garbage" else frame(message if method == "exit" else message | {"id": number})
    file = tmp_path / "stdin"
    file.write_bytes(stream)
    with file.open("rb") as stdin:
        run = subprocess.run(argv, stdin=stdin, capture_output=True, env=scrubbed(tmp_path), cwd=tmp_path, timeout=20, check=False)
    assert run.returncode == expected, run.stderr
    replies = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in run.stdout.split(b"Content-Length")[1:]]
    asked = [number for number, method in enumerate(messages) if method not in ("exit", "garbage")]
    end = messages.index("exit") if "exit" in messages else len(messages)
    assert sorted(reply["id"] for reply in replies) == [number for number in asked if number < end]
    if "shutdown" in messages and "initialize" in messages:
        assert {"jsonrpc": "2.0", "id": messages.index("shutdown"), "result": None} in replies


async def test_shutdown_and_exit_back_to_back_with_work_in_flight(client: RawClient, connect: Connect) -> None:
    working = client.post("workspace/executeCommand", {"command": "sleep"})
    await client.notification("test/said")
    ending = client.post("shutdown")
    client.notify("exit")
    assert await client.exit_code() == 0
    assert code(await client.reply(working)) == -32800
    assert (await client.reply(ending))["result"] is None
    assert [message["params"]["what"] for message in client.messages if "method" in message] == ["started", "stopped"]


async def test_shutdown_waits_for_work_to_end_and_its_hooks_run_once(connect: Connect, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    async with connect(TEST_TRACE=str(trace)) as client:
        await client.initialize()
        working = client.post("workspace/executeCommand", {"command": "sleep"})
        await client.notification("test/said")
        assert await client.result("shutdown") is None
        assert code(client.replies(working)[0]) == -32800
        client.notify("exit")
        assert await client.exit_code() == 0
    assert trace.read_text() == "stop hook\n"


async def test_nothing_that_hangs_holds_up_the_end(connect: Connect) -> None:
    """A stop hook, a command that ignores its cancellation and threads, all of which would take a minute or more."""
    async with connect(TEST_STOP_SECONDS="600") as client:
        await client.initialize()
        stubborn = client.post("workspace/executeCommand", {"command": "stubborn"})
        await client.notification("test/said")
        await client.command("threads", {"count": 3})
        ending = client.post("shutdown")
        client.notify("exit")
        assert await client.exit_code() == 0
        assert code(await client.reply(stubborn)) == -32800
        assert (await client.reply(ending))["result"] is None
