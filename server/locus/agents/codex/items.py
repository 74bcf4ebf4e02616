"""What Codex does, item by item: each is announced, may grow, and is completed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from locus.agents.lines import Lines
from locus.model.agent import AgentEvent, Location, Notice, Text, Thought, ToolKind, ToolStart, ToolStatus, ToolUpdate

Item = Mapping[str, Any]

_STATUS: Final[dict[str, ToolStatus]] = {"inProgress": "in_progress", "completed": "completed", "failed": "failed", "declined": "failed"}
_CHANGES: Final[dict[str, ToolKind]] = {"add": "edit", "update": "edit", "delete": "delete"}
_ACTIONS: Final[dict[str, ToolKind]] = {"read": "read", "search": "search", "listFiles": "search"}
_OUTPUT: Final = 64 * 1024
"""Characters of a tool's output that comes in one piece; of more, the end."""


class Items:
    """Tells the events of items, and remembers those that are not completed: approvals name them by id only."""

    def __init__(self, worktree: Path) -> None:
        self._worktree = worktree
        self._open: dict[str, Item] = {}
        self._lines: dict[str, Lines] = {}
        self._streamed: set[str] = set()
        self.said = ""
        """The last whole message."""
        self.denied: list[str] = []

    def get(self, id: str) -> Item:
        return self._open.get(id, {})

    def started(self, item: Item) -> Iterator[AgentEvent]:
        self._open[item["id"]] = item
        if (start := self._start(item)) is not None:
            yield start

    def grown(self, method: str, id: str, delta: str) -> Iterator[AgentEvent]:
        lines = self._lines.setdefault(id, Lines())
        self._streamed.add(id)
        for line in lines.feed(delta):
            yield self._line(method, id, line)

    def broken(self, method: str, id: str) -> Iterator[AgentEvent]:
        """The next delta of this item begins a new paragraph."""
        for line in self._lines.pop(id, Lines()).finish():
            yield self._line(method, id, line)

    def completed(self, item: Item) -> Iterator[AgentEvent]:
        id = item["id"]
        announced = self._open.pop(id, None) is not None
        rest = self._lines.pop(id, Lines()).finish()
        streamed = id in self._streamed
        self._streamed.discard(id)
        match item.get("type"):
            case "agentMessage" | "plan":
                self.said = str(item.get("text") or "").strip() or self.said
                yield from (Text(text=line) for line in (rest if streamed else _lines(item.get("text"))))
            case "reasoning":
                yield from (Thought(text=line) for line in (rest if streamed else _lines("\n".join(item.get("summary") or ()))))
            case "contextCompaction":
                yield Notice(text="the conversation was condensed, it had grown too long for the model", stream="locus")
            case _:
                if not announced and (start := self._start(item)) is not None:
                    yield start
                yield from self._done(item, "\n".join(rest) if streamed else None)

    # Announcements and ends.

    def _start(self, item: Item) -> ToolStart | None:
        match item.get("type"):
            case "commandExecution":
                kind, locations = _reading(item)
                return ToolStart(id=item["id"], tool=kind, title=command_of(item), locations=locations)
            case "fileChange":
                changes = item.get("changes") or ()
                return ToolStart(
                    id=item["id"], tool=kind_of(changes), title=title_of(changes, self._worktree), locations=locations_of(changes)
                )
            case "mcpToolCall":
                return ToolStart(id=item["id"], title=f"{item.get('server')}: {item.get('tool')}")
            case "webSearch":
                return ToolStart(id=item["id"], tool="fetch", title=f"Search the web: {item.get('query') or ''}".rstrip(": "))
            case "collabAgentToolCall":
                return ToolStart(id=item["id"], tool="think", title=f"Sub-agent: {item.get('prompt') or item.get('tool')}"[:200])
        return None

    def _done(self, item: Item, rest: str | None) -> Iterator[AgentEvent]:
        """`rest`: what of the output is still to be shown, where it came bit by bit."""
        kind, id = item.get("type"), item["id"]
        if self._start(item) is None:
            return
        status = _STATUS.get(str(item.get("status") or "completed"), "completed")
        if item.get("status") == "declined":
            what = command_of(item) if kind == "commandExecution" else title_of(item.get("changes") or (), self._worktree)
            self.denied.append(what)
        output = diff = None
        match kind:
            case "commandExecution":
                output = _tail(str(item.get("aggregatedOutput") or "")) if rest is None else rest
                if item.get("exitCode"):
                    output = f"{output}\n".lstrip() + f"(exit code {item['exitCode']})"
            case "fileChange":
                diff = diff_of(item.get("changes") or (), self._worktree)
            case "mcpToolCall":
                output = _tail(_told(item))
        yield ToolUpdate(id=id, status=status, output=output or None, diff=diff or None)

    def _line(self, method: str, id: str, line: str) -> AgentEvent:
        if method == "item/commandExecution/outputDelta":
            return ToolUpdate(id=id, status="in_progress", output=line)
        return Text(text=line) if method == "item/agentMessage/delta" else Thought(text=line)


