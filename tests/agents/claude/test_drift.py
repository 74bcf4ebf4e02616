"""What the pinned Claude Code writes, by kind of message: a new version is taken in with a look at what it writes otherwise.

After a change of the pin: put the sequence that the failure shows into goldens/<version>.txt, and read what is new in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from locus.agents.messages import parsed
from locus.agents.protocol import Decision
from locus.model.agent import PermissionRequest
from support.claude import Claude
from support.models.anthropic import Step, says, text, thinking, tool, uses

pytestmark = pytest.mark.agents

HERE = Path(__file__).parent


def _kind(message: dict[str, Any]) -> str:
    inner = message.get("request") or message.get("response") or {}
    return " ".join(filter(None, (message["type"], message.get("subtype") or inner.get("subtype"))))


async def test_the_kinds_of_its_messages_are_those_we_know(claude: Claude, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[dict[str, Any]] = []

    def recorded(line: str) -> dict[str, Any] | None:
        if (message := parsed(line)) is not None:
            messages.append(message)
        return message

    monkeypatch.setattr("locus.agents.claude.session.parsed", recorded)
    turn = await claude.play(
        Step((thinking("A file."), text("I will create it."), tool("Write", file_path="{cwd}/a.txt", content="a\n"))),
        uses("Bash", command="exit 3", description="Fail"),
        says("Done."),
    )
    asked = await turn.until(PermissionRequest)
    await turn.session.answer(asked.id, Decision(allow=True))
    assert (await turn.end()).outcome == "ok"

    version = json.loads((HERE.parent / "package.json").read_text())["dependencies"]["@anthropic-ai/claude-code"]
    golden = HERE / "goldens" / f"{version}.txt"
    streamed = sorted({message["event"]["type"] for message in messages if message["type"] == "stream_event"})
    whole = [_kind(message) for message in messages if message["type"] != "stream_event"]
    assert [*whole, "--", *streamed] == (golden.read_text().splitlines() if golden.exists() else None)
