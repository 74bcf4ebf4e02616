"""What a verification command found wrong, at its place in the worktree's files."""

from __future__ import annotations

from typing import Literal

from locus.model.base import Recorded

Severity = Literal["error", "warning", "info"]

MAX_KEPT = 50
"""Problems of one command that are kept; how many more there were is said."""


class VerifyProblem(Recorded):
    """Lines and columns are counted from 1, columns in characters. `file` is relative to the worktree, with `/`; absolute outside of it."""

    check: str = ""
    """The verification command that found it, by name."""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    severity: Severity = "error"
    code: str | None = None
    message: str

    @property
    def place(self) -> str:
        """`src/pages.py:3:7`, as far as it is known."""
        parts = [self.file, self.line, self.column if self.line is not None else None]
        return ":".join(str(part) for part in parts if part is not None) if self.file is not None else ""

    def __str__(self) -> str:
        """On one line, as compilers write it."""
        code = f" [{self.code}]" if self.code else ""
        return f"{self.place}: {self.severity}: {self.message}{code}" if self.place else f"{self.severity}: {self.message}{code}"
