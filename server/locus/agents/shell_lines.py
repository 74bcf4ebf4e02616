"""Lines by which a `shell` agent tells more than text. All are optional; what does not parse is an ordinary line.

::locus progress TEXT                     what it does now
::locus tool KIND TITLE                   a tool it uses: read, edit, delete, move, search, execute, think, fetch or other
::locus plan [x] STEP; [>] STEP; [ ] STEP its whole list of steps: done, under way, to do
::locus usage tokens=N cost=DOLLARS       what it has used so far, in all
::locus learned TEXT                      what later tasks should know about the repository
::locus summary TEXT                      what it has done, for commit and pull request
"""

from __future__ import annotations

import re
from typing import get_args

from locus.model.agent import AgentEvent, Learned, Plan, PlanEntry, Text, ToolKind, ToolStart, Usage

PREFIX = "::locus "
_STATUS = {"x": "completed", ">": "in_progress", " ": "pending"}
_STEP = re.compile(r"\[([x> ])\] *(.+)")
_USAGE = re.compile(r"(?:tokens=(\d{1,15}))? ?(?:cost=(\d{1,9}(?:\.\d{1,15})?))?")


def parse(line: str, number: int) -> AgentEvent | None:
    """None where it is none of these. `number` tells tools apart."""
    if not line.startswith(PREFIX):
        return None
    word, _, rest = line.removeprefix(PREFIX).strip().partition(" ")
    rest = rest.strip()
    if not rest:
        return None
    match word:
        case "progress":
            return Text(text=rest)
        case "learned":
            return Learned(text=rest)
        case "tool":
            kind, _, title = rest.partition(" ")
            known = next((each for each in get_args(ToolKind) if each == kind), None)
            return ToolStart(id=f"shell-{number}", tool=known, title=title.strip()) if known and title.strip() else None
        case "plan":
            steps = [_STEP.fullmatch(step.strip()) for step in rest.split(";")]
            entries = [PlanEntry.model_validate({"content": step[2].strip(), "status": _STATUS[step[1]]}) for step in steps if step]
            return Plan(entries=tuple(entries)) if len(entries) == len(steps) else None
        case "usage":
            used = _USAGE.fullmatch(rest)
            if used is None or not any(used.groups()):
                return None
            return Usage(tokens=int(used[1]) if used[1] else None, cost_usd=float(used[2]) if used[2] else None)
    return None


def summary(line: str) -> str | None:
    word, _, rest = line.removeprefix(PREFIX).strip().partition(" ") if line.startswith(PREFIX) else ("", "", "")
    return rest.strip() or None if word == "summary" else None
