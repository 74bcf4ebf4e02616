"""Diagnostics with the code `verify`: what a failed task's verification found wrong, at its place in the person's own files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from locus.anchors.carried import Carried, Carrier
from locus.anchors.locate import split_lines
from locus.lsp.buffers import Buffers
from locus.lsp.features.diagnostics import SOURCE, Diagnostics
from locus.lsp.features.following import Following, RunChange
from locus.lsp.features.placed import Placed, text_of
from locus.lsp.features.task_cache import TaskCache
from locus.lsp.positions import Positions
from locus.lsp.presenters.words import plain
from locus.lsp.tasks import Tasks
from locus.model.problems import VerifyProblem
from locus.model.run import TaskRun
from locus.model.task import Position, Range

_SEVERITY = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
_WORD = re.compile(r"\w+|\S")


@dataclass(frozen=True)
class _Found:
    task: TaskRun
    problem: VerifyProblem
    left: Path
    """The file as the task has left it."""


class VerifyDiagnostics:
    """Shown as long as the task has failed, its issue is open, and the worktree stands."""

    def __init__(
        self,
        diagnostics: Diagnostics,
        tasks: Tasks,
        following: Following,
        cache: TaskCache,
        buffers: Buffers,
        positions: Positions,
        related: Callable[[], bool],
    ) -> None:
        self._following = following
        self._cache = cache
        self._buffers = buffers
        self._positions = positions
        self._related = related
        self._placed = Placed("verify", diagnostics, tasks, buffers, self._find, self._place)
        self.document_changed = self._placed.document_changed
        cache.listeners.append(self._placed.poke)
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        before = {task.number: _shown(task) for task in change.before.tasks} if change.before else {}
        if any(_shown(task) != before.get(task.number) for task in change.view.tasks):
            self._placed.poke()

    async def _find(self) -> dict[Path, list[_Found]]:
        failed = [
            (workspace.root, task)
            for workspace, task in self._following.latest_tasks()
            if _shown(task) and not self._cache.is_closed(workspace, task.number)
        ]
        return await asyncio.to_thread(_by_file, failed)

    def _place(self, path: Path, text: str, problems: Sequence[_Found]) -> list[types.Diagnostic]:
        lines = split_lines(text)
        carriers: dict[Path, Carrier] = {}
        made = []
        for found in problems:
            if found.left not in carriers:
                left = text if found.left == path else text_of(found.left)
                carriers[found.left] = Carrier(split_lines(left if left is not None else text), lines)
            at = carriers[found.left].line((found.problem.line or 1) - 1)
            range = self._positions.lsp(lines, _range(lines, at, found.problem.column))
            made.append(self._diagnostic(found, range, elsewhere=found.left != path))
        return made

    def _diagnostic(self, found: _Found, range: types.Range, *, elsewhere: bool) -> types.Diagnostic:
        problem = found.problem
        code = f" [{plain(problem.code)}]" if problem.code else ""
        line = max(0, (problem.line or 1) - 1)
        there = types.Range(types.Position(line, 0), types.Position(line + 1, 0))
        related = types.DiagnosticRelatedInformation(
            location=types.Location(self._buffers.uri_of(found.left), there), message=f"as #{found.task.number} left it"
        )
        return types.Diagnostic(
            range=range,
            message=f"#{found.task.number} {plain(problem.check)}: {plain(problem.message, 500)}{code}",
            severity=_SEVERITY.get(problem.severity, types.DiagnosticSeverity.Information),
            code="verify",
            source=SOURCE,
            related_information=[related] if elsewhere and self._related() else None,
            data={"task": found.task.number, "check": problem.check, "code": problem.code},
        )


def _by_file(failed: Sequence[tuple[Path, TaskRun]]) -> dict[Path, list[_Found]]:
    """Each problem by the file it is shown in: the person's own, or the task's where the person has none."""
    found: dict[Path, list[_Found]] = {}
    for root, task in failed:
        for problem in _shown(task):
            left = _file(Path(str(task.worktree)), problem.file)
            if left is not None:
                found.setdefault(_file(root, problem.file) or left, []).append(_Found(task, problem, left))
    return found


def _shown(task: TaskRun) -> tuple[VerifyProblem, ...]:
    return task.problems if task.state.ended and not task.state.succeeded else ()


def _range(lines: Sequence[str], at: Carried, column: int | None) -> Range:
    """The word at the column, or what the line says where there is none, or the line has become another. In UTF-16 units."""
    line = lines[at.line] if at.line < len(lines) else ""
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    if at.same and column is not None and (word := _WORD.match(line, min(column - 1, len(line)))) is not None:
        start, end = word.span()
    return Range(
        start=Position(line=at.line, character=_units(line[:start])), end=Position(line=at.line, character=_units(line[: max(start, end)]))
    )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _file(root: Path, name: str | None) -> Path | None:
    """Only what lies in it: the name comes from a program's output."""
    if name is None:
        return None
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None
