"""When the answer to a write is lost, nobody knows whether the write arrived: it is looked for before it is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from locus.errors import OutOfReach
from locus.tracker.github.client import Silent

T = TypeVar("T")

_PAUSES = (1.0, 2.0, 4.0)
"""Seconds, as for reads."""


async def once(send: Callable[[], Awaitable[T]], look: Callable[[], Awaitable[T | None]]) -> T:
    """Raises OutOfReach when GitHub stays silent."""
    for pause in _PAUSES:
        try:
            return await send()
        except Silent:
            raise  # a person waits, and has waited long enough
        except OutOfReach:
            await asyncio.sleep(pause)
            if (found := await look()) is not None:
                return found
    return await send()
