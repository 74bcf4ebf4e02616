"""What an agent tells while it works. The vocabulary is the Agent Client Protocol's, so that adapters only translate."""

from __future__ import annotations

from typing import Any, Literal

from locus.model.base import Recorded, by_kind

ToolKind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]
ToolStatus = Literal["pending", "in_progress", "completed", "failed"]
Outcome = Literal["ok", "failed", "cancelled", "limit", "denied"]


class Location(Recorded):
    path: str
    line: int | None = None


class Started(Recorded):
    kind: Literal["started"] = "started"
    session_id: str | None = None
    model: str | None = None
    mode: str | None = None


class Text(Recorded):
    kind: Literal["text"] = "text"
    text: str


class Thought(Recorded):
    kind: Literal["thought"] = "thought"
    text: str


class ToolStart(Recorded):
    kind: Literal["tool"] = "tool"
    id: str
    tool: ToolKind = "other"
    title: str
    locations: tuple[Location, ...] = ()


class ToolUpdate(Recorded):
    kind: Literal["tool.update"] = "tool.update"
    id: str
    status: ToolStatus
    output: str | None = None
    diff: str | None = None


class Usage(Recorded):
    """Cumulative within one session."""

    kind: Literal["usage"] = "usage"
    tokens: int | None = None
    cost_usd: float | None = None


class Retry(Recorded):
    kind: Literal["retry"] = "retry"
    attempt: int
    status: int | None = None
    delay_seconds: float | None = None


class Notice(Recorded):
    """A line for the log: agent output that has no structure, or a word from Locus itself."""

    kind: Literal["notice"] = "notice"
    text: str
    stream: Literal["stdout", "stderr", "locus"] = "stdout"


class TurnEnd(Recorded):
    kind: Literal["turn.end"] = "turn.end"
    outcome: Outcome
    reason: str | None = None
    hint: str | None = None
    summary: str | None = None


class Exited(Recorded):
    kind: Literal["exited"] = "exited"
    code: int
    stderr_tail: str = ""


AgentEvent = Started | Text | Thought | ToolStart | ToolUpdate | Usage | Retry | Notice | TurnEnd | Exited

_KINDS = by_kind(AgentEvent)


def parse_agent_event(record: dict[str, Any]) -> AgentEvent:
    """Raises KeyError for an unknown kind, ValidationError for a wrong body."""
    event: AgentEvent = _KINDS[record["kind"]].model_validate({key: value for key, value in record.items() if key not in ("at", "attempt")})
    return event


def as_line(event: AgentEvent) -> str:
    """How an event reads in a log, on one line where it fits."""
    match event:
        case Text() | Thought() | Notice():
            return event.text
        case ToolStart():
            return f"▸ {event.title}"
        case ToolUpdate():
            return f"  {event.status}" + (f": {event.output}" if event.output else "")
        case Started():
            return "started" + (f" {event.model}" if event.model else "")
        case Usage():
            return f"used {event.tokens or 0} tokens" + (f", ${event.cost_usd:.2f}" if event.cost_usd is not None else "")
        case Retry():
            return f"retry {event.attempt}" + (f" after {event.status}" if event.status else "")
        case TurnEnd():
            return f"turn ended: {event.outcome}" + (f" ({event.reason})" if event.reason else "")
        case Exited():
            return f"exited with {event.code}"
