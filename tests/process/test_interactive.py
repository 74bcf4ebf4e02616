"""A supervised process whose stdin stays open."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from locus.errors import ProcessFailed
from locus.process import supervise
from support.procs import Start, alive, until_async

pytestmark = pytest.mark.usefixtures("supervisors")

PATIENCE = 10.0
"""Seconds for what has to come."""


async def test_both_sides_talk_until_one_closes(start: Start) -> None:
    script = 'while read -r word; do echo "heard $word"; done; echo bye; exit 3'
    agent = await start(["sh", "-c", script], input=b"first\n", interactive=True)
    assert await anext(agent.lines) == ("stdout", b"heard first")
    for word in (b"second", b"third"):
        assert await agent.write(word + b"\n")
        assert await anext(agent.lines) == ("stdout", b"heard " + word)
    agent.close_stdin()
    assert [line async for _, line in agent.lines] == [b"bye"]
    assert await agent.wait() == 3
    assert not await agent.write(b"late\n")
    agent.close_stdin()  # nothing, for one that is gone


async def test_the_end_comes_after_all_that_was_written(start: Start) -> None:
    agent = await start(["sh", "-c", "sleep 0.2; wc -c"], interactive=True)
    writing = asyncio.create_task(agent.write(b"x" * 1_000_000))
    await asyncio.sleep(0)
    agent.close_stdin()
    assert [line.strip() async for _, line in agent.lines] == [b"1000000"]
    await writing


async def test_what_is_written_at_once_by_many_stays_apart(start: Start) -> None:
    agent = await start(["sort"], interactive=True)
    lines = [b"%03d" % number * 30_000 for number in range(12)]
    assert all(await asyncio.gather(*(agent.write(line + b"\n") for line in lines)))
    agent.close_stdin()
    assert [line async for _, line in agent.lines] == lines


async def test_one_that_does_not_read_makes_the_writer_wait(start: Start, tmp_path: Path) -> None:
    agent = await start(["sh", "-c", "until [ -e go ]; do sleep 0.01; done; wc -c"], interactive=True)
    writing = asyncio.create_task(agent.write(b"x" * 1_000_000))
    await asyncio.wait({writing}, timeout=0.3)
    assert not writing.done()
    (tmp_path / "go").touch()
    async with asyncio.timeout(PATIENCE):
        assert await writing
    agent.close_stdin()
    assert [line.strip() async for _, line in agent.lines] == [b"1000000"]


@pytest.mark.parametrize("how", ["kill", "interrupt"])
async def test_a_writer_that_waits_goes_on_when_the_agent_is_gone(start: Start, how: str) -> None:
    agent = await start(["sleep", "600"], interactive=True)
    writing = asyncio.create_task(agent.write(b"x" * 1_000_000))
    await asyncio.wait({writing}, timeout=0.05)
    assert not writing.done()
    await getattr(agent, how)()
    async with asyncio.timeout(PATIENCE):
        assert not await writing
    assert await agent.wait() in (130, 137)


async def test_an_agent_that_closes_its_stdin_is_written_to_in_vain(start: Start) -> None:
    agent = await start(["sh", "-c", "exec <&-; echo closed; exec sleep 600"], interactive=True)
    assert await anext(agent.lines) == ("stdout", b"closed")
    async with asyncio.timeout(PATIENCE):
        while await agent.write(b"x" * 100_000):
            pass
    assert alive(agent.pid)


async def test_the_end_of_one_is_not_kept_open_by_another(start: Start) -> None:
    first = await start(["cat"], interactive=True)
    second = await start(["cat"], interactive=True)
    first.close_stdin()
    async with asyncio.timeout(PATIENCE):
        assert await first.wait() == 0
    assert await second.write(b"still\n")
    assert await anext(second.lines) == ("stdout", b"still")


async def test_without_it_stdin_is_the_input_and_ends(start: Start) -> None:
    agent = await start(["cat"], input=b"all of it\n")
    assert [line async for _, line in agent.lines] == [b"all of it"]
    with pytest.raises(RuntimeError, match="not started interactive"):
        await agent.write(b"more\n")
    with pytest.raises(RuntimeError, match="not started interactive"):
        agent.close_stdin()


async def test_one_that_could_not_be_started_leaves_no_pipe(tmp_path: Path, env: dict[str, str]) -> None:
    def opened() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = opened()
    for _ in range(5):
        with pytest.raises(ProcessFailed, match="no such program"):
            await supervise(["no-such-agent"], cwd=tmp_path, env=env, input=b"x" * 200_000, interactive=True)
    await until_async(lambda: opened() <= before + 2)  # what asyncio opens to watch its first child stays
