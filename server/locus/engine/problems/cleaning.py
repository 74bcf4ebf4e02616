"""What tools print for terminals, made plain; and their ways to name a file, made one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

MAX_LINE = 2000
"""Characters of a line that are looked at."""

FROM_ROOT = "./"
"""What a name begins with that can only be counted from the worktree's root."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_=>78])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:/")


def plain_lines(text: str) -> list[str]:
    """Without colours and control characters; of a line that was written over with carriage returns what was left standing."""
    lines = []
    for raw in text.split("\n"):
        line = _ESCAPES.sub("", raw[: 4 * MAX_LINE]).rstrip("\r")
        line = line.rpartition("\r")[2][:MAX_LINE]
        lines.append(_CONTROLS.sub("", line))
    return lines


def place(path: str, roots: Sequence[str]) -> str:
    """Relative to the worktree (and FROM_ROOT) where it lies in it, which `roots` names in all its spellings; else as it is; with `/`."""
    path = path.strip().strip("'\"").removeprefix("file://")
    if ("\\" in path and "/" not in path) or re.match(r"[A-Za-z]:\\", path):
        path = path.replace("\\", "/")
    if not path.startswith("/") and not _DRIVE.match(path):
        return posixpath.normpath(path)
    path = posixpath.normpath(path)
    for root in roots:
        top = root.replace("\\", "/").rstrip("/") + "/"
        if path.startswith(top) or (_DRIVE.match(top) and path.lower().startswith(top.lower())):
            return FROM_ROOT + path[len(top) :]
    return path


def inside(path: str) -> bool:
    """Whether what `place` gave lies in the worktree, and is nobody else's code."""
    return (
        not path.startswith(("/", "../", "<")) and not _DRIVE.match(path) and "site-packages/" not in path and "node_modules/" not in path
    )
