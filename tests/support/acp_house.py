"""Issues for an agent that is a program of its own, speaks the Agent Client Protocol and asks before it acts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from support.house import House

AGENT = Path(__file__).with_name("acp_agent.py")


def acp_profile(house: House) -> dict[str, Any]:
    """Its sessions can be taken up again. What it was told stands in `said(house)`."""
    log = str(house.person.path.parent / "acp.log")
    return {"tester": {"kind": "acp", "argv": [sys.executable, str(AGENT), "--load"], "env": {"LOCUS_ACP_LOG": log}}}


async def acp_issue(house: House, *steps: dict[str, Any], title: str = "Task") -> int:
    task = await house.call("locus.issue.create", title=title, body=f"STEPS: {json.dumps(steps)}")
    return int(task.number)


def said(house: House) -> list[dict[str, Any]]:
    path = house.person.path.parent / "acp.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
