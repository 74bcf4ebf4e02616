"""What lies inside a worktree, whatever it is called: through links, `..`, and letters of another case."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

_SETTINGS = frozenset({".locus", ".claude", ".codex", ".gemini", ".vscode", ".idea", ".mcp.json"})
"""At the top of a worktree: what tells Locus, agents and editors which programs to start."""


class Inside:
    def __init__(self, worktree: Path) -> None:
        self.root = Path(os.path.realpath(worktree))

    def path(self, text: str, folder: Path | None = None) -> Path | None:
        """Where it leads, as a path from the worktree's root; None: out of it.

        Programs differ in whether `link/..` is the link's folder or that of its target: both must be inside.
        """
        try:
            whole = at(folder or self.root, text)
            found = [self._below(os.path.realpath(each)) for each in (whole, os.path.normpath(whole))]
        except (OSError, ValueError):
            return None
        return found[0] if None not in found else None

    def real(self, text: str, folder: Path | None = None) -> str:
        """Where it leads, as an absolute path."""
        try:
            return os.path.realpath(at(folder or self.root, text))
        except (OSError, ValueError):
            return text

    def _below(self, real: str) -> Path | None:
        path = Path(real)
        if path.is_relative_to(self.root):
            return path.relative_to(self.root)
        for above in (path, *path.parents):  # the same folder by another name: a file system that does not tell cases apart
            if above.exists() and self.root.exists() and above.samefile(self.root):
                return path.relative_to(above)
        return None


def at(folder: Path, text: str) -> Path:
    """As a shell finds it from there."""
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:  # another person's home, or none
        return folder / text


def is_git(path: Path) -> bool:
    """The worktree's `.git` file, or a repository's folder within it."""
    return any(name == ".git" or name.startswith("git~") for name in map(_plain, path.parts))


def is_guarded(path: Path) -> bool:
    """Not to be changed without asking although it is inside: git's own files, settings that name programs, and the worktree itself."""
    return not path.parts or is_git(path) or _plain(path.parts[0]) in _SETTINGS


def _plain(name: str) -> str:
    """As the most tolerant file system reads it."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", seen).casefold().rstrip(" .")
