"""Agents that do not keep to the protocol: their turn fails with a word about it, and nothing else of the run does."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from acp import schema

from locus.agents import build
from locus.agents.acp.translate import permission
from locus.agents.protocol import Assignment
from locus.model.agent import AgentEvent, Exited, Text, TurnEnd
from locus.model.config import AgentProfile

PROGRAM = """
import json, sys
answers = json.loads(sys.argv[1])
for line in sys.stdin:
    message = json.loads(line)
    for said in answers.get(message.get("method"), []):
        print(json.dumps({"jsonrpc": "2.0", **({"id": message["id"]} if "method" not in said else {}), **said}), flush=True)
"""
GOOD: dict[str, list[dict[str, Any]]] = {
    "initialize": [{"result": {"protocolVersion": 1, "agentCapabilities": {}}}],
    "session/new": [{"result": {"sessionId": "s-1"}}],
    "session/prompt": [{"result": {"stopReason": "end_turn"}}],
}


def update(said: Any) -> dict[str, Any]:
    return {"method": "session/update", "params": {"sessionId": "s-1", "update": said}}


async def turn(folder: Path, answers: dict[str, list[dict[str, Any]]]) -> list[AgentEvent]:
    agent = build(AgentProfile(kind="acp", argv=(sys.executable, "-c", PROGRAM, json.dumps(GOOD | answers))))
    worktree = folder / "worktree"
    worktree.mkdir()
    assignment = Assignment("run-1", 7, root=folder, worktree=worktree, prompt="Do this.", prompt_file=folder / "prompt.md", base="abc")
    async with asyncio.timeout(30):
        return [event async for event in (await agent.start(assignment)).events()]


@pytest.mark.parametrize(
    "answers",
    [
        {"initialize": [{"result": None}]},
        {"session/new": [{"result": {"sessionId": 7}}]},
        {"session/prompt": [{"result": {"stopReason": "because"}}]},
    ],
    ids=lambda answers: json.dumps(answers),
)
async def test_an_answer_that_nobody_understands_fails_the_turn(tmp_path: Path, answers: dict[str, list[dict[str, Any]]]) -> None:
    events = await turn(tmp_path, answers)
    (end,) = [event for event in events if isinstance(event, TurnEnd)]
    assert end.outcome == "failed"
    assert "does not keep to the protocol" in str(end.reason)
    assert isinstance(events[-1], Exited)


@pytest.mark.parametrize("said", [{"sessionUpdate": "tool_call"}, 7], ids=repr)
async def test_an_update_that_nobody_understands_is_passed_over(tmp_path: Path, said: Any) -> None:
    good = update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "Done."}})
    events = await turn(tmp_path, {"session/prompt": [update(said), good, *GOOD["session/prompt"]]})
    assert [event.text for event in events if isinstance(event, Text)] == ["Done."]
    assert [event.outcome for event in events if isinstance(event, TurnEnd)] == ["ok"]


@pytest.mark.parametrize(("kind", "command"), [("execute", "ls"), (None, "ls"), ("edit", None), ("fetch", None)])
def test_only_what_is_executed_is_judged_as_a_command(kind: Any, command: str | None) -> None:
    """An argument of that name says nothing about what another tool does: with it, writing a file anywhere would be taken for `ls`."""
    call = schema.ToolCallUpdate(
        tool_call_id="t", kind=kind, raw_input={"command": "ls"}, locations=[schema.ToolCallLocation(path="/etc/passwd")]
    )
    asked = permission("t:1", call, [])
    assert (asked.command, [place.path for place in asked.locations]) == (command, ["/etc/passwd"])
