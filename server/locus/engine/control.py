"""What people ask of a running run: stop (all or one task), force, answers. Requests come through the inbox or as signals.

The first stop is graceful, another within two seconds forces, whoever sends it. Later than that it begins anew: what does not listen is
being ended by then, an agent by its supervisor and everything else by `unless_stopped`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from locus.engine import inbox
from locus.engine.inbox import Answer, ForceStop, Stop
from locus.engine.verdicts import interrupted

log = logging.getLogger("locus.runner")

T = TypeVar("T")

POLL = 0.05
PATIENCE = 2.0
"""Seconds within which a second request to stop forces."""
GRACE = 5.0
"""Seconds in which what is not an agent may come to its end after a stop; an agent has as long."""


@dataclass
class _Request:
    """Set for the whole run or for single tasks."""

    everyone: bool = False
    events: dict[int | None, asyncio.Event] = field(default_factory=dict)

    def of(self, task: int | None) -> asyncio.Event:
        event = self.events.setdefault(task, asyncio.Event())
        if self.everyone:
            event.set()
        return event

    def set(self, task: int | None) -> None:
        self.of(task).set()
        if task is None:
            self.everyone = True
            for event in self.events.values():
                event.set()


@dataclass
class Control:
    """`stop` and `force` are events per task; None stands for the run."""

    stop: _Request = field(default_factory=_Request)
    force: _Request = field(default_factory=_Request)
    on_stop: Callable[[], None] = lambda: None
    patience: float = PATIENCE
    _answers: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)
    _asked: dict[int | None, float] = field(default_factory=dict)
    """When a stop was asked for last, of the run (None) or of a task; on the event loop's clock."""

    @property
    def stopping(self) -> bool:
        return self.stop.everyone

    def answer(self, question: str) -> asyncio.Future[Answer]:
        """Resolved by the first answer, also by one that was there before the question was put again."""
        return self._answers.setdefault(question, asyncio.get_running_loop().create_future())

    def request(self, message: Stop | ForceStop | Answer) -> None:
        match message:
            case Answer():
                future = self.answer(message.question_id)
                if not future.done():
                    future.set_result(message)
            case Stop():
                if self._asked_just_now(message.task):
                    self.force.set(message.task)
                self._asked[message.task] = asyncio.get_running_loop().time()
                self._stop(message.task)
            case ForceStop():
                self.force.set(message.task)
                self._stop(message.task)

    def _asked_just_now(self, task: int | None) -> bool:
        """Of this very task, or of everything."""
        now = asyncio.get_running_loop().time()
        return any(now - at <= self.patience for scope, at in self._asked.items() if scope in (task, None))

    def _stop(self, task: int | None) -> None:
        first = task is None and not self.stopping
        self.stop.set(task)
        if first:
            self.on_stop()

    async def unless_stopped(self, task: int | None, work: Coroutine[Any, Any, T], *, grace: float = GRACE) -> T:
        """What `work` returns. It is cancelled when the task, or the run, is stopped and `grace` seconds later it has not ended, or at
        once when the stop is forced; then raises TaskEnded(interrupted), with nothing of it left.
        """
        doing = asyncio.ensure_future(work)
        waiting = asyncio.create_task(self._out_of_patience(task, grace))
        try:
            await asyncio.wait([doing, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            doing.cancel()
            await asyncio.wait([doing, waiting])
        if doing.cancelled():
            raise interrupted("stopped by a person")
        return doing.result()

    async def _out_of_patience(self, task: int | None, grace: float) -> None:
        await self.stop.of(task).wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.force.of(task).wait()

    async def watch(self, folder: Path) -> None:
        """Polls the inbox until it is cancelled, also when it cannot be read for a while: nothing else hears a person."""
        seen: set[str] = set()
        said = ""
        while True:
            try:
                for message in inbox.take(folder, seen):
                    self.request(message)
            except OSError as error:
                if str(error) != said:
                    log.warning("requests to the run cannot be read: %s", error)
                said = str(error)
            await asyncio.sleep(POLL)

    def listen_to_signals(self) -> None:
        """SIGINT and SIGTERM ask as the inbox does. Windows has the inbox only."""
        if sys.platform == "win32":
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.request, Stop())
