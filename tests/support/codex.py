"""The real Codex, pinned in tests/agents/package.json, with a scripted model for a provider and a home of the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locus.agents import build
from locus.agents.codex.binary import native
from locus.model.config import AgentProfile
from support.models.responses import Step
from support.models.server import Request, ScriptedModel
from support.turns import Turn, Turns

PROGRAM = Path(__file__).parents[1] / "agents" / "node_modules" / ".bin" / "codex"
KEY = "test-key"
MODEL = "gpt-5.5"
"""One that this version knows: it is given the tool that changes files."""

_CONFIG = """
model = "{model}"
model_provider = "scripted"
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
plugins = false
[tools.update_plan]
enabled = true
[sandbox_workspace_write]
exclude_slash_tmp = true
exclude_tmpdir_env_var = true
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 2
"""


class Codex:
    """`play` starts a turn of which the model's part is the given steps."""

    def __init__(self, folder: Path, model: ScriptedModel[Step]) -> None:
        assert PROGRAM.exists(), "Codex is not there: `make test-agents` installs it"
        self.model = model
        self.turns = Turns(folder)
        self.home = folder / "home"
        self.home.mkdir()

    @property
    def worktree(self) -> Path:
        return self.turns.worktree

    def config(self, scenario: str) -> Path:
        """The folder of the person's own settings, one for each scenario. Threads are kept in it."""
        folder = self.home / scenario
        if not folder.exists():
            folder.mkdir()
            (folder / "config.toml").write_text(_CONFIG.format(model=MODEL, url=self.model.url(scenario)))
        return folder

    def profile(self, scenario: str, env: dict[str, str] | None = None, words: Sequence[str] = (), **more: Any) -> AgentProfile:
        own = {"HOME": str(self.home), "CODEX_HOME": str(self.config(scenario)), "SCRIPTED_KEY": KEY, "NO_PROXY": "127.0.0.1"}
        return AgentProfile(kind="codex", argv=(str(PROGRAM), *words), env=own | (env or {}), **more)

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


def binary() -> str:
    """The native program of the pinned version."""
    assert PROGRAM.exists(), "Codex is not there: `make test-agents` installs it"
    return native(str(PROGRAM), PROGRAM.parent, {})
