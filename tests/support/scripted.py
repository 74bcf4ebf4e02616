"""An agent that lives in the test's own process: each of its turns is a coroutine that the test has written.

It stands behind the agents' Protocol, so everything above it is real.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from locus.agents.protocol import Assignment, Decision
from locus.engine import launch
from locus.engine.run import Run
from locus.locks import Lock
from locus.model.agent import AgentEvent, Exited, Location, PermissionRequest, Started, Text, TurnEnd, Usage
from locus.workspace import Workspace


class Interrupted(Exception):
    """The agent was asked to stop."""


@dataclass
class Turn:
    """What a script has: what it was told, and ways to ask, work and end."""

    assignment: Assignment
    session_id: str
    queue: asyncio.Queue[AgentEvent | None] = field(default_factory=asyncio.Queue)
    waiting: dict[str, asyncio.Future[Decision]] = field(default_factory=dict)
    end: TurnEnd = field(default_factory=lambda: TurnEnd(outcome="ok", summary="done"))

    @property
    def prompt(self) -> str:
        return self.assignment.prompt

    @property
    def number(self) -> int:
        return self.assignment.task

    def tell(self, event: AgentEvent) -> None:
        self.queue.put_nowait(event)

    def write(self, path: str, text: str = "x\n") -> None:
        file = self.assignment.worktree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.tell(Text(text=f"wrote {path}"))

    def uses(self, tokens: int, cost_usd: float) -> None:
        self.tell(Usage(tokens=tokens, cost_usd=cost_usd))

    async def ask(self, what: str = "npm install x", **more: Any) -> Decision:
        given: dict[str, Any] = {"name": "Bash", "title": what, "command": what, "input": {"command": what}}
        request = PermissionRequest(**{"id": uuid.uuid4().hex, "tool": "execute"} | given | more)
        self.waiting[request.id] = asyncio.get_running_loop().create_future()
        self.tell(request)
        return await self.waiting[request.id]

    async def edit(self, path: str, text: str = "x\n") -> Decision:
        request = {"tool": "edit", "name": "Write", "title": f"write {path}", "command": None, "locations": (Location(path=path),)}
        decision = await self.ask(path, **request, input={"path": path, "content": text}, editable=True)
        if decision.allow:
            self.write(path, str((decision.input or {"content": text})["content"]))
        return decision

    async def hang(self) -> None:
        """Until it is interrupted."""
        await asyncio.Event().wait()


Script = Callable[[Turn], Awaitable[None]]


@dataclass
class ScriptedAgent:
    """`script` plays each turn; `turns` are those that were started."""

    script: Script
    can_resume: bool = True
    kind: str = "scripted"
    turns: list[Turn] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Sessions that are not there any more."""

    def check(self, root: Path) -> None:
        return

    async def start(self, assignment: Assignment) -> ScriptedSession:
        turn = Turn(assignment, assignment.session or uuid.uuid4().hex)
        self.turns.append(turn)
        return ScriptedSession(self, turn)

    def prompts(self, number: int) -> list[str]:
        return [turn.prompt for turn in self.turns if turn.number == number]


class ScriptedSession:
    def __init__(self, agent: ScriptedAgent, turn: Turn) -> None:
        self._turn = turn
        self._playing = asyncio.create_task(self._play(agent, turn))

    async def _play(self, agent: ScriptedAgent, turn: Turn) -> None:
        try:
            if turn.assignment.session in agent.lost:
                turn.end = TurnEnd(outcome="lost", reason="there is no such session")
            else:
                turn.tell(Started(session_id=turn.session_id if agent.can_resume else None, model="scripted-1"))
                await agent.script(turn)
        except asyncio.CancelledError:
            turn.end = TurnEnd(outcome="cancelled", reason="it was interrupted")
        except Exception as error:  # noqa: BLE001 - a script that fails is an agent that fails
            turn.end = TurnEnd(outcome="failed", reason=f"{type(error).__name__}: {error}")
        turn.tell(turn.end)
        turn.tell(Exited(code=0))
        turn.queue.put_nowait(None)

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._turn.queue.get()) is not None:
            yield event

    async def answer(self, request: str, decision: Decision) -> None:
        future = self._turn.waiting.get(request)
        if future is not None and not future.done():
            future.set_result(decision)

    async def interrupt(self) -> None:
        self._playing.cancel()

    async def kill(self) -> None:
        self._playing.cancel()
        await asyncio.wait([self._playing])


Play = Callable[..., ScriptedAgent]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Every agent of this process's runs is the scripted one."""

    def install(script: Script, **more: Any) -> ScriptedAgent:
        agent = ScriptedAgent(script, **more)
        monkeypatch.setattr(Run, "agent", lambda _run, _name: agent)
        return agent

    return install


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs that were to be started, which the test carries on itself."""
    ids: list[str] = []

    async def note(_ws: Workspace, run_id: str, _lock: Lock) -> None:
        ids.append(run_id)

    monkeypatch.setattr(launch, "_launch", note)
    return ids


__all__ = ["Play", "Script", "ScriptedAgent", "Turn", "launched", "play"]