def command_of(item: Item) -> str:
    """What is executed, without the shell that Codex starts for it."""
    command = str(item.get("command") or "")
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    return words[2] if len(words) == 3 and words[1] in ("-lc", "-c") else command


def title_of(changes: Sequence[Item], worktree: Path) -> str:
    """`Add a.py; Edit b.py`, and no more than a few of them."""
    verbs = {"add": "Add", "delete": "Delete", "update": "Edit"}
    parts = []
    for change in changes[:3]:
        kind = change.get("kind") or {}
        path = shown(str(change.get("path")), worktree)
        to = kind.get("move_path")
        parts.append(f"Move {path} to {shown(str(to), worktree)}" if to else f"{verbs.get(str(kind.get('type')), 'Change')} {path}")
    more = len(changes) - 3
    return "; ".join(parts) + (f" and {more} more" if more > 0 else "") if parts else "Change files"


def kind_of(changes: Sequence[Item]) -> ToolKind:
    kinds: set[ToolKind] = {
        "move" if (change.get("kind") or {}).get("move_path") else _CHANGES.get(str((change.get("kind") or {}).get("type")), "edit")
        for change in changes
    }
    return kinds.pop() if len(kinds) == 1 else "edit"


def locations_of(changes: Sequence[Item]) -> tuple[Location, ...]:
    paths: list[str] = []
    for change in changes:
        paths += filter(None, (change.get("path"), (change.get("kind") or {}).get("move_path")))
    return tuple(Location(path=path) for path in dict.fromkeys(paths))


def diff_of(changes: Sequence[Item], worktree: Path) -> str:
    """One unified diff. Codex gives hunks for what it updates, and the content of what it adds or deletes."""
    parts = []
    for change in changes:
        kind, body = change.get("kind") or {}, str(change.get("diff") or "")
        path = shown(str(change.get("path")), worktree)
        to = kind.get("move_path")
        if kind.get("type") == "add":
            parts.append(f"--- /dev/null\n+++ b/{path}\n" + _hunk(body, "+"))
        elif kind.get("type") == "delete":
            parts.append(f"--- a/{path}\n+++ /dev/null\n" + _hunk(body, "-"))
        else:
            hunks = body.partition("\n\nMoved to: ")[0] if to else body
            parts.append(f"--- a/{path}\n+++ b/{shown(str(to), worktree) if to else path}\n" + hunks.rstrip("\n") + "\n")
    return "".join(parts)


def shown(path: str, worktree: Path) -> str:
    """From the worktree, where it is in it."""
    try:
        return Path(path).relative_to(worktree).as_posix()
    except ValueError:
        return path


def _hunk(content: str, sign: str) -> str:
    lines = content.split("\n")
    unended = lines.pop() != ""
    if unended:
        lines = content.split("\n")
    if not lines:
        return ""
    head = f"@@ -0,0 +1,{len(lines)} @@" if sign == "+" else f"@@ -1,{len(lines)} +0,0 @@"
    body = "".join(f"{sign}{line}\n" for line in lines)
    return f"{head}\n{body}" + ("\\ No newline at end of file\n" if unended else "")


def _reading(item: Item) -> tuple[ToolKind, tuple[Location, ...]]:
    """A command that only reads or searches is told as that, with the files that it names."""
    actions = item.get("commandActions") or ()
    kinds = {_ACTIONS.get(str(action.get("type"))) for action in actions}
    if len(kinds) != 1 or (kind := kinds.pop()) is None:
        return "execute", ()
    return kind, tuple(Location(path=action["path"]) for action in actions if action.get("path"))


def _told(item: Item) -> str:
    """What a tool of an MCP server answered."""
    if error := item.get("error"):
        return str(error.get("message"))
    content = (item.get("result") or {}).get("content") or ()
    return "\n".join(str(part["text"]) for part in content if isinstance(part, Mapping) and part.get("text"))


def _tail(text: str) -> str:
    text = text.strip("\n")
    return text if len(text) <= _OUTPUT else f"[... {len(text) - _OUTPUT} characters]\n{text[-_OUTPUT:]}"


def _lines(text: object) -> list[str]:
    return [line.rstrip() for line in str(text or "").split("\n") if line.strip()]
