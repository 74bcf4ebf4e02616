"""At most so many a second, the latest wins, and the last one is always sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Throttle(Generic[K, V]):
    """`send(key, value)` is called at once, or `every` seconds after the last call with that key."""

    def __init__(self, every: float, send: Callable[[K, V], None]) -> None:
        self._every = every
        self._send = send
        self._last: dict[K, float] = {}
        self._waiting: dict[K, V] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}

    def put(self, key: K, value: V) -> None:
        loop = asyncio.get_running_loop()
        due = self._last.get(key, 0.0) + self._every
        if key in self._timers:
            self._waiting[key] = value
        elif loop.time() >= due:
            self._last[key] = loop.time()
            self._send(key, value)
        else:
            self._waiting[key] = value
            self._timers[key] = loop.call_at(due, self._fire, key)

    def stop(self) -> None:
        """What waits is dropped."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()

    def _fire(self, key: K) -> None:
        del self._timers[key]
        self._last[key] = asyncio.get_running_loop().time()
        self._send(key, self._waiting.pop(key))
