"""What Claude Code asks for and does not wait for any more: it is told, so that nobody is asked in vain and the agent is left alone."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from locus.agents import build
from locus.agents.protocol import Assignment, Decision
from locus.model.agent import PermissionRequest, PermissionWithdrawn, TurnEnd
from locus.model.config import AgentProfile

SAID = [
    {
        "type": "control_request",
        "request_id": "r1",
        "request": {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "make"}},
    },
    {"type": "control_cancel_request", "request_id": "r1"},
    {"type": "control_cancel_request", "request_id": "r2"},
    {"type": "result", "subtype": "success", "is_error": False, "result": "Done."},
]
PROGRAM = "import sys\nsys.stdin.readline()\nprint(sys.argv[1], flush=True)\nprint(sys.stdin.read(), file=sys.stderr)"


async def test_a_permission_that_it_takes_back(tmp_path: Path) -> None:
    lines = "\n".join(map(json.dumps, SAID))
    agent = build(AgentProfile(kind="claude", argv=(sys.executable, "-c", PROGRAM, lines)))
    session = await agent.start(
        Assignment("run-1", 7, root=tmp_path, worktree=tmp_path, prompt="Do this.", prompt_file=tmp_path / "prompt.md", base="abc")
    )
    async with asyncio.timeout(30):
        events = [event async for event in session.events()]
    asked, withdrawn, end = (event for event in events if isinstance(event, PermissionRequest | PermissionWithdrawn | TurnEnd))
    assert isinstance(asked, PermissionRequest) and asked.command == "make"
    assert withdrawn == PermissionWithdrawn(id=asked.id)
    assert isinstance(end, TurnEnd) and end.outcome == "ok"
    await session.answer(asked.id, Decision(allow=True))
