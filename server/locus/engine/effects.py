"""A run's only road to the outside. An effect happens once, whatever kills the run between its two journal lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from locus.engine.journal import Sink
from locus.model.events import EffectDone, EffectIntended

Result = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """`key` is unique within the run. `look` finds the effect in the world and gives its result, or None; `act` brings it about."""

    key: str
    look: Callable[[], Awaitable[Result | None]]
    act: Callable[[], Awaitable[Result]]
    repeatable: bool = True
    """`act` leaves alone what is there already. Otherwise the intention is on disk first, lest it is done twice after a power cut."""


class Effects:
    def __init__(self, journal: Sink) -> None:
        self._journal = journal

    def done(self, key: str) -> Result | None:
        return self._journal.fold.effects.get(key)

    async def perform(self, effect: Effect, task: int | None = None) -> Result:
        """The recorded result when it is done; else looks first if it was intended before, and acts only if it is not there."""
        known = self.done(effect.key)
        if known is not None:
            return known
        result: Result | None = None
        if effect.key in self._journal.fold.intended:
            result = await effect.look()
        else:
            self._journal.append(EffectIntended(key=effect.key), task)
            if not effect.repeatable:
                await self._journal.sync()
        if result is None:
            result = await effect.act()
        self._journal.append(EffectDone(key=effect.key, result=result), task)
        return result
