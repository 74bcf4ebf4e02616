"""What people ask of a running run: stop (all or one task), force, answers. Requests come through the inbox or as signals."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from locus.engine import inbox
from locus.engine.inbox import Answer, ForceStop, Stop

POLL = 0.05


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
    _answers: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)

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
                first = message.task is None and not self.stopping
                self.stop.set(message.task)
                if first:
                    self.on_stop()
            case ForceStop():
                self.request(Stop(task=message.task))
                self.force.set(message.task)

    async def watch(self, folder: Path) -> None:
        """Polls the inbox until it is cancelled."""
        seen: set[str] = set()
        while True:
            for message in inbox.take(folder, seen):
                self.request(message)
            await asyncio.sleep(POLL)

    def listen_to_signals(self) -> None:
        """SIGINT and SIGTERM ask once gracefully; the second one forces. Windows has the inbox only."""
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()

        def received() -> None:
            self.request(ForceStop() if self.stopping else Stop())

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, received)
