"""The real Gemini CLI for tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.models.gemini import Step, gemini_server
from support.real_agent import RealAgent, pinned

Gemini = RealAgent[Step]


def gemini_in(folder: Path) -> Gemini:
    node = shutil.which("node")
    assert node is not None, "Node.js is not there"
    return RealAgent("acp", [node, str(pinned("gemini").resolve()), "--acp"], _settings, gemini_server(), folder)


def _settings(_home: Path, _scenario: str, url: str) -> dict[str, str]:
    return {
        "GEMINI_API_KEY": "test-key",
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "GEMINI_TELEMETRY_ENABLED": "false",
    }
