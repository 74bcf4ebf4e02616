"""The list of steps that Claude Code keeps with its own tools: whole with TodoWrite, step by step with TaskCreate and TaskUpdate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locus.model.agent import Plan, PlanEntry

_TOOLS = ("TodoWrite", "TaskCreate", "TaskUpdate", "TaskList", "TaskGet")


class Steps:
    def __init__(self) -> None:
        self._entries: dict[str, PlanEntry] = {}

    @staticmethod
    def knows(tool: str) -> bool:
        return tool in _TOOLS

    def called(self, tool: str, arguments: Mapping[str, Any]) -> Plan | None:
        """The plan, where the call has changed it."""
        if tool == "TodoWrite":
            todos = [todo for todo in arguments.get("todos") or () if isinstance(todo, Mapping)]
            self._entries = {str(number): _entry(todo.get("content"), todo.get("status")) for number, todo in enumerate(todos)}
            return self._plan()
        id = str(arguments.get("taskId"))
        if tool != "TaskUpdate" or id not in self._entries:
            return None
        if arguments.get("status") == "deleted":
            del self._entries[id]
        else:
            known = self._entries[id]
            self._entries[id] = _entry(arguments.get("subject") or known.content, arguments.get("status") or known.status)
        return self._plan()

    def returned(self, tool: str, result: Any) -> Plan | None:
        """A new step has its number only when it has been made."""
        match result:
            case {"task": {"id": id, "subject": subject}} if tool == "TaskCreate":
                self._entries[str(id)] = _entry(subject, "pending")
                return self._plan()
        return None

    def _plan(self) -> Plan:
        return Plan(entries=tuple(self._entries.values()))


def _entry(content: Any, status: Any) -> PlanEntry:
    match status:
        case "in_progress" | "completed":
            return PlanEntry(content=str(content), status=status)
        case _:
            return PlanEntry(content=str(content))
