"""A real agent of somebody else's through the Agent Client Protocol: the Gemini CLI, pinned in package.json, with a scripted model."""

from __future__ import annotations

import pytest

from locus.agents.protocol import Decision
from locus.model.agent import PermissionRequest, Text, ToolStart
from support.gemini import Gemini
from support.models.gemini import Step

pytestmark = pytest.mark.agents

WRITE = Step("I will write it.", (("write_file", {"file_path": "hello.txt", "content": "hello\n"}),))


async def test_it_edits_and_is_understood(gemini: Gemini) -> None:
    turn = await gemini.play(WRITE, Step("It is written."))
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "It is written."), turn.events
    assert (gemini.worktree / "hello.txt").read_text() == "hello\n"
    assert [event.tool for event in turn.all(ToolStart)] == ["edit"]
    assert turn.session_id


@pytest.mark.parametrize("allow", [True, False])
async def test_it_asks_before_it_changes_anything(gemini: Gemini, allow: bool) -> None:
    turn = await gemini.play(WRITE, Step("That was it."), profile={"permission_mode": "ask"})
    asked = await turn.until(PermissionRequest)
    assert asked.tool == "edit" and asked.diff is not None and "+hello" in asked.diff
    await turn.session.answer(asked.id, Decision(allow=allow))
    assert (await turn.end()).outcome in ("ok", "cancelled")
    assert (gemini.worktree / "hello.txt").exists() is allow


async def test_a_wrong_key_ends_the_turn(gemini: Gemini) -> None:
    turn = await gemini.play(Step(status=401))
    end = await turn.end()
    assert end.outcome in ("failed", "credentials") and end.reason, turn.events
    assert not turn.all(Text)
