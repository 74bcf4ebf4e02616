"""Ways in which a client goes without saying so."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from locus.lsp import parent
from lsp.wire.conftest import Connect
from support.raw_lsp import RawClient

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


async def in_flight(client: RawClient) -> int | str:
    id = client.post("workspace/executeCommand", {"command": "sleep"})
    await client.notification("test/said", lambda params: params["what"] == "started")
    return id


async def assert_stopped(client: RawClient, working: int | str, trace: str) -> None:
    """The same road for every end: work is cancelled, answered, and the hooks run."""
    assert (await client.reply(working))["error"]["code"] == -32800
    await client.notification("test/said", lambda params: params["what"] == "stopped")
    assert trace == "stop hook\n"


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda client: client.stdin.close(), id="end of stdin"),
        pytest.param(lambda client: client.process.send_signal(signal.SIGTERM), id="SIGTERM", marks=posix),
        pytest.param(lambda client: client.process.send_signal(signal.SIGHUP), id="SIGHUP", marks=posix),
        pytest.param(lambda client: client.notify("exit"), id="exit"),
    ],
)
async def test_the_one_road(connect: Connect, tmp_path: Path, end: Callable[[RawClient], None]) -> None:
    trace = tmp_path / "trace"
    async with connect(TEST_TRACE=str(trace)) as client:
        await client.initialize()
        working = await in_flight(client)
        end(client)
        assert await client.exit_code() == 1
        await assert_stopped(client, working, trace.read_text())


@posix
async def test_a_signal_after_shutdown_ends_with_0(client: RawClient) -> None:
    await client.result("shutdown")
    client.process.send_signal(signal.SIGTERM)
    assert await client.exit_code() == 0


@pytest.fixture
async def somebody() -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that stays until it is killed."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import sys; sys.stdin.read()", stdin=asyncio.subprocess.PIPE)
    yield process
    if process.returncode is None:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("after_shutdown", [False, True])
async def test_a_vanished_client_ends_the_server_although_somebody_holds_its_pipe(
    connect: Connect, tmp_path: Path, somebody: asyncio.subprocess.Process, after_shutdown: bool
) -> None:
    """We hold the pipe: the client, as the server knows it, is another process, and that is killed."""
    trace = tmp_path / "trace"
    async with connect(TEST_TRACE=str(trace)) as client:
        await client.initialize(processId=somebody.pid)
        working = await in_flight(client)
        if after_shutdown:
            await client.result("shutdown")
        somebody.kill()
        await somebody.wait()
        assert await client.exit_code() == (0 if after_shutdown else 1)
        await assert_stopped(client, working, trace.read_text())
        assert str(somebody.pid) in client.stderr


async def test_a_client_that_is_gone_already_ends_the_server(connect: Connect, somebody: asyncio.subprocess.Process) -> None:
    somebody.kill()
    await somebody.wait()
    async with connect() as client:
        await client.initialize(processId=somebody.pid)
        assert await client.exit_code() == 1


async def test_a_client_without_a_process_is_not_watched(fresh: RawClient) -> None:
    await fresh.initialize(processId=-1)
    assert await fresh.result("locus/runs", {}) == {"got": {}}


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
async def test_a_zombie_is_gone_and_a_number_is_no_identity(somebody: asyncio.subprocess.Process) -> None:
    identity = parent.identity(somebody.pid)
    assert identity is not None
    assert identity == parent.identity(somebody.pid)
    assert parent.identity(1) not in (None, identity)
    code = "import subprocess, sys; print(subprocess.Popen(['true']).pid, flush=True); sys.stdin.read()"  # never waits for its child
    careless = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert careless.stdin and careless.stdout
    async with asyncio.timeout(10):
        await parent.vanished(int(await careless.stdout.readline()), every=0.01)
    careless.stdin.close()
    await careless.wait()


async def test_a_framing_error_is_logged_and_ends_with_1_after_the_replies_before_it(fresh: RawClient) -> None:
    await fresh.initialize()
    before = fresh.post("locus/runs", {})
    fresh.send_bytes(b"print() output\n")
    assert await fresh.exit_code() == 1
    assert (await fresh.reply(before))["result"] == {"got": {}}
    assert "not a header line" in fresh.stderr
