"""Whether the client's process is still there: the belt beside the end of stdin, which a leaked pipe can hide."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from locus.process import is_there

POLL_SECONDS = 1.0


async def vanished(pid: int, every: float = POLL_SECONDS) -> None:
    """Returns when the process `pid` is gone, or when another one has its number."""
    first = identity(pid)
    while first is not None and identity(pid) == first:  # noqa: ASYNC110 - nothing tells us about a process that is not our child
        await asyncio.sleep(every)


def identity(pid: int) -> str | None:
    """Something that no other process has, ever (Linux) or at the same time (elsewhere); None when there is no such process.

    macOS and Windows are untested.
    """
    if pid <= 0:
        return None
    if sys.platform == "linux":
        return _linux(pid)
    return str(pid) if (_windows(pid) if sys.platform == "win32" else is_there(pid)) else None


def _linux(pid: int) -> str | None:
    """State and start time from proc_pid_stat(5); a zombie is gone, only nobody has collected it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else f"{pid}@{fields[19].decode()}"


def _windows(pid: int) -> bool:
    import ctypes

    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined] # there on Windows alone
    synchronize, timeout = 0x00100000, 0x102
    handle = kernel32.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel32.WaitForSingleObject(handle, 0) == timeout)
    finally:
        kernel32.CloseHandle(handle)
