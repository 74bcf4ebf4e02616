"""The real Codex for tests."""

from __future__ import annotations

from pathlib import Path

from locus.agents.codex.binary import native
from support.models.responses import Step, responses_server
from support.real_agent import PROGRAMS, RealAgent, pinned

PROGRAM = PROGRAMS / "codex"
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

Codex = RealAgent[Step]


def codex_in(folder: Path) -> Codex:
    return RealAgent("codex", [str(pinned("codex"))], _settings, responses_server(), folder)


def config_of(codex: Codex, scenario: str) -> Path:
    """The folder of the person's own settings, one for each scenario. Threads are kept in it."""
    return _config(codex.home, scenario, codex.model.url(scenario))


def binary() -> str:
    """The native program of the pinned version."""
    return native(str(pinned("codex")), PROGRAMS, {})


def _settings(home: Path, scenario: str, url: str) -> dict[str, str]:
    return {"CODEX_HOME": str(_config(home, scenario, url)), "SCRIPTED_KEY": KEY}


def _config(home: Path, scenario: str, url: str) -> Path:
    folder = home / scenario
    if not folder.exists():
        folder.mkdir()
        (folder / "config.toml").write_text(_CONFIG.format(model=MODEL, url=url))
    return folder
