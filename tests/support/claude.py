"""The real Claude Code for tests."""

from __future__ import annotations

from pathlib import Path

from support.models.anthropic import Step, messages_server
from support.real_agent import RealAgent, pinned

KEY = "test-key"

Claude = RealAgent[Step]


def claude_in(folder: Path) -> Claude:
    return RealAgent("claude", [str(pinned("claude"))], _settings, messages_server(), folder)


def _settings(_home: Path, _scenario: str, url: str) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_MAX_RETRIES": "2",
    }
