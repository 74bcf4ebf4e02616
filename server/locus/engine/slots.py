"""One slot of the repository's `agent.maxParallel`, unless a person stops the task while it waits."""

from __future__ import annotations

import asyncio

from locus.engine.run import Run
from locus.locks import Lock


async def slot(run: Run, task: int) -> Lock | None:
    """None when the task, or the run, was stopped before its turn came."""
    stop = run.control.stop.of(task)
    if stop.is_set():
        return None
    if (free := run.slots.try_acquire()) is not None:
        return free
    stopped = asyncio.create_task(stop.wait())
    acquiring = asyncio.create_task(run.slots.acquire())
    try:
        await asyncio.wait([stopped, acquiring], return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return None
        return acquiring.result()
    finally:
        stopped.cancel()
        if not acquiring.done():
            acquiring.cancel()
        elif stop.is_set() and acquiring.exception() is None:
            acquiring.result().close()
