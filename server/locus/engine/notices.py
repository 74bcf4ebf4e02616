"""What the tracker is told of a run: statuses, comments, labels of pull requests. No work waits for it.

Each notice is an effect. It is in the journal when it is given, and sent beside the work, in order; of a task's statuses that have not been
sent yet only the last one is. What a stop, or a login that has expired, leaves unsent is sent when the run is resumed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING, Final

from locus.engine import messages
from locus.engine.control import Control
from locus.engine.effects import Effect, Effects, Result
from locus.engine.journal import Sink
from locus.engine.verdicts import TaskEnded
from locus.errors import LocusError, NotSetUp, expected
from locus.model.events import ForTracker, Warned
from locus.model.states import TaskState

if TYPE_CHECKING:
    from locus.tracker.protocol import Tracker

_MOMENT: Final = 2.0
"""Seconds that what is left to be told has after a forced stop."""


class Notices:
    """Without `labels` no status is told."""

    def __init__(self, run_id: str, journal: Sink, effects: Effects, tracker: Tracker, *, labels: bool) -> None:
        self._run_id, self._journal, self._effects, self._tracker, self._labels = run_id, journal, effects, tracker, labels
        self._news = asyncio.Event()
        self._ending = self._stopped = self._told = False
        self.obstacle: NotSetUp | None = None
        """What a person has to put right before anything can be sent."""

    # Giving. Nothing is given twice, also by a run that is resumed.

    def status(self, number: int, state: TaskState) -> None:
        """Each change is an effect of its own: a task that was stopped while it was prepared is queued, then in progress once more."""
        if not self._labels:
            return
        fold, wanted, prefix = self._journal.fold, state.status, f"status:{number}:"
        told = [key for key in fold.effects if key.startswith(prefix)]
        waiting = [key for key, notice in fold.notices.items() if notice.task == number and notice.status is not None]
        if (waiting or told) and [*told, *waiting][-1].endswith(f":{wanted}"):
            return
        changes = len({*told, *(key for key in fold.intended if key.startswith(prefix))})
        self._give(f"{prefix}{changes}:{wanted}", ForTracker(task=number, status=wanted))

    def comment(self, number: int, attempt: int, what: str, body: str) -> None:
        marker = messages.comment_marker(self._run_id, number, attempt, what, body)
        self._give(f"comment:{number}:{marker.rpartition(' ')[2]}:{what}", ForTracker(task=number, comment=body, marker=marker))

    def mark(self, pull: int) -> None:
        """As ours."""
        self._give(f"mark:{pull}", ForTracker(pull=pull))

    def _give(self, key: str, notice: ForTracker) -> None:
        if self._effects.done(key) is None and key not in self._journal.fold.notices:
            self._effects.intend(key, notice)
            self._news.set()

    def outdated(self, tasks: Collection[int]) -> None:
        """A later run has these tasks: what this one would have said of their status is no longer so."""
        for key, notice in list(self._journal.fold.notices.items()):
            if notice.status is not None and notice.task in tasks:
                self._effects.give_up(key, "a later run has taken up the task", notice.task)

    # Sending.

    @contextlib.asynccontextmanager
    async def sent_beside(self, control: Control) -> AsyncIterator[None]:
        """Sends while the body goes on, and what is left when it has ended, well or not. After a stop that may take a while, after a forced
        one a moment.
        """
        failure: BaseException | None = None
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send())
            try:
                yield
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - raised again below, alone and not as one of a group
                failure = error
            if failure is None or expected(failure) is not None:
                self._ending = True
                self._news.set()
                with contextlib.suppress(TaskEnded):
                    await control.unless_stopped(None, _ended(sending))
                await asyncio.wait([sending], timeout=_MOMENT)
            sending.cancel()
        if failure is not None:
            raise failure

    async def _send(self) -> None:
        while True:
            self._news.clear()
            last, held_up = self._ending, await self._round()
            if not held_up and self._journal.fold.notices:
                continue
            if last:
                return
            await self._news.wait()

    async def _round(self) -> bool:
        """What is there now, at once: one request may do. Whether something keeps it from being sent."""
        self._stopped, self.obstacle = False, None
        async with asyncio.TaskGroup() as group:
            for key, notice in self._journal.fold.notices.items():
                group.create_task(self._one(key, notice))
        return self._stopped or self.obstacle is not None

    async def _one(self, key: str, notice: ForTracker) -> None:
        try:
            await self._effects.perform(self._effect(key, notice), notice.task)
        except TaskEnded:
            self._stopped = True
        except NotSetUp as error:
            if not self._told:
                self._journal.append(Warned(message=f"the tracker cannot be told how it goes, the work goes on: {error}"))
            self.obstacle, self._told = error, True
        except LocusError as error:  # the issue is gone, say
            about = f"#{notice.task or notice.pull}"
            self._effects.give_up(key, error.message, notice.task)
            self._journal.append(Warned(message=f"the tracker could not be told about {about}: {error}"))

    def _effect(self, key: str, notice: ForTracker) -> Effect:
        tracker, number = self._tracker, notice.task or 0

        async def look() -> Result | None:
            if notice.marker is not None:
                return {} if await tracker.has_comment(number, notice.marker) else None
            if notice.status is not None:
                return {} if (await tracker.get(number)).status is notice.status else None
            return None  # a label that is there is not set twice

        async def act() -> Result:
            if notice.comment is not None and not (self._may_be_said(key, notice) and await look() is not None):
                await tracker.comment(number, notice.comment, marker=notice.marker)
            if notice.status is not None:
                await tracker.set_status(number, notice.status)
            if notice.pull is not None:
                await tracker.mark_pull(notice.pull)
            return {}

        return Effect(key, look, act)

    def _may_be_said(self, key: str, notice: ForTracker) -> bool:
        """A failure has been told before: if in the same words, it carries the same marker."""
        fold = self._journal.fold
        alike = [other for other in {*fold.intended, *fold.effects} if other.startswith(f"comment:{notice.task}:") and other != key]
        return any(key.endswith(":failed") and other.endswith(":failed") for other in alike)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
