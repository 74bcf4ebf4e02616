"""Claude Code's stream of messages, translated: one JSON object in, events of the vocabulary out. Nothing here reads or writes.

New kinds of messages come with every version: what is not known is logged for those who look, and ignored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from locus.agents.claude import ending, tools
from locus.agents.claude.steps import Steps
from locus.agents.lines import Lines
from locus.model.agent import AgentEvent, Notice, Retry, Started, Text, Thought, ToolStart, ToolUpdate

Json = Mapping[str, Any]

_OUTPUT = 4000
"""Characters of what a tool printed."""
_QUIET = ("read",)
"""Kinds of tools of whose output nothing is shown: it is what stands in the file."""

log = logging.getLogger(__name__)


class Translator:
    """`result` is the last turn's, None while a turn goes on. One turn of ours can be several of Claude's: what it left running in the
    background wakes it when it ends."""

    def __init__(self, worktree: PurePath) -> None:
        self._worktree = worktree
        self._started = False
        self._text, self._thought = Lines(), Lines()
        self._message: str | None = None
        self._streamed: set[str | None] = set()
        self._tools: dict[str, str] = {}
        self._steps = Steps()
        self.result: Json | None = None
        self.background: list[tuple[str, str]] = []
        """What still runs: its kind (a subagent is `local_agent`, a command `local_bash`) and what it is."""
        self.error: str | None = None
        """The kind of the API's last error."""
        self.refused = False
        """The provider does not know the key, and Claude goes on trying: for minutes, as it does where a provider is busy."""
        self.resets_at: int | None = None

    def feed(self, message: Json) -> list[AgentEvent]:
        try:
            return self._translated(message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # what is documented nowhere may have another shape tomorrow
            log.warning("a message of the kind %s has an unexpected shape: %s", message.get("type"), error)
            return []

    def _translated(self, message: Json) -> list[AgentEvent]:
        match message.get("type"):
            case "stream_event" if message.get("parent_tool_use_id") is None:
                return self._delta(tools.mapping(message.get("event")))
            case "assistant":
                return self._said(message)
            case "user":
                return self._results(message)
            case "system":
                return self._system(message)
            case "result":
                return self._result(message)
            case "rate_limit_event":
                match message.get("rate_limit_info"):
                    case {"status": "rejected", "resetsAt": int(seconds)}:
                        self.resets_at = seconds
            case kind:
                log.debug("a message of the kind %s is not known", kind)
        return []

    def _delta(self, event: Json) -> list[AgentEvent]:
        match event:
            case {"type": "message_start", "message": {"id": id}}:
                self._message = id
                self._text, self._thought = Lines(), Lines()  # what a broken stream has left comes again
            case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(piece)}}:
                self._streamed.add(self._message)
                return [Text(text=line) for line in self._text.feed(piece)]
            case {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": str(piece)}}:
                self._streamed.add(self._message)
                return [Thought(text=line) for line in self._thought.feed(piece)]
            case {"type": "content_block_stop"}:
                return self._rest()
        return []

    def _rest(self) -> list[AgentEvent]:
        thoughts: list[AgentEvent] = [Thought(text=line) for line in self._thought.finish()]
        return [*thoughts, *(Text(text=line) for line in self._text.finish())]

    def _said(self, message: Json) -> list[AgentEvent]:
        said = message.get("message") or {}
        error = message.get("error")
        self.error = error if isinstance(error, str) else None
        if said.get("model") == "<synthetic>":  # Claude's own words about an error, which the result has too
            return []
        of_subagent = message.get("parent_tool_use_id") is not None
        shown = not of_subagent and said.get("id") in self._streamed
        events: list[AgentEvent] = []
        for block in said.get("content") or ():
            match block:
                case {"type": "text", "text": str(text)} if not shown:
                    events += [Thought(text=line) if of_subagent else Text(text=line) for line in text.splitlines() if line.strip()]
                case {"type": "thinking", "thinking": str(text)} if not shown:
                    events += [Thought(text=line) for line in text.splitlines() if line.strip()]
                case {"type": "tool_use", "id": str(id), "name": str(name), "input": Mapping() as arguments}:
                    events += self._tool(id, name, arguments, of_subagent=of_subagent)
        return events

    def _tool(self, id: str, name: str, arguments: Json, *, of_subagent: bool) -> list[AgentEvent]:
        self._tools[id] = name
        if self._steps.knows(name):
            plan = None if of_subagent else self._steps.called(name, arguments)
            return [] if plan is None else [plan]
        title = tools.title(name, arguments, self._worktree)
        return [ToolStart(id=id, tool=tools.kind(name), title=title, locations=tools.locations(arguments))]

    def _results(self, message: Json) -> list[AgentEvent]:
        content = (message.get("message") or {}).get("content")
        found = [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []
        results = [block for block in found if block.get("type") == "tool_result"]
        detail = message.get("tool_use_result") if len(results) == 1 else None
        events: list[AgentEvent] = []
        for block in results:
            id = str(block.get("tool_use_id"))
            name = self._tools.pop(id, "")
            if self._steps.knows(name):
                plan = None if message.get("parent_tool_use_id") is not None else self._steps.returned(name, detail)
                events += [] if plan is None else [plan]
                continue
            failed = bool(block.get("is_error"))
            diff = None if failed else tools.made_diff(detail, self._worktree)
            output = None if diff is not None or (tools.kind(name) in _QUIET and not failed) else _printed(block.get("content"))
            events.append(ToolUpdate(id=id, status="failed" if failed else "completed", output=output or None, diff=diff))
        return events

    def _system(self, message: Json) -> list[AgentEvent]:
        match message.get("subtype"):
            case "init":
                self.result = None
                if self._started:
                    return []
                self._started = True
                return [Started(session_id=message.get("session_id"), model=message.get("model"), mode=message.get("permissionMode"))]
            case "api_retry":
                self.error = message.get("error")
                delay, status = message.get("retry_delay_ms"), message.get("error_status")
                self.refused = self.error == "authentication_failed" or status == 401
                return [
                    Retry(
                        attempt=int(message.get("attempt") or 1),
                        status=status if isinstance(status, int) else None,
                        delay_seconds=delay / 1000 if isinstance(delay, int | float) else None,
                    )
                ]
            case "permission_denied":
                return [Notice(text=f"refused: {message.get('tool_name')}: {message.get('message') or 'not allowed'}", stream="locus")]
            case "background_tasks_changed":
                tasks = [task for task in message.get("tasks") or () if isinstance(task, Mapping)]
                self.background = [(str(task.get("task_type")), str(task.get("description") or "")) for task in tasks]
            case kind:
                log.debug("a system message of the kind %s is not known", kind)
        return []

    def _result(self, message: Json) -> list[AgentEvent]:
        self.result = message
        used = ending.usage(message)
        return [*self._rest(), *([] if used is None else [used])]


def _printed(content: Any) -> str:
    """What a tool said, its first and last part where it is long."""
    if isinstance(content, list):
        content = "\n".join(str(block.get("text", "")) for block in content if isinstance(block, Mapping))
    text = content.strip() if isinstance(content, str) else ""
    half = _OUTPUT // 2
    return text if len(text) <= _OUTPUT else f"{text[:half]}\n[...]\n{text[-half:]}"
