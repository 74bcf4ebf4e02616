"""Runs the repository's verification commands in a worktree. What fails goes back to the agent."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from locus import process
from locus.engine.problems import Understood, folder_of, guess, placed, understand, unplaced
from locus.engine.problems.cleaning import plain_lines
from locus.engine.run import Run
from locus.engine.verdicts import interrupted
from locus.errors import ProcessFailed
from locus.model.config import Command, VerifyCommand
from locus.model.events import Verified
from locus.repo import work
from locus.repo.files import real

OUTPUT_CHARS = 20_000
"""What the journal keeps of a command's output: its end."""

READ_CHARS = 1_000_000
"""Problems are looked for in so much of its beginning, and in so much of its end."""

_LINE_OVERHEAD = 64
"""What an empty line costs us."""


class _Output:
    """The beginning and the end of what a command prints, as lines."""

    def __init__(self) -> None:
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._room, self._size = READ_CHARS, 0

    def add(self, line: str) -> None:
        if self._room > 0:
            self._head.append(line)
            self._room -= len(line) + _LINE_OVERHEAD
            return
        self._tail.append(line)
        self._size += len(line) + _LINE_OVERHEAD
        while self._size > READ_CHARS:
            self._size -= len(self._tail.popleft()) + _LINE_OVERHEAD

    def whole(self) -> str:
        return "\n".join((*self._head, *self._tail))

    def end(self) -> str:
        """Without colours."""
        return "\n".join(plain_lines(self.whole()[-2 * OUTPUT_CHARS :]))[-OUTPUT_CHARS:]


async def verify(run: Run, number: int, worktree: Path, hold: Sequence[int]) -> list[Verified]:
    """The results that failed; all are in the journal. Every command runs, so that the agent hears of all at once.

    Raises TaskEnded(interrupted) when a person stops the task meanwhile.
    """
    failures: list[Verified] = []
    for command in run.config.verify:
        result = await _one(run, number, command, worktree, hold)
        if not result.ok and run.request.origins.get("verify") == "found":
            result = await _own(run, number, command, result, hold)
        run.record(result, number)
        if not result.ok:
            failures.append(result)
    return failures


def argv_of(command: Command) -> list[str]:
    if not isinstance(command, str):
        return list(command)
    return ["cmd", "/c", command] if sys.platform == "win32" else ["sh", "-c", command]


async def _own(run: Run, number: int, command: VerifyCommand, result: Verified, hold: Sequence[int]) -> Verified:
    """Nobody has asked for a check that was found: what it says of the commit that the task began on is not the task's fault."""

    async def again(worktree: Path) -> Verified:
        return await _one(run, number, command, worktree, hold)

    start = run.task(number).start
    return result if start is None else await run.before.held(run.repo, run.trash, start, result, again)


async def _one(run: Run, number: int, command: VerifyCommand, worktree: Path, hold: Sequence[int]) -> Verified:
    env = process.agent_env({"LOCUS_RUN_ID": run.id, "LOCUS_TASK": str(number), "LOCUS_WORKTREE": str(worktree)})
    try:
        supervised = await process.supervise(argv_of(command.run), cwd=worktree, env=env, hold=hold, line_cap=OUTPUT_CHARS)
    except ProcessFailed as error:
        return Verified(name=command.name, ok=False, output=str(error))
    output = _Output()
    async with supervised:
        stopping = asyncio.create_task(_stop(run, number, supervised))
        try:
            async with asyncio.timeout(command.timeout) as time:
                await _read(supervised, output)
                await supervised.wait()  # it may have closed its streams and go on
        except TimeoutError:
            await supervised.kill()
        finally:
            stopping.cancel()
        code = await supervised.wait()
    if run.control.stop.of(number).is_set():
        raise interrupted("stopped by a person")
    if code == 0 and not time.expired():
        return Verified(name=command.name, ok=True, code=0)
    understood = await _understood(command, output.whole(), worktree)
    late = time.expired()
    end = f"{output.end()}\n[still running after {command.timeout:g} s, ended]".strip() if late else output.end()
    return Verified(
        name=command.name,
        ok=False,
        code=None if late else code,
        output=end,
        problems=understood.problems,
        more_problems=understood.more,
    )


async def _understood(command: VerifyCommand, output: str, worktree: Path) -> Understood:
    def exists(path: str) -> bool:
        return (worktree / path).is_file()

    roots = list(dict.fromkeys((str(worktree), str(real(worktree)))))
    parsers = (command.parser,) if command.parser is not None else guess(command.run)
    found = await asyncio.to_thread(understand, command.name, output, parsers, roots, exists, folder_of(command.run))
    if unplaced(found.problems, exists):
        found = replace(found, problems=placed(found.problems, command.run, await work.files(worktree)))
    return found


async def _stop(run: Run, number: int, supervised: process.Supervised) -> None:
    await run.control.stop.of(number).wait()
    await supervised.interrupt()
    await run.control.force.of(number).wait()
    await supervised.kill()


async def _read(supervised: process.Supervised, output: _Output) -> None:
    async for _, line in supervised.lines:
        output.add(line.decode("utf-8", "replace").rstrip("\r\n"))
