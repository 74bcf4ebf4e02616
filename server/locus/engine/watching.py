"""Ends a turn of an agent for the first reason there is: a person's word, time, money, or a question that nobody answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from locus.agents.protocol import Session
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded, failed, interrupted
from locus.model.agent import TurnEnd
from locus.model.config import AgentProfile


@dataclass
class Guard:
    """Why the agent is interrupted, if it is. `heard` is set by each of its events, and when a question of it is closed."""

    heard: asyncio.Event = field(default_factory=asyncio.Event)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    verdict: TaskEnded | None = None
    unless_done: bool = False
    """An agent that comes to a good end all the same has not failed."""
    asking: int = 0
    """Questions that it waits for: it may be silent meanwhile, and its time stands still."""

    def end(self, verdict: TaskEnded, *, unless_done: bool = False) -> None:
        """The first reason counts."""
        if self.verdict is None:
            self.verdict, self.unless_done = verdict, unless_done
        self.ending.set()

    def settled(self, end: TurnEnd | None) -> TaskEnded | None:
        """The reason, where it is how the turn ended."""
        done = end is not None and end.outcome in ("ok", "denied")
        return None if done and self.unless_done else self.verdict


async def watch(run: Run, number: int, session: Session, guard: Guard, profile: AgentProfile) -> None:
    """Interrupts the agent when there is a reason to, then waits for a person's second word."""
    stop, force = run.control.stop.of(number), run.control.force.of(number)
    if (verdict := await _reason(run, number, guard, profile, stop)) is not None:
        guard.end(verdict)
    await session.interrupt()
    await force.wait()
    await session.kill()


async def _reason(run: Run, number: int, guard: Guard, profile: AgentProfile, stop: asyncio.Event) -> TaskEnded | None:
    """None where `guard` has it already."""
    loop = asyncio.get_running_loop()
    timeout = profile.limits.timeout or run.config.agent.timeout
    idle = profile.limits.idle_timeout or run.config.agent.idle_timeout
    overall = loop.time() + timeout
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(guard.ending.wait())]
    try:
        while not stop.is_set() and not guard.ending.is_set():
            guard.heard.clear()
            heard = asyncio.create_task(guard.heard.wait())
            began, asking = loop.time(), guard.asking > 0
            patience = None if asking else max(0.0, min(idle, overall - began))
            done, _ = await asyncio.wait([*waits, heard], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            if asking:
                overall += loop.time() - began
            elif not done:
                return _late(number, loop.time() >= overall, timeout, idle)
    finally:
        for wait in waits:
            wait.cancel()
    return interrupted("stopped by a person") if not guard.ending.is_set() else None


def _late(number: int, overall: bool, timeout: float, idle: float) -> TaskEnded:
    if overall:
        return failed(f"the agent was still working after {timeout:g} s", "raise agent.timeout, or make the task smaller")
    return failed(
        f"the agent said nothing for {idle:g} s", f"raise agent.idleTimeout, or see where it hangs with `locus logs --task {number}`"
    )
