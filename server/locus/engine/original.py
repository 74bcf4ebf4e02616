"""What the original Locus knew of its unfinished runs: `.locus/run-state.json`, later `.locus/run-state/<slug>.json`. Read, never changed.

`{runId, type: sprint|parallel, sprint?, branch?, startedAt, tasks: [{issue, order, status, pr?, error?, ...}]}`; a later version of it says
`taskId`, a string, instead of `issue`.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE, FOLDER = "run-state.json", "run-state"
ASIDE = "run-state.original-{}.json"
"""Where one goes whose place is needed."""

_WORDS = ("done", "failed", "in_progress", "pending")
_PLAIN = re.compile(r"[\w .,/-]+")


@dataclass(frozen=True)
class Original:
    path: Path
    run_id: str
    sprint: str | None
    tasks: tuple[tuple[str, str], ...]
    """Each task's number, or what else named it, and its status."""

    @property
    def left(self) -> list[str]:
        return [name for name, status in self.tasks if status != "done"]

    def described(self) -> str:
        counted = Counter(status for _, status in self.tasks)
        what = f'the sprint "{self.sprint}"' if self.sprint else "issues " + ", ".join(f"#{name}" for name, _ in self.tasks)
        return f"{what}: {', '.join(f'{counted[word]} {word}' for word in _WORDS if counted[word])}"

    @property
    def command(self) -> str | None:
        """What goes on with the rest; None where its tasks are no issue numbers."""
        if self.sprint:
            return f"locus run --sprint {_quoted(self.sprint)}"
        return f"locus run {' '.join(self.left)}" if all(name.isdecimal() for name in self.left) else None


def originals(locus_dir: Path, ours: Container[str]) -> list[Original]:
    """Those with something left to do. Files that are nothing of the kind, or that show one of `ours` (run ids), are passed over."""
    found = (read(path) for path in _files(locus_dir))
    return [state for state in found if state is not None and state.left and state.run_id not in ours]


def read(path: Path) -> Original | None:
    """None where the file is no such state, whatever else it is."""
    try:
        state = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(state, dict) or not isinstance(state.get("tasks"), list):
        return None
    tasks = tuple(_task(task) for task in state["tasks"])
    run_id, sprint = state.get("runId"), state.get("sprint")
    if not isinstance(run_id, str) or not all(tasks):
        return None
    return Original(path, run_id, sprint if isinstance(sprint, str) and sprint.strip() else None, tuple(task for task in tasks if task))


def _files(locus_dir: Path) -> Iterator[Path]:
    yield locus_dir / FILE
    yield from sorted(locus_dir.glob(ASIDE.format("*")))
    yield from sorted((locus_dir / FOLDER).glob("*.json"))


def _task(task: Any) -> tuple[str, str] | None:
    if not isinstance(task, dict) or task.get("status") not in _WORDS:
        return None
    name = task.get("issue", task.get("taskId"))
    return (str(name), task["status"]) if isinstance(name, int | str) and not isinstance(name, bool) and str(name).strip() else None


def _quoted(name: str) -> str:
    """For copying into a shell."""
    return f'"{name}"' if _PLAIN.fullmatch(name) else shlex.quote(name)
