"""Git's garbage collection, which marks itself with `gc.pid` ("<pid> <host>") and leaves the mark behind when it is killed."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from pathlib import Path

from locus.process import is_there
from locus.repo.discover import common_dir_of, linked_git_dir

_PATIENCE = 60.0
"""Seconds a collection is waited for; one on another machine may never have ended."""
_OLD = 12 * 3600.0
"""Seconds after which git takes a mark for one that was left behind."""


async def ended(worktree: Path) -> None:
    """Returns when no collection goes on in the repository of `worktree`, or patience is at its end."""
    mark = common_dir_of(linked_git_dir(worktree)) / "gc.pid"
    deadline = time.monotonic() + _PATIENCE
    while _going_on(mark) and time.monotonic() < deadline:  # noqa: ASYNC110 - another process's file, not an event of ours
        await asyncio.sleep(0.05)


def _going_on(mark: Path) -> bool:
    """As git itself judges it."""
    try:
        words = mark.read_text("utf-8", "replace").split()
        old = time.time() - mark.stat().st_mtime > _OLD
    except FileNotFoundError:
        return False
    if old or len(words) != 2 or not words[0].isdecimal():
        return False
    if words[1] != socket.gethostname() or sys.platform == "win32":  # to ask for a process there is to end it
        return True
    return is_there(int(words[0]))
