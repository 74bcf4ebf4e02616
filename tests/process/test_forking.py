"""Supervisors that are forked, not started: what is special about that. What is the same is tested with both (`supervisors`)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from locus.errors import ProcessFailed
from locus.process import forking, supervise
from locus.process.forking import ForkServer, fork_server
from support.procs import Family, Start, alive, carriers, child_of, exists, numbers, parent_of, until, until_async

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each is started")


@pytest.fixture
def server(env: dict[str, str]) -> Iterator[ForkServer]:
    with forking():
        made = fork_server()
        assert made is not None
        yield made
        pid = made.pid
    assert fork_server() is None
    assert not exists(pid), "it ends with the block, and is reaped"


async def test_one_is_forked_and_reaped_when_it_has_ended(server: ForkServer, start: Start) -> None:
    agent = await start(["sh", "-c", "read -r line; exit 3"], interactive=True)
    assert parent_of(agent.supervisor_pid) == server.pid and child_of(agent.supervisor_pid) == agent.pid
    agent.close_stdin()
    assert await agent.wait() == 3
    await until_async(lambda: not exists(agent.supervisor_pid))


async def test_many_at_once_have_their_own_streams(server: ForkServer, start: Start) -> None:
    agents = await asyncio.gather(*(start(["sh", "-c", f"cat; echo {number}"], input=b"in\n") for number in range(20)))
    assert [[line async for _, line in agent.lines] for agent in agents] == [[b"in", b"%d" % number] for number in range(20)]


async def test_it_has_nothing_of_what_it_has_handed_on(server: ForkServer, start: Start) -> None:
    before = set(os.listdir(f"/proc/{server.pid}/fd"))
    await start(["sleep", "600"])
    assert set(os.listdir(f"/proc/{server.pid}/fd")) == before


async def test_what_is_too_long_for_an_order_is_started(server: ForkServer, start: Start) -> None:
    agent = await start(["sh", "-c", 'read -r line; echo "${#1}"', "sh", "x" * 110_000], interactive=True)
    assert parent_of(agent.supervisor_pid) == os.getpid() != server.pid
    agent.close_stdin()
    assert [line async for _, line in agent.lines] == [b"110000"]


async def test_agents_outlive_it_and_others_are_started(server: ForkServer, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    agent = await start(["sh", "-c", "read -r line; echo $line; exit 4"], interactive=True)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not alive(server.pid))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            other = await start(["sh", "-c", "exit 5"])
            assert await other.wait() == 5
    assert len([record for record in caplog.records if "one by one" in record.getMessage()]) == 1, "said once"
    assert await agent.write(b"still here\n")
    assert [line async for _, line in agent.lines] == [b"still here"]
    assert await agent.wait() == 4


async def test_one_that_dies_over_an_order_leaves_nothing(
    server: ForkServer, tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have forked before: who has sent the order cannot know."""
    send_fds = socket.send_fds

    def killing(*order: Any) -> int:
        sent = send_fds(*order)
        os.kill(server.pid, signal.SIGKILL)
        return sent

    os.kill(server.pid, signal.SIGSTOP)
    monkeypatch.setattr(socket, "send_fds", killing)
    with pytest.raises(ProcessFailed, match="what forks them is gone"):
        await supervise(["sleep", "600"], cwd=tmp_path, env=env | {"LOCUS_TEST": str(tmp_path)})
    assert not carriers("LOCUS_TEST", str(tmp_path))
    async with await supervise(["true"], cwd=tmp_path, env=env) as agent:
        assert await agent.wait() == 0


async def test_a_folder_that_vanishes_is_our_failure(
    server: ForkServer, tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locus.process.child.require_folder", lambda *_: None)
    with pytest.raises(ProcessFailed, match="cannot be started"):
        await supervise(["true"], cwd=tmp_path / "gone", env=env)


RUNNER = """
import asyncio, os, sys
from pathlib import Path
from locus.process import forking, mark_children, supervise
from locus.process.forking import fork_server
mark_children(sys.argv[2])
async def main():
    agent = await supervise(sys.argv[3:], cwd=Path.cwd(), env={"FAMILY": os.environ["FAMILY"]}, grace=(0.2, 0.2))
    Path(sys.argv[1]).write_text(f"{agent.supervisor_pid} {fork_server().pid}\\n")
    await agent.wait()
with forking():
    asyncio.run(main())
"""


async def test_a_killed_runner_leaves_neither_it_nor_what_it_forked(tmp_path: Path, env: dict[str, str], family: Family) -> None:
    run_id, note = f"run-{os.getpid()}-forks", tmp_path / "pids"
    runner = await asyncio.create_subprocess_exec(sys.executable, "-c", RUNNER, str(note), run_id, *family.argv(), cwd=tmp_path, env=env)
    await until_async(family.complete)
    supervisor, server = await until_async(lambda: numbers(note))
    assert {supervisor, server} <= set(carriers("LOCUS_RUN_ID", run_id)), "both are known to be the run's"
    runner.kill()
    await runner.wait()
    until(lambda: not alive(server), 2)
    until(lambda: not family.survivors() and not alive(supervisor), 5)
