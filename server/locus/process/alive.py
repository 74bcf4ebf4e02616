"""Whether a process is there, as far as one can be asked."""

from __future__ import annotations

import os
from pathlib import Path


def is_there(pid: int) -> bool:
    """A zombie is there too. Not for Windows, where to ask so is to end it."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True


def lives(pid: int) -> bool:
    """A zombie does not. For Linux."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat[stat.rindex(b")") + 2 :][:1] not in (b"Z", b"X")  # proc(5)
