"""Diagnostics with the code `config`: what is wrong in .locus/config.json and config.local.json, at the key, also while they are edited."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from lsprotocol import types

from locus.anchors.files import decode
from locus.anchors.locate import split_lines
from locus.lsp.buffers import Buffers
from locus.lsp.features.diagnostics import SOURCE, Diagnostics
from locus.lsp.features.later import Later
from locus.lsp.positions import Positions
from locus.lsp.tasks import Tasks
from locus.lsp.workspaces import Workspaces
from locus.model.config_layers import Problem
from locus.model.task import Position, Range
from locus.workspace import Workspace

FILES = ("config.json", "config.local.json")
AGAIN = 1.0
"""Seconds until a configuration with something wrong in it is read again."""


class ConfigDiagnostics:
    def __init__(self, diagnostics: Diagnostics, tasks: Tasks, workspaces: Workspaces, buffers: Buffers, positions: Positions) -> None:
        self._diagnostics = diagnostics
        self._workspaces = workspaces
        self._buffers = buffers
        self._positions = positions
        self._again = Later(tasks, self._look, "diagnostics of the configuration", seconds=0.1)

    def changed(self) -> None:
        self._again.poke()

    def document_changed(self, uri: str) -> None:
        path = self._buffers.path(uri)
        if path is not None and any(path in files_of(workspace) for workspace in self._workspaces.all):
            self._again.poke()

    async def _look(self) -> None:
        published: dict[str, list[types.Diagnostic]] = {}
        for workspace in self._workspaces.all:
            unsaved = {path: document.source for path in files_of(workspace) if (document := self._buffers.of_file(path)) is not None}
            for path, found in (await asyncio.to_thread(self._of, workspace, unsaved)).items():
                published[self._buffers.uri_of(path)] = found
        self._diagnostics.replace("config", published)
        if published:  # a file that came and went between two looks at the disk would leave its diagnostics behind
            asyncio.get_running_loop().call_later(AGAIN, self._again.poke)

    def _of(self, workspace: Workspace, unsaved: Mapping[Path, str]) -> dict[Path, list[types.Diagnostic]]:
        problems = workspace.settings(unsaved).problems
        found: dict[Path, list[types.Diagnostic]] = {}
        for path in files_of(workspace):
            mine = [problem for problem in problems if problem.file == str(path)]
            if mine:
                lines = split_lines(unsaved[path] if path in unsaved else _read(path))
                found[path] = [self._diagnostic(problem, lines) for problem in mine]
        return found

    def _diagnostic(self, problem: Problem, lines: list[str]) -> types.Diagnostic:
        return types.Diagnostic(
            range=self._positions.lsp(lines, _range(problem)),
            message=problem.message,
            severity=types.DiagnosticSeverity.Error if problem.fatal else types.DiagnosticSeverity.Warning,
            code="config",
            source=SOURCE,
        )


def files_of(workspace: Workspace) -> tuple[Path, ...]:
    return tuple(workspace.repo.locus_dir / name for name in FILES)


def _range(problem: Problem) -> Range:
    """The first character of a file that is wrong as a whole."""
    line, column, length = (problem.span.line - 1, problem.span.column, problem.span.length) if problem.span else (0, 0, 1)
    return Range(start=Position(line=line, character=column), end=Position(line=line, character=column + length))


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError:  # it cannot be read, which is what the problem says
        return ""
