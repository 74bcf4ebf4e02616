"""A run's only road to the outside. An effect happens once, whatever kills the run between its two journal lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from locus.engine.journal import Sink
from locus.engine.patience import Patience
from locus.errors import OutOfReach
from locus.model.events import EffectDone, EffectIntended, ForTracker

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
    """`patience` waits for a service that does not answer; without one its silence ends the effect."""

    def __init__(self, journal: Sink, patience: Patience | None = None) -> None:
        self._journal = journal
        self._patience = patience
        self._untried: set[str] = set()
        """Intended by this process, which has not come to it yet: there is nothing to look for."""

    def intend(self, key: str, notice: ForTracker) -> None:
        """Written down, to be performed later: by whoever has the journal then."""
        self._journal.append(EffectIntended(key=key, notice=notice), notice.task)
        self._untried.add(key)

    def give_up(self, key: str, why: str, task: int | None = None) -> None:
        """What was intended and will not be: it counts as done."""
        self._journal.append(EffectDone(key=key, result={"refused": why}), task)

    def done(self, key: str) -> Result | None:
        return self._journal.fold.effects.get(key)

    async def perform(self, effect: Effect, task: int | None = None) -> Result:
        """The recorded result when it is done; else looks first if it was intended before, and acts only if it is not there."""
        known = self.done(effect.key)
        if known is not None:
            return known
        result: Result | None = None
        if effect.key in self._untried:
            self._untried.discard(effect.key)
        elif effect.key in self._journal.fold.intended:
            result = await (effect.look() if self._patience is None else self._looked(effect, self._patience))
        else:
            self._journal.append(EffectIntended(key=effect.key), task)
            if not effect.repeatable:
                await self._journal.sync()
        if result is None:
            result = await (effect.act() if self._patience is None else self._until_answered(effect, self._patience))
        self._journal.append(EffectDone(key=effect.key, result=result), task)
        return result

    @staticmethod
    async def _until_answered(effect: Effect, patience: Patience) -> Result:
        """What did not get an answer may have arrived all the same: it is looked for before it is tried again."""
        for pause in patience.pauses():
            try:
                return await effect.act()
            except OutOfReach as error:
                await patience.again(pause, error)
            result = await Effects._looked(effect, patience)
            if result is not None:
                return result
        raise AssertionError("pauses never end")

    @staticmethod
    async def _looked(effect: Effect, patience: Patience) -> Result | None:
        for pause in patience.pauses():
            try:
                return await effect.look()
            except OutOfReach as error:
                await patience.again(pause, error)
        raise AssertionError("pauses never end")
