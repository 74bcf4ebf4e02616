"""What it costs to listen to many agents at once: from a line that an agent prints to the task's events on disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks import ground
from benchmarks.measure import Row, above, times
from locus.agents import build
from locus.agents.protocol import Assignment
from locus.engine.stream import Stream
from locus.model.agent import Notice
from locus.model.config import AgentProfile

AGENTS, LINES, PAUSE = 20, 4, 0.02
"""Each prints so many lines at a time, so many seconds apart: 4,000 lines a second in all."""


async def lines(folder: Path, quick: bool) -> list[Row]:
    """Beside the same agents read through bare pipes, whose lines go nowhere: what is added, for the slowest line of a hundred, and in
    processor time of our own."""
    argv = ground.talking(seconds=2 if quick else 10, lines=LINES, pause=PAUSE)
    floor, floor_cpu = await _heard([_bare(argv) for _ in range(AGENTS)])
    late, cpu = await _heard([_locus(folder / str(number), argv) for number in range(AGENTS)])
    return [
        above(f"a line of {AGENTS} agents, 4,000 lines/s, on disk (p99)", late, floor, 0.1),
        times("own processor time for 1,000 such lines", cpu, floor_cpu, 5),
    ]


async def _heard(agents: list[AsyncIterator[float]]) -> tuple[float, float]:
    """Seconds that the 99th of a hundred lines took, and of processor time for a thousand."""
    waits: list[float] = []

    async def listen(agent: AsyncIterator[float]) -> None:
        waits.extend([waited async for waited in agent])

    before = time.process_time()
    await asyncio.gather(*map(listen, agents))
    spent = time.process_time() - before
    return sorted(waits)[len(waits) * 99 // 100], spent / len(waits) * 1000


async def _bare(argv: list[str]) -> AsyncIterator[float]:
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        yield _since(line.decode())
    await process.wait()


async def _locus(folder: Path, argv: list[str]) -> AsyncIterator[float]:
    folder.mkdir(parents=True)
    stream = Stream(folder)
    agent = build(AgentProfile(kind="shell", argv=tuple(argv)))
    assignment = Assignment("run-1", 1, root=folder, worktree=folder, prompt="", prompt_file=folder / "prompt.md", base="")
    async for event in (await agent.start(assignment)).events():
        stream.write(event, 1)
        if isinstance(event, Notice):
            yield _since(event.text)
    stream.close()


def _since(line: str) -> float:
    return (time.monotonic_ns() - int(line.split(" ", 1)[0])) / 1e9
