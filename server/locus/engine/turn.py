"""One turn of an agent: started, listened to, stopped when a person says so or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from locus.agents.protocol import Assignment, Session
from locus.engine.run import Run
from locus.engine.stream import Stream
from locus.engine.verdicts import TaskEnded, failed, interrupted
from locus.model.agent import Notice, TurnEnd


@dataclass
class _Guard:
    """Why the agent was interrupted, if it was; `heard` is set by each of its events."""

    heard: asyncio.Event
    verdict: TaskEnded | None = None


async def take(run: Run, number: int, agent: str, worktree: Path, start: str, prompt: str, attempt: int, hold: Sequence[int]) -> TurnEnd:
    """The turn's good end. Raises TaskEnded when it failed, was stopped or ran out of time."""
    folder = run.task_folder(number)
    stream = Stream(folder)
    prompt_file = folder / "prompt.md"
    prompt_file.write_text(prompt, encoding="utf-8", errors="surrogateescape")
    assignment = Assignment(
        run_id=run.id,
        task=number,
        root=run.ws.root,
        worktree=worktree,
        prompt=prompt,
        prompt_file=prompt_file,
        base=start,
        model=run.request.wanted.model or run.config.ai.model,
        hold=hold,
    )
    try:
        session = await run.agent(agent).start(assignment)
        guard = _Guard(asyncio.Event())
        end = await _listen(run, number, session, guard, stream, attempt)
        if guard.verdict is not None:
            stream.write(Notice(text=f"Locus stopped the agent: {guard.verdict.message}", stream="locus"), attempt)
    finally:
        stream.close()
    if guard.verdict is not None:
        raise guard.verdict
    if end is None:
        raise failed("the agent ended without saying how", f"read `locus logs --task {number}`")
    match end.outcome:
        case "ok" | "denied":
            return end
        case "cancelled":
            raise interrupted(end.reason or "the agent was interrupted")
        case _:
            raise failed(end.reason or "the agent failed", end.hint or f"read `locus logs --task {number}`, then `locus run --resume`")


async def _listen(run: Run, number: int, session: Session, guard: _Guard, stream: Stream, attempt: int) -> TurnEnd | None:
    end: TurnEnd | None = None
    watching = asyncio.create_task(_watch(run, number, session, guard))
    try:
        async for event in session.events():
            guard.heard.set()
            stream.write(event, attempt)
            if isinstance(event, TurnEnd):
                end = event
    except BaseException:
        await session.kill()
        raise
    finally:
        watching.cancel()
        await asyncio.wait([watching])
    if not watching.cancelled() and (error := watching.exception()) is not None:
        raise error
    return end


async def _watch(run: Run, number: int, session: Session, guard: _Guard) -> None:
    """Interrupts the agent for the first reason there is, then waits for a person's second word."""
    stop, force = run.control.stop.of(number), run.control.force.of(number)
    loop = asyncio.get_running_loop()
    limits = run.config.agent
    overall = loop.time() + limits.timeout
    stopped = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            guard.heard.clear()
            heard = asyncio.create_task(guard.heard.wait())
            patience = min(limits.idle_timeout, overall - loop.time())
            done, _ = await asyncio.wait([stopped, heard], timeout=max(0.0, patience), return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            if not done:
                guard.verdict = _late(number, loop.time() >= overall, limits.timeout, limits.idle_timeout)
                break
        else:
            guard.verdict = interrupted("stopped by a person")
    finally:
        stopped.cancel()
    await session.interrupt()
    await force.wait()
    await session.kill()


def _late(number: int, overall: bool, timeout: float, idle: float) -> TaskEnded:
    if overall:
        return failed(f"the agent was still working after {timeout:g} s", "raise agent.timeout, or make the task smaller")
    return failed(
        f"the agent said nothing for {idle:g} s", f"raise agent.idleTimeout, or see where it hangs with `locus logs --task {number}`"
    )
