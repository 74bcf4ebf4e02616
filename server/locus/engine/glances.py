"""What is asked of the tracker right before an agent starts. It does not wait for the answer longer than a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from locus.engine.patience import Patience
from locus.errors import NotSetUp, OutOfReach

T = TypeVar("T")

MOMENT = 3.0
"""Seconds."""
QUIET = 30.0
"""Seconds for which a tracker that did not answer in a moment is not asked again."""


class Glances:
    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._not_before = 0.0

    async def at(self, read: Callable[[], Awaitable[T]]) -> T | None:
        """None where the tracker does not answer, or is known to be silent."""
        now = asyncio.get_running_loop().time
        if self._patience.waiting or now() < self._not_before:
            return None
        try:
            async with asyncio.timeout(MOMENT):
                return await read()
        except (TimeoutError, OutOfReach, NotSetUp):
            self._not_before = now() + QUIET
            return None
