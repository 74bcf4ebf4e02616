"""The example agent of the Agent Client Protocol's own Python library, as its source has it: what others begin with is understood."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest

from locus.agents import build
from locus.model.agent import Started, Text
from locus.model.config import AgentProfile
from support.turns import Turns

pytestmark = pytest.mark.agents

SOURCES = Path(__file__).parent / ".cache"


async def test_the_librarys_example_agent_is_understood(tmp_path: Path) -> None:
    (archive,) = SOURCES.glob("agent_client_protocol-*.tar.gz")  # `make test-agents` fetches it
    with tarfile.open(archive) as source:
        source.extractall(tmp_path / "source", filter="data")
    (program,) = tmp_path.glob("source/*/examples/agent.py")
    turns = Turns(tmp_path / "person")
    turn = await turns.start(build(AgentProfile(kind="acp", argv=(sys.executable, str(program)))), prompt="First line\nSecond line\n")
    try:
        assert (await turn.end()).outcome == "ok", turn.events
        assert "Client sent:First line" in turn.said and "Second line" in turn.said
        assert turn.one(Started).session_id == "0"
        assert turn.all(Text)
    finally:
        await turns.close()
