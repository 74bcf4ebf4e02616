"""Chooses the reader for a command's output, and puts what it finds in order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from locus.engine.problems import parsers, testing
from locus.engine.problems.cleaning import plain_lines
from locus.engine.problems.parsers import Parser
from locus.engine.problems.placing import Exists, known
from locus.model.config import Command, ParserName
from locus.model.problems import MAX_KEPT, VerifyProblem

_PARSERS: Final[Mapping[ParserName, Parser]] = MappingProxyType(
    {
        "pytest": testing.pytest,
        "ruff": parsers.ruff,
        "mypy": parsers.mypy,
        "tsc": parsers.tsc,
        "eslint": parsers.eslint,
        "cargo": testing.cargo,
        "go": testing.go,
        "lines": parsers.lines,
    }
)
_TOOLS: Final[Mapping[ParserName, str]] = MappingProxyType(
    {
        "pytest": r"py\.?test",
        "ruff": "ruff",
        "mypy": "d?mypy",
        "tsc": "(?:vue-)?tsc",
        "eslint": "eslint",
        "cargo": "cargo",
        "go": r"go(?=\s+(?:test|vet|build))|golangci-lint|staticcheck",
    }
)
_WORD: Final = r"(?:^|[\s/\\;&|(=\"'])(?:%s)(?:\.exe|\.cmd)?(?=$|[\s;&|)\"'])"
_ORDER: Final = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Understood:
    problems: tuple[VerifyProblem, ...] = ()
    """Errors first, each as often as it was said once; at most MAX_KEPT."""
    more: int = 0


def guess(command: Command) -> tuple[ParserName, ...]:
    """The tools that a command names; a shell line may name several, `make test` none."""
    text = command if isinstance(command, str) else " ".join(command)
    return tuple(name for name, words in _TOOLS.items() if re.search(_WORD % words, text))


def understand(
    check: str,
    output: str,
    names: Sequence[ParserName],
    roots: Sequence[str],
    exists: Exists,
    folder: str = "",
) -> Understood:
    """With no `names` every reader is tried. Where none finds anything, whatever looks like `file:line:column: message` counts.

    `folder`: where below the worktree the command ran.
    """
    lines = plain_lines(output)
    tried = names or [name for name in _PARSERS if name != "lines"]
    found = [problem for name in tried for problem in _PARSERS[name](lines, roots)] or parsers.lines(lines, roots)
    unique: dict[VerifyProblem, None] = {}
    for problem in found:
        message = problem.message if len(problem.message) <= testing.MESSAGE else problem.message[: testing.MESSAGE - 1] + "…"
        unique.setdefault(problem.model_copy(update={"check": check, "message": message, "file": known(problem.file, folder, exists)}))
    ordered = sorted(unique, key=lambda problem: _ORDER[problem.severity])
    return Understood(tuple(ordered[:MAX_KEPT]), max(0, len(ordered) - MAX_KEPT))
