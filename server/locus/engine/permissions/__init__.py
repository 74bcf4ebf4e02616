"""May the agent do that? The same rules for every kind of agent.

What a person's rules say counts first: `deny`, then what they have allowed for this run, then `ask`, then `allow`. For everything else:
inside the worktree is allowed; what leads out of it, the network, a push, and commands that are not known to be harmless are asked about.
Rules read what an agent says it is about to do. They are no sandbox: a program that is allowed can do whatever its user can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locus.engine.permissions.parts import Part, Reader
from locus.model.agent import PermissionRequest
from locus.model.config import Command, PermissionsSection
from locus.model.permissions import Rule, parse_rule

Mode = Literal["ask", "edits", "bypass"]


@dataclass(frozen=True)
class Ruling:
    verdict: Literal["allow", "ask", "deny"]
    why: str
    always: tuple[Rule, ...] = ()
    """What is allowed for the run when a person says always."""


class Judge:
    """For one turn. `verify` are commands that the person has allowed Locus to run in this worktree; the agent may too."""

    def __init__(self, config: PermissionsSection, worktree: Path, *, mode: Mode = "edits", verify: Sequence[Command] = ()) -> None:
        self._allow, self._ask, self._deny = ([parse_rule(text) for text in texts] for texts in (config.allow, config.ask, config.deny))
        self._reader = Reader(worktree, verify)
        self._mode = mode

    def rule(self, request: PermissionRequest, granted: Iterable[Rule] = ()) -> Ruling:
        """`granted` is what a person has allowed for this run."""
        parts = self._reader.parts(request)
        if (hit := next((hit for part in parts if (hit := _held_back(self._deny, part))), None)) is not None:
            return Ruling("deny", f"the rule `{hit}` in permissions.deny")
        always = self._reader.always(request)
        allowed = list(granted)
        open_ones = [part for part in parts if not _covered(allowed, part, parts)]
        if (hit := next((hit for part in open_ones if (hit := _held_back(self._ask, part))), None)) is not None:
            return Ruling("ask", f"the rule `{hit}` in permissions.ask", always)
        if self._mode == "bypass":
            return Ruling("allow", "your own settings switch permissions off")
        allowed += self._allow
        worry = next((worry for part in parts if (worry := self._worry(part)) and not _covered(allowed, part, parts)), None)
        if worry is not None:
            return Ruling("ask", worry, always)
        return Ruling("allow", "it stays in the worktree" if not any(map(self._worry, parts)) else "your rules allow it")

    def _worry(self, part: Part) -> str | None:
        return part.worry or ("its profile asks about every change" if self._mode == "ask" and part.deed == "edit" else None)


def _held_back(rules: Sequence[Rule], part: Part) -> Rule | None:
    """The first rule that is about it, by any of its names."""
    loosely = part.deed in ("read", "edit")
    return next((rule for rule in rules if rule.about(part.deed) and any(rule.matches(name, loosely=loosely) for name in part.names)), None)


def _covered(rules: Sequence[Rule], part: Part, parts: Sequence[Part]) -> bool:
    """By a rule for it, for the command that it is an operand of, or for the whole of it as it was said."""
    if any(rule.exact and rule.about("execute") and rule.pattern == parts[0].whole for rule in rules if parts[0].whole is not None):
        return True
    for rule in rules:
        if rule.about(part.deed) and (rule.pattern is None or (part.understood and any(map(rule.matches, part.names[: part.proper])))):
            return True
        if part.operand_of is not None and rule.about("execute") and rule.matches(part.operand_of):
            return True
    return False
