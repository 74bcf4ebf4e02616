"""Money and quota: what a task may still cost, and waiting until a provider's limit is over."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Final

from locus.engine.clock import stamp_of
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded, blocked
from locus.model.agent import TurnEnd
from locus.model.config import AgentProfile
from locus.model.events import TaskStateChanged
from locus.model.states import TaskState

_LATER: Final = "the provider has trouble: try again in a while with `locus run --resume`"
_JUST_OVER = 600.0
"""Seconds: a limit that should be over for no longer than this may have been told in rough numbers."""
_AGAIN = 60.0
"""Seconds after which it is tried again then."""
LADDER: Final = (30.0, 120.0, 300.0, 900.0)
"""Seconds after which a provider that was too busy for a turn is tried again; the agent's own program has tried before."""
_LOOK = 30.0
"""Seconds between two looks at the clock: the machine may have slept."""


def budget(run: Run, profile: AgentProfile) -> float | None:
    """US dollars for one task."""
    return profile.limits.budget_usd or run.config.agent.budget_usd


def left(run: Run, number: int, profile: AgentProfile, session: str | None) -> float | None:
    """What the agent may report as the sum over its session; None: as much as it takes. Raises TaskEnded(blocked) when nothing is left."""
    if (over := overspent(run, number, profile)) is not None:
        raise over
    allowed = budget(run, profile)
    if allowed is None:
        return None
    spending = run.journal.fold.spending.get(number)
    before = spending.of_session(session) if spending is not None else 0.0
    return allowed - (run.task(number).cost_usd or 0.0) + before


def overspent(run: Run, number: int, profile: AgentProfile) -> TaskEnded | None:
    allowed, spent = budget(run, profile), run.task(number).cost_usd
    if allowed is None or spent is None or spent < allowed:
        return None
    key = "agent.budgetUsd" if profile.limits.budget_usd is None else "its profile's limits.budgetUsd"
    return blocked(
        f"the budget of ${allowed:.2f} for this task is used up: ${spent:.2f}",
        f"raise {key}, then go on with `locus run --resume {run.id}`",
    )


def busy(run: Run, number: int, end: TurnEnd) -> TaskEnded:
    """The provider was too busy for the task's turn: it waits as for a limit, longer each time, and is blocked when that was no use."""
    tried = run.refusals.get(number, 0)
    run.refusals[number] = tried + 1
    reason = end.reason or "the model's provider is too busy"
    if tried < len(LADDER):
        return blocked(reason, end.hint or _LATER, resets_at=stamp_of(time.time() + LADDER[tried]))
    return blocked(f"{reason} (tried again {tried} times)", end.hint or _LATER)


def over_at(run: Run, ended: TaskEnded) -> float | None:
    """When to go on, in seconds since the epoch; None where the limit's end is not known or too far away."""
    if ended.resets_at is None:
        return None
    try:
        moment = datetime.fromisoformat(ended.resets_at).timestamp()
    except ValueError:
        return None
    now = time.time()
    if now - _JUST_OVER < moment <= now:
        moment = now + _AGAIN
    return moment if now < moment <= now + run.config.limits.max_wait else None


async def wait(run: Run, number: int, ended: TaskEnded, moment: float) -> bool:
    """The task waits, without a slot. False when a person has stopped it meanwhile."""
    at = time.strftime("%H:%M:%S" if moment - time.time() < 3600 else "%Y-%m-%d %H:%M", time.localtime(moment))
    phase = f"waits until {at}: {ended.message}"
    run.record(TaskStateChanged(state=TaskState.PENDING, phase=phase, resumes_at=stamp_of(moment)), number)
    stop = run.control.stop.of(number)
    while (rest := moment - time.time()) > 0 and not stop.is_set():
        try:
            async with asyncio.timeout(min(rest, _LOOK)):
                await stop.wait()
        except TimeoutError:
            continue
    return not stop.is_set()
