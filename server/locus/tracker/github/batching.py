"""Requests that are wished for in the same moment become one: each costs a process and a round trip."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOMENT = 0.005
"""Seconds for which a batch is open: tasks side by side reach the same line a few milliseconds apart."""
MOST = 50
"""Items in one request."""


class Batch(Generic[K, V]):
    """`carry_out` gets the distinct keys of one moment and gives each its value or its error."""

    def __init__(self, carry_out: Callable[[Sequence[K]], Awaitable[Mapping[K, V | BaseException]]]) -> None:
        self._carry_out = carry_out
        self._open: dict[K, asyncio.Future[V]] = {}
        self._going: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V:
        """Cancelling one who waits cancels nobody else's wish."""
        if not self._open:
            task = asyncio.create_task(self._after_a_moment())
            self._going.add(task)
            task.add_done_callback(self._going.discard)
        future = self._open.setdefault(key, asyncio.get_running_loop().create_future())
        return await asyncio.shield(future)

    async def _after_a_moment(self) -> None:
        await asyncio.sleep(MOMENT)
        wanted, self._open = self._open, {}
        keys = list(wanted)
        for start in range(0, len(keys), MOST):
            await self._one({key: wanted[key] for key in keys[start : start + MOST]})

    async def _one(self, wanted: dict[K, asyncio.Future[V]]) -> None:
        try:
            found = await self._carry_out(list(wanted))
        except BaseException as error:
            for future in wanted.values():
                _fail(future, error)
            if not isinstance(error, Exception):
                raise
            return
        for key, future in wanted.items():
            value = found[key]
            if isinstance(value, BaseException):
                _fail(future, value)
            elif not future.done():
                future.set_result(value)


def _fail(future: asyncio.Future[V], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
        future.exception()  # somebody who was cancelled will not ask for it
