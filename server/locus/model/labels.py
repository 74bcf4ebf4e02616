"""The label schema: how a task's metadata is written on an issue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from locus.model.task import Priority, TaskStatus, TaskType

MANAGED = "agent:managed"
AGENT_PREFIX = "agent:"

Family = Literal["p", "type", "locus", "order"]


@dataclass(frozen=True)
class Label:
    name: str
    color: str
    """Six hexadecimal digits without `#`, as GitHub has it."""
    description: str


LABELS: tuple[Label, ...] = (
    Label("p:critical", "B60205", "Critical priority"),
    Label("p:high", "D93F0B", "High priority"),
    Label("p:medium", "E99695", "Medium priority"),
    Label("p:low", "F9D0C4", "Low priority"),
    Label("type:feature", "0075CA", "New feature"),
    Label("type:bug", "1D76DB", "Bug fix"),
    Label("type:chore", "5319E7", "Maintenance/chore"),
    Label("type:refactor", "6E5494", "Code refactoring"),
    Label("type:docs", "0E8A16", "Documentation"),
    Label("locus:queued", "C2E0C6", "Queued for execution"),
    Label("locus:in-progress", "0E8A16", "Currently being executed"),
    Label("locus:in-review", "FBCA04", "PR created, awaiting review"),
    Label("locus:done", "006B75", "Completed successfully"),
    Label("locus:failed", "B60205", "Execution failed"),
    Label(MANAGED, "7057FF", "Managed by Locus AI agent"),
)

_ORDER = re.compile(r"order:([0-9]{1,9})")


def order_label(position: int) -> Label:
    return Label(f"order:{position}", "CCCCCC", f"Sprint execution order {position}")


@dataclass(frozen=True)
class Metadata:
    """What the labels of one issue say. Of several values in one family the most urgent, latest or smallest counts."""

    type: TaskType | None
    priority: Priority | None
    status: TaskStatus
    order: int | None
    managed: bool
    agent: str | None


def read(labels: Iterable[str]) -> Metadata:
    """Upper and lower case are one, as they are for GitHub; an agent's name is given as written."""
    written = sorted(set(labels))
    names = {name.lower() for name in written}
    priorities = [p for p in Priority if f"p:{p}" in names]
    types = [t for t in TaskType if f"type:{t}" in names]
    statuses = [s for s in TaskStatus if f"locus:{s}" in names]
    orders = sorted(int(m[1]) for name in names if (m := _ORDER.fullmatch(name)))
    agents = [name[len(AGENT_PREFIX) :] for name in written if name.lower().startswith(AGENT_PREFIX) and name.lower() != MANAGED]
    return Metadata(
        type=types[0] if types else None,
        priority=priorities[0] if priorities else None,
        status=statuses[-1] if statuses else TaskStatus.QUEUED,
        order=orders[0] if orders else None,
        managed=MANAGED in names,
        agent=agents[0] if agents else None,
    )


def replaced(labels: Iterable[str], family: Family, value: str | None) -> tuple[str, ...]:
    """`labels` with the one label of a family set to `value`. Foreign labels stay, `type:epic` or `order:first` among them."""
    kept = [name for name in labels if not _belongs(name.lower(), family)]
    return tuple(sorted({*kept, *([f"{family}:{value}"] if value is not None else [])}))


def _belongs(name: str, family: Family) -> bool:
    if family == "order":
        return _ORDER.fullmatch(name) is not None
    return name.startswith(f"{family}:") and any(label.name == name for label in LABELS)
