"""A real agent, pinned in tests/agents/package.json, with a scripted model for a provider and a home of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from locus.agents import build
from locus.model.config import AgentProfile
from support.models.server import Request, ScriptedModel
from support.turns import Turn, Turns

S = TypeVar("S")

PROGRAMS = Path(__file__).parents[1] / "agents" / "node_modules" / ".bin"

Settings = Callable[[Path, str, str], Mapping[str, str]]
"""The environment that makes an agent speak to the model at a URL, given its home, the scenario's name and that URL."""


def pinned(name: str) -> Path:
    program = PROGRAMS / name
    assert program.exists(), f"{name} is not there: `make test-agents` installs it"
    return program


class RealAgent(Generic[S]):
    """To be entered. `play` starts a turn of which the model's part is the given steps."""

    def __init__(
        self, kind: Literal["acp", "claude", "codex"], argv: Sequence[str], settings: Settings, model: ScriptedModel[S], folder: Path
    ) -> None:
        self.model = model
        self.turns = Turns(folder)
        self.home = folder / "home"
        self.home.mkdir()
        self._kind = kind
        self._argv = argv
        self._settings = settings

    async def __aenter__(self) -> RealAgent[S]:
        self.model.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.turns.close()
        self.model.__exit__()

    @property
    def worktree(self) -> Path:
        return self.turns.worktree

    @property
    def requests(self) -> list[Request]:
        return self.model.requests

    def profile(self, scenario: str, env: Mapping[str, str] | None = None, words: Sequence[str] = (), **more: Any) -> AgentProfile:
        settings = self._settings(self.home, scenario, self.model.url(scenario))
        own = {"HOME": str(self.home), "NO_PROXY": "127.0.0.1", **settings, **(env or {})}
        return AgentProfile(kind=self._kind, argv=(*self._argv, *words), env=own, **more)

    def script(self, *steps: S) -> str:
        """The name under which the steps are played."""
        name = f"scenario-{len(self.model.scenarios)}"
        self.model.scenarios[name] = steps
        return name

    async def play(self, *steps: S, profile: dict[str, Any] | None = None, **assignment: Any) -> Turn:
        return await self.again(self.script(*steps), profile=profile, **assignment)

    async def again(self, scenario: str, profile: dict[str, Any] | None = None, **assignment: Any) -> Turn:
        """Another turn with the model's part of that name."""
        return await self.turns.start(build(self.profile(scenario, **(profile or {}))), **assignment)
