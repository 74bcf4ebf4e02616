"""Files that an agent asks us to read or write: in the worktree only, whatever the path says."""

from __future__ import annotations

from pathlib import Path

from acp import RequestError


class Files:
    """Agents are told that they may not ask; some do all the same."""

    def __init__(self, worktree: Path) -> None:
        self._top = worktree.resolve()

    def read(self, path: str, line: int | None, limit: int | None) -> str:
        """`line` is 1-based. Raises RequestError."""
        file = self._inside(path)
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            raise RequestError.resource_not_found(path) from None
        if line is None and limit is None:
            return text
        first = max(0, (line or 1) - 1)
        return "".join(text.splitlines(keepends=True)[first : None if limit is None else first + limit])

    def write(self, path: str, content: str) -> None:
        """Raises RequestError."""
        file = self._inside(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        except OSError as error:
            raise RequestError.internal_error({"details": f"{path} cannot be written: {error.strerror}"}) from None

    def _inside(self, path: str) -> Path:
        """Links are followed first. Git's own files are not the agent's."""
        file = (self._top / path).resolve()
        if not file.is_relative_to(self._top) or ".git" in file.relative_to(self._top).parts[:1]:
            raise RequestError.invalid_params({"details": f"{path} is outside the worktree {self._top}"})
        return file
