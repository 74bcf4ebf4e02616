"""The pipes belong to the transport, and a client that does not read costs nobody else anything."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.raw_lsp import DEADLINE, RawClient, frame, scrubbed, start

INITIALIZE = {"jsonrpc": "2.0", "id": "i", "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}


async def written(file: Path) -> str:
    """Its text, once it is there."""
    async with asyncio.timeout(DEADLINE):
        while not file.exists() or not file.read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    return file.read_text()


async def test_a_client_that_does_not_read_stops_nothing(client: RawClient, tmp_path: Path) -> None:
    client.pause()
    client.post("workspace/executeCommand", {"command": "block", "arguments": [{"messages": 3000, "file": str(tmp_path / "done")}]})
    await written(tmp_path / "done")  # three megabytes have been sent, and nobody has read them
    keyed = client.post("workspace/executeCommand", {"command": "keyed", "arguments": [{"messages": 500, "file": str(tmp_path / "keyed")}]})
    await written(tmp_path / "keyed")
    client.resume()
    await client.reply(keyed)
    flood = [message["params"]["number"] for message in client.messages if message.get("method") == "test/flood"]
    assert flood == list(range(3000))
    latest = [message["params"]["number"] for message in client.messages if message.get("method") == "test/keyed"]
    assert latest == [499]


async def test_a_client_that_reads_gets_every_keyed_message_of_a_short_queue(client: RawClient, tmp_path: Path) -> None:
    await client.command("keyed", {"messages": 20, "file": str(tmp_path / "keyed")})
    assert [message["params"]["number"] for message in client.messages if "method" in message] == list(range(20))


async def test_the_server_ends_although_nobody_reads(argv: list[str], tmp_path: Path) -> None:
    client = await start(argv, cwd=tmp_path, env=scrubbed(tmp_path))
    await client.initialize()
    client.pause()
    client.post("workspace/executeCommand", {"command": "block", "arguments": [{"messages": 3000, "file": str(tmp_path / "done")}]})
    await written(tmp_path / "done")
    client.stdin.close()
    assert await client.exit_code() == 1
    await client.close()


async def test_nobody_reading_the_log_stops_nothing(client: RawClient) -> None:
    client.ignore_stderr()
    assert "result" in await client.command("log", {"records": 20_000})
    assert await client.result("shutdown") is None
    client.notify("exit")
    assert await client.exit_code() == 0


async def test_print_and_descriptor_1_go_to_the_log_and_stdin_is_empty(client: RawClient) -> None:
    id = client.post("workspace/executeCommand", {"command": "print"})
    echo = client.post("workspace/executeCommand", {"command": "echo"})
    assert (await client.reply(id))["result"] == ""
    assert "result" in await client.reply(echo)
    await client.leave()
    assert "print() is for people" in client.stderr
    assert "and so is descriptor 1" in client.stderr


async def test_a_child_process_sees_nothing_of_the_wire(client: RawClient) -> None:
    ids = [client.post("workspace/executeCommand", {"command": "child"})]
    ids += [client.post("workspace/executeCommand", {"command": "echo"}) for _ in range(20)]
    assert (await client.reply(ids[0]))["result"] == "b''"
    for id in ids[1:]:
        assert "result" in await client.reply(id)
    await client.leave()
    assert "from the child" in client.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a socket as standard input")
def test_one_socket_for_both_directions(argv: list[str], tmp_path: Path) -> None:
    """As inetd and socat do it: reading makes the socket non-blocking for the writer as well."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, env=scrubbed(tmp_path), cwd=tmp_path
        )
        theirs.close()
        ours.settimeout(DEADLINE)
        flood = {"command": "block", "arguments": [{"messages": 2000, "file": str(tmp_path / "done")}]}
        ours.sendall(frame(INITIALIZE))
        ours.sendall(frame({"jsonrpc": "2.0", "id": 1, "method": "workspace/executeCommand", "params": flood}))
        assert asyncio.run(written(tmp_path / "done"))  # two megabytes; the socket's buffer was full long before
        received = b""
        while b'"id":1,' not in received:
            received += ours.recv(1 << 20)
        ours.sendall(frame({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}) + frame({"jsonrpc": "2.0", "method": "exit"}))
        while data := ours.recv(1 << 20):
            received += data
        assert process.wait(DEADLINE) == 0
    messages = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in received.split(b"Content-Length: ")[1:]]
    assert [message["params"]["number"] for message in messages if "method" in message] == list(range(2000))
    assert [message["id"] for message in messages if "id" in message] == ["i", 1, 2]


async def test_a_client_that_closes_its_end_is_gone(argv: list[str], tmp_path: Path) -> None:
    client = await start(argv, cwd=tmp_path, env=scrubbed(tmp_path))
    await client.initialize()
    client.process.stdout._transport.close()  # type: ignore[union-attr] # asyncio has no other way to close it
    client.send_bytes(frame({"jsonrpc": "2.0", "id": 5, "method": "locus/runs"}))
    assert await client.exit_code() == 1
    await client.close()


@pytest.mark.parametrize("closed", [0, 1])
def test_a_closed_descriptor_is_a_clear_end(argv: list[str], tmp_path: Path, closed: int) -> None:
    code = f"import os, sys; os.close({closed}); os.execv(sys.argv[1], sys.argv[1:])"
    run = subprocess.run(
        [sys.executable, "-c", code, *argv], input=b"", capture_output=True, env=scrubbed(tmp_path), cwd=tmp_path, timeout=20, check=False
    )
    assert run.returncode == 1
