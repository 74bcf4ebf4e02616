"""Runs the repository's verification commands in a worktree. What fails goes back to the agent."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from locus import process
from locus.engine.run import Run
from locus.engine.verdicts import interrupted
from locus.errors import ProcessFailed
from locus.model.config import Command, VerifyCommand
from locus.model.events import Verified

OUTPUT_LINES = 400
OUTPUT_CHARS = 20_000
"""What is kept of a command's output: its end."""


async def verify(run: Run, number: int, worktree: Path, hold: Sequence[int]) -> list[Verified]:
    """The results that failed; all are in the journal. Every command runs, so that the agent hears of all at once.

    Raises TaskEnded(interrupted) when a person stops the task meanwhile.
    """
    failures: list[Verified] = []
    for command in run.config.verify:
        result = await _one(run, number, command, worktree, hold)
        run.record(result, number)
        if not result.ok:
            failures.append(result)
    return failures


def argv_of(command: Command) -> list[str]:
    if not isinstance(command, str):
        return list(command)
    return ["cmd", "/c", command] if sys.platform == "win32" else ["sh", "-c", command]


def text_of(command: Command) -> str:
    return command if isinstance(command, str) else " ".join(command)


async def _one(run: Run, number: int, command: VerifyCommand, worktree: Path, hold: Sequence[int]) -> Verified:
    env = process.agent_env({"LOCUS_RUN_ID": run.id, "LOCUS_TASK": str(number), "LOCUS_WORKTREE": str(worktree)})
    try:
        supervised = await process.supervise(argv_of(command.run), cwd=worktree, env=env, hold=hold, line_cap=OUTPUT_CHARS)
    except ProcessFailed as error:
        return Verified(name=command.name, ok=False, output=str(error))
    lines: deque[str] = deque(maxlen=OUTPUT_LINES)
    async with supervised:
        stopping = asyncio.create_task(_stop(run, number, supervised))
        try:
            async with asyncio.timeout(command.timeout) as time:
                await _read(supervised, lines)
                await supervised.wait()  # it may have closed its streams and go on
        except TimeoutError:
            await supervised.kill()
        finally:
            stopping.cancel()
        code = await supervised.wait()
    if run.control.stop.of(number).is_set():
        raise interrupted("stopped by a person")
    output = "\n".join(lines)[-OUTPUT_CHARS:]
    if time.expired():
        return Verified(name=command.name, ok=False, output=f"{output}\n[still running after {command.timeout:g} s, ended]".strip())
    return Verified(name=command.name, ok=code == 0, code=code, output="" if code == 0 else output)


async def _stop(run: Run, number: int, supervised: process.Supervised) -> None:
    await run.control.stop.of(number).wait()
    await supervised.interrupt()
    await run.control.force.of(number).wait()
    await supervised.kill()


async def _read(supervised: process.Supervised, lines: deque[str]) -> None:
    async for _, line in supervised.lines:
        lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))
