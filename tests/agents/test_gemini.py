"""A real agent of somebody else's through the Agent Client Protocol: the Gemini CLI, pinned in package.json, with a scripted model."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from locus.agents import build
from locus.agents.protocol import Decision
from locus.model.agent import PermissionRequest, Text, ToolStart
from locus.model.config import AgentProfile
from support.models.gemini import Step, gemini_server
from support.models.server import ScriptedModel
from support.turns import Turn, Turns

pytestmark = pytest.mark.agents

PROGRAM = Path(__file__).parent / "node_modules" / ".bin" / "gemini"
WRITE = Step("I will write it.", (("write_file", {"file_path": "hello.txt", "content": "hello\n"}),))


@pytest.fixture
def model() -> Iterator[ScriptedModel[Step]]:
    with gemini_server() as model:
        yield model


class Gemini:
    def __init__(self, folder: Path, model: ScriptedModel[Step]) -> None:
        assert PROGRAM.exists(), "the Gemini CLI is not there: `make test-agents` installs it"
        self.model = model
        self.turns = Turns(folder)

    async def play(self, *steps: Step, **profile: Any) -> Turn:
        self.model.scenarios["it"] = steps
        env = {
            "HOME": str(self.turns.folder),
            "GEMINI_API_KEY": "test-key",
            "GOOGLE_GEMINI_BASE_URL": self.model.url("it"),
            "GEMINI_CLI_TRUST_WORKSPACE": "true",
            "GEMINI_TELEMETRY_ENABLED": "false",
            "NO_PROXY": "127.0.0.1",
        }
        node = shutil.which("node")
        assert node is not None, "Node.js is not there"
        agent = build(AgentProfile(kind="acp", argv=(node, str(PROGRAM.resolve()), "--acp"), env=env, **profile))
        return await self.turns.start(agent)


@pytest.fixture
async def gemini(tmp_path: Path, model: ScriptedModel[Step]) -> AsyncIterator[Gemini]:
    gemini = Gemini(tmp_path / "person", model)
    yield gemini
    await gemini.turns.close()


async def test_it_edits_and_is_understood(gemini: Gemini) -> None:
    turn = await gemini.play(WRITE, Step("It is written."))
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "It is written."), turn.events
    assert (gemini.turns.worktree / "hello.txt").read_text() == "hello\n"
    assert [event.tool for event in turn.all(ToolStart)] == ["edit"]
    assert turn.session_id


@pytest.mark.parametrize("allow", [True, False])
async def test_it_asks_before_it_changes_anything(gemini: Gemini, allow: bool) -> None:
    turn = await gemini.play(WRITE, Step("That was it."), permission_mode="ask")
    asked = await turn.until(PermissionRequest)
    assert asked.tool == "edit" and asked.diff is not None and "+hello" in asked.diff
    await turn.session.answer(asked.id, Decision(allow=allow))
    assert (await turn.end()).outcome in ("ok", "cancelled")
    assert (gemini.turns.worktree / "hello.txt").exists() is allow


async def test_a_wrong_key_ends_the_turn(gemini: Gemini) -> None:
    turn = await gemini.play(Step(status=401))
    end = await turn.end()
    assert end.outcome in ("failed", "credentials") and end.reason, turn.events
    assert not turn.all(Text)
