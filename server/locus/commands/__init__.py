"""Every use case once. Each is declared in the file of its noun; here they are gathered by id."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from locus.commands import agents, house, issues, memory, runs, sprints, tasks, tracker, worktrees
from locus.commands.registry import Command

COMMANDS: Mapping[str, Command[Any]] = MappingProxyType(
    {
        command.id: command
        for module in (house, agents, issues, sprints, runs, tasks, worktrees, memory, tracker)
        for command in module.COMMANDS
    }
)
