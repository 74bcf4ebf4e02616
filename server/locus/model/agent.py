"""What an agent tells while it works. The vocabulary is the Agent Client Protocol's, so that adapters only translate."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from locus.model.base import Recorded, by_kind

ToolKind = Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]
ToolStatus = Literal["pending", "in_progress", "completed", "failed"]
OptionKind = Literal["allow_once", "allow_always", "reject_once", "reject_always"]
Outcome = Literal["ok", "failed", "cancelled", "limit", "busy", "denied", "credentials", "lost"]
"""`denied` is ok, but something was refused to it; `limit`: a budget or a provider's quota; `busy`: the provider has failed for a while
(429, 5xx), and the agent's own program has given up; `credentials`: nobody is logged in, or the key is wrong; `lost`: the session that
was to be resumed is not there, and nothing was done."""


class Location(Recorded):
    path: str
    line: int | None = None


class Started(Recorded):
    kind: Literal["started"] = "started"
    session_id: str | None = None
    model: str | None = None
    mode: str | None = None


class Text(Recorded):
    """What the agent says, in whole lines as they come: adapters put deltas together with agents/lines.py."""

    kind: Literal["text"] = "text"
    text: str


class Thought(Recorded):
    kind: Literal["thought"] = "thought"
    text: str


class PlanEntry(Recorded):
    content: str
    status: Literal["pending", "in_progress", "completed"] = "pending"


class Plan(Recorded):
    """The agent's own list of steps, whole each time."""

    kind: Literal["plan"] = "plan"
    entries: tuple[PlanEntry, ...]


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


class Learned(Recorded):
    """Something about the repository that later tasks should know."""

    kind: Literal["learned"] = "learned"
    text: str


class PermissionOption(Recorded):
    id: str
    label: str
    kind: OptionKind


class PermissionRequest(Recorded):
    """The agent waits for `Session.answer`. What the engine's rules do not settle becomes a question to the person."""

    kind: Literal["permission"] = "permission"
    id: str
    tool: ToolKind = "other"
    name: str = ""
    """The provider's own name of the tool: `Bash`, `Write`, `commandExecution`."""
    title: str
    command: str | None = None
    """What would be executed, as a shell would read it."""
    locations: tuple[Location, ...] = ()
    """The files that it would touch, absolute or from the worktree."""
    diff: str | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    """The tool's arguments as the provider gives them; an answer may change them where `editable`."""
    editable: bool = False
    options: tuple[PermissionOption, ...] = ()
    """What the provider offers besides allowing once and rejecting once, which always can be said."""
    choices: tuple[str, ...] = ()
    """Not a permission but the agent's own question, with these answers; any other text is an answer too."""
    asks: bool = False
    """The agent's own question also where it names no answers."""


class PermissionWithdrawn(Recorded):
    """The agent does not wait for the answer to this PermissionRequest any more, and works on."""

    kind: Literal["withdrawn"] = "withdrawn"
    id: str


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
    denials: tuple[str, ...] = ()
    """What was refused to it, for people: `Write secrets.txt`."""
    resets_at: str | None = None
    """When a provider's limit is over, where it says so; RFC 3339 in UTC."""


class Exited(Recorded):
    kind: Literal["exited"] = "exited"
    code: int
    stderr_tail: str = ""


AgentEvent = (
    Started
    | Text
    | Thought
    | Plan
    | ToolStart
    | ToolUpdate
    | PermissionRequest
    | PermissionWithdrawn
    | Learned
    | Usage
    | Retry
    | Notice
    | TurnEnd
    | Exited
)

_KINDS = by_kind(AgentEvent)


def parse_agent_event(record: dict[str, Any]) -> AgentEvent:
    """Raises KeyError for an unknown kind, ValidationError for a wrong body."""
    event: AgentEvent = _KINDS[record["kind"]].model_validate({key: value for key, value in record.items() if key not in ("at", "attempt")})
    return event


_MARKS = {"pending": "·", "in_progress": "▸", "completed": "✓"}


def as_line(event: AgentEvent) -> str:
    """How an event reads in a log, on one line where it fits."""
    match event:
        case Text() | Thought() | Notice():
            return event.text
        case ToolStart():
            return f"▸ {event.title}"
        case Plan():
            return "plan: " + "; ".join(f"{_MARKS[entry.status]} {entry.content}" for entry in event.entries)
        case Learned():
            return f"learned: {event.text}"
        case PermissionRequest():
            return f"asks: {event.title}"
        case PermissionWithdrawn():
            return "does not ask that any more"
        case ToolUpdate(status="pending", output=None):
            return ""
        case ToolUpdate():
            return f"  {event.status}" + (f": {event.output}" if event.output else "")
        case Started():
            return "started" + (f" {event.model}" if event.model else "")
        case Usage():
            return f"used {event.tokens or 0:,} tokens" + (f", ${event.cost_usd:.2f}" if event.cost_usd is not None else "")
        case Retry():
            return f"retry {event.attempt}" + (f" after {event.status}" if event.status else "")
        case TurnEnd():
            return f"turn ended: {event.outcome}" + (f" ({event.reason})" if event.reason else "")
        case Exited():
            return f"exited with {event.code}"
