"""The real Claude Code, pinned in tests/agents/package.json, with a scripted model for a provider and a home of the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locus.agents import build
from locus.model.config import AgentProfile
from support.models.anthropic import Step
from support.models.server import Request, ScriptedModel
from support.turns import Turn, Turns

PROGRAM = Path(__file__).parents[1] / "agents" / "node_modules" / ".bin" / "claude"
KEY = "test-key"


class Claude:
    """`play` starts a turn of which the model's part is the given steps."""

    def __init__(self, folder: Path, model: ScriptedModel[Step]) -> None:
        assert PROGRAM.exists(), "Claude Code is not there: `make test-agents` installs it"
        self.model = model
        self.turns = Turns(folder)
        self.home = folder / "home"
        self.home.mkdir()

    @property
    def worktree(self) -> Path:
        return self.turns.worktree

    def profile(self, scenario: str, env: dict[str, str] | None = None, words: Sequence[str] = (), **more: Any) -> AgentProfile:
        own = {
            "HOME": str(self.home),
            "ANTHROPIC_BASE_URL": self.model.url(scenario),
            "ANTHROPIC_API_KEY": KEY,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_MAX_RETRIES": "2",
            "NO_PROXY": "127.0.0.1",
        }
        return AgentProfile(kind="claude", argv=(str(PROGRAM), *words), env=own | (env or {}), **more)

    def script(self, *steps: Step) -> str:
        """The name under which the steps are played."""
        name = f"scenario-{len(self.model.scenarios)}"
        self.model.scenarios[name] = steps
        return name

    async def play(self, *steps: Step, profile: dict[str, Any] | None = None, **assignment: Any) -> Turn:
        return await self.again(self.script(*steps), profile=profile, **assignment)

    async def again(self, scenario: str, profile: dict[str, Any] | None = None, **assignment: Any) -> Turn:
        """Another turn with the model's part of that name."""
        return await self.turns.start(build(self.profile(scenario, **(profile or {}))), **assignment)

    @property
    def requests(self) -> list[Request]:
        return self.model.requests
