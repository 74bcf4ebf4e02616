"""The protocol's updates as our events. Its vocabulary is ours, so there is little to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from acp import schema

from locus.agents.differing import compared
from locus.agents.lines import Lines
from locus.model.agent import (
    AgentEvent,
    Location,
    PermissionOption,
    PermissionRequest,
    Plan,
    PlanEntry,
    Text,
    Thought,
    ToolKind,
    ToolStart,
    ToolUpdate,
    Usage,
)

OUTPUT = 4_000
DIFF = 60_000
INPUT = 20_000
"""Characters of what is kept of a tool's output, its diff and its arguments."""

_KINDS: dict[str, ToolKind] = {
    "read": "read",
    "edit": "edit",
    "delete": "delete",
    "move": "move",
    "search": "search",
    "execute": "execute",
    "think": "think",
    "fetch": "fetch",
}


class Translator:
    """Of one turn: text comes in pieces, and a tool is told of once."""

    def __init__(self) -> None:
        self._said, self._thought = Lines(), Lines()
        self._tools: set[str] = set()

    def update(self, update: Any) -> Iterator[AgentEvent]:
        match update:
            case schema.AgentMessageChunk(content=schema.TextContentBlock(text=text)):
                yield from map(_thought, self._thought.finish())
                yield from (Text(text=line) for line in self._said.feed(text))
            case schema.AgentThoughtChunk(content=schema.TextContentBlock(text=text)):
                yield from (Thought(text=line) for line in self._thought.feed(text))
            case schema.ToolCallStart() | schema.ToolCallProgress():
                yield from self.finish()
                yield from self._tool(update)
            case schema.AgentPlanUpdate():
                yield from self.finish()
                yield Plan(entries=tuple(PlanEntry(content=entry.content, status=entry.status) for entry in update.entries))
            case schema.UsageUpdate():
                yield usage_of(update)

    def finish(self) -> Iterator[AgentEvent]:
        """What was said and had no end."""
        yield from map(_thought, self._thought.finish())
        yield from (Text(text=line) for line in self._said.finish())

    def _tool(self, call: schema.ToolCallStart | schema.ToolCallProgress) -> Iterator[AgentEvent]:
        id = call.tool_call_id
        if id not in self._tools:
            self._tools.add(id)
            yield ToolStart(id=id, tool=tool_kind(call.kind), title=_one_line(call.title or id), locations=locations(call))
        if call.status is not None:
            output = None if call.status in ("pending", "in_progress") else _output(call)
            yield ToolUpdate(id=id, status=call.status, output=output, diff=diff_of(call.content))


def permission(id: str, call: schema.ToolCallUpdate, options: Sequence[schema.PermissionOption]) -> PermissionRequest:
    raw = call.raw_input if isinstance(call.raw_input, dict) else {}
    command = raw.get("command") if call.kind in ("execute", None) else None  # other tools have an argument of that name too
    return PermissionRequest(
        id=id,
        tool=tool_kind(call.kind),
        name=call.kind or "",
        title=_one_line(call.title or call.tool_call_id),
        command=" ".join(map(str, command)) if isinstance(command, list) else command if isinstance(command, str) else None,
        locations=locations(call),
        diff=diff_of(call.content),
        input=raw if len(repr(raw)) <= INPUT else {},
        options=tuple(PermissionOption(id=option.option_id, label=option.name, kind=option.kind) for option in options),
    )


def usage_of(update: Any) -> Usage:
    """What the context window holds is no measure of what was used; only the money is."""
    cost = update.cost
    return Usage(cost_usd=cost.amount if cost is not None and cost.currency == "USD" else None)


def tool_kind(kind: str | None) -> ToolKind:
    return _KINDS.get(kind or "", "other")


def locations(call: Any) -> tuple[Location, ...]:
    """Where the tool says that it works, and the files of its diffs."""
    found = {place.path: Location(path=place.path, line=place.line) for place in call.locations or ()}
    for part in call.content or ():
        if isinstance(part, schema.FileEditToolCallContent):
            found.setdefault(part.path, Location(path=part.path))
    return tuple(found.values())


def diff_of(content: Iterable[Any] | None) -> str | None:
    parts = [_diff(part) for part in content or () if isinstance(part, schema.FileEditToolCallContent)]
    return "\n".join(parts)[:DIFF] or None


def _diff(part: schema.FileEditToolCallContent) -> str:
    return compared((part.old_text or "").splitlines(), part.new_text.splitlines(), part.path, part.path)


def _output(call: Any) -> str | None:
    texts = [
        part.content.text
        for part in call.content or ()
        if isinstance(part, schema.ContentToolCallContent) and isinstance(part.content, schema.TextContentBlock)
    ]
    if not texts and isinstance(call.raw_output, str):
        texts = [call.raw_output]
    return "\n".join(texts)[-OUTPUT:] or None


def _thought(line: str) -> Thought:
    return Thought(text=line)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
