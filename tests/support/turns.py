"""Turns of real agents in tests: heard in the background, waited for by what they say."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from locus.agents.protocol import Agent, Assignment, Session
from locus.model.agent import AgentEvent, Exited, PermissionRequest, Started, Text, ToolUpdate, TurnEnd

E = TypeVar("E", bound=AgentEvent)

PATIENCE = 60.0
"""Seconds for a real agent on a busy machine."""


class Turn:
    """One session that is listened to. `events` grows; what is waited for may have come already."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: list[AgentEvent] = []
        self._news = asyncio.Condition()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for event in self.session.events():
            async with self._news:
                self.events.append(event)
                self._news.notify_all()

    async def until(self, kind: type[E], which: Callable[[E], bool] = lambda _: True) -> E:
        """The first such event, once it has come."""

        def found() -> E | None:
            return next((event for event in self.events if isinstance(event, kind) and which(event)), None)

        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: found() is not None or self._listening.done())
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} came: {self.events}") from None
        event = found()
        assert event is not None, f"it ended without a {kind.__name__}: {self.events}"
        return event

    async def end(self) -> TurnEnd:
        """Its TurnEnd, once nothing of it is left."""
        async with asyncio.timeout(PATIENCE):
            await self._listening
        assert isinstance(self.events[-1], Exited), self.events
        (end,) = self.all(TurnEnd)
        return end

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[E]) -> E:
        (event,) = self.all(kind)
        return event

    @property
    def said(self) -> str:
        return "\n".join(event.text for event in self.all(Text))

    @property
    def asked(self) -> list[PermissionRequest]:
        return self.all(PermissionRequest)

    @property
    def updates(self) -> list[ToolUpdate]:
        return self.all(ToolUpdate)

    @property
    def session_id(self) -> str:
        id = self.one(Started).session_id
        assert id is not None
        return id

    async def close(self) -> None:
        """Nothing of it is left, whatever the test has done."""
        await self.session.kill()
        await asyncio.wait([self._listening], timeout=PATIENCE)


class Turns:
    """Starts turns in one folder, which is the person's checkout; all are ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_id = f"run-{uuid.uuid4()}"
        """What its processes carry in LOCUS_RUN_ID."""
        self.worktree = folder / "worktree"
        self.worktree.mkdir(parents=True)
        self._numbers = itertools.count(1)
        self._started: list[Turn] = []

    async def start(self, agent: Agent, prompt: str = "do it", worktree: Path | None = None, **assignment: Any) -> Turn:
        task = next(self._numbers)
        tasks = self.folder / "tasks" / str(task)
        tasks.mkdir(parents=True)
        prompt_file = tasks / "prompt.md"
        prompt_file.write_text(prompt)
        place: dict[str, Any] = {"root": self.folder, "worktree": worktree or self.worktree, "prompt_file": prompt_file}
        given = Assignment(self.run_id, task, prompt=prompt, base="abc", **place, **assignment)
        turn = Turn(await agent.start(given))
        self._started.append(turn)
        return turn

    async def close(self) -> None:
        for turn in self._started:
            await turn.close()
