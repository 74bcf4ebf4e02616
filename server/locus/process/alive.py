"""Whether a process is there, as far as POSIX can be asked."""

from __future__ import annotations

import os


def is_there(pid: int) -> bool:
    """A zombie is there too. Not for Windows, where to ask so is to end it."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True
