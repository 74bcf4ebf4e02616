"""Processes that lost their parent: finding those that are ours, and ending them. Linux only; elsewhere nothing is found.

Nobody keeps a list of children here. A process that this room starts leads a session of its own and carries `STARTED_BY=<our pid>` in its
environment; the supervisor takes the mark away from its agent. So a child of ours in another session without the mark is an orphan that
came to us from a dead supervisor. What a run starts carries `RUN_ID` too, by which it is found when the runner itself is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STARTED_BY: Final = "LOCUS_STARTED_BY"  # known to supervisor.py too, which imports nothing of ours
RUN_ID: Final = "LOCUS_RUN_ID"

_PR_SET_CHILD_SUBREAPER: Final = 36  # <linux/prctl.h>
_PR_GET_CHILD_SUBREAPER: Final = 37
_PATIENCE: Final = 5.0  # seconds until a process that does not die of SIGKILL (waiting for a disk, another user's) is given up
_POLL: Final = 0.01
_BUSY: Final = 10.0  # seconds for supervisors and tools to come to their end; a supervisor's graces are 5, on a machine that is not busy


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    session: int
    zombie: bool


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant whose own parent dies (a child subreaper). Idempotent; Linux only.

    The runner calls it once at its start. Nothing else is needed: when a supervisor is killed, `Supervised` calls `sweep_orphans`. A
    process that starts runners must not call it, because a launched process would then become its child, which `launch` exists to
    prevent.
    """
    if sys.platform == "linux":
        import ctypes  # here: it costs a start 5 ms

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


async def sweep_orphans() -> int:
    """Kills and reaps the orphans that came to this process, and whatever comes to it as they die. Returns how many it killed.

    Spared are the processes that this room started, their daemons (git's, ssh's), and children of our own session (a library's). Does
    nothing in a process that has not adopted orphans. Must run in the thread whose event loop starts processes: a child that is between
    fork and exec has no mark yet.
    """
    return await _kill_all(_orphans) if _adopts() else 0


async def kill_marked(name: str, value: str) -> int:
    """Kills every process that carries `name=value` in its environment. Returns how many it killed."""
    return await _kill_all(lambda: _carrying(name, value))


def mark_children(run_id: str) -> None:
    """Everything that this process starts from now on carries the run's id. The runner calls it once at its start."""
    os.environ[RUN_ID] = run_id


def marks() -> dict[str, str]:
    """What a process that we start has in its environment."""
    run = {RUN_ID: os.environ[RUN_ID]} if RUN_ID in os.environ else {}
    return {**run, STARTED_BY: str(os.getpid())}


def leftovers(run_id: str) -> list[int]:
    """Processes of this user that carry the run's id in their environment, ours excepted: what a run left whose runner was killed.

    Includes supervisors that are still busy ending their agent. Always empty where there is no /proc.
    """
    return _carrying(RUN_ID, run_id)


def runs_at_work() -> set[str]:
    """The ids of the runs of which there are processes, as `leftovers` finds them."""
    name = f"{RUN_ID}=".encode()
    marks = (mark for process in _processes() if not process.zombie for mark in _environment(process.pid) if mark.startswith(name))
    return {os.fsdecode(mark.removeprefix(name)) for mark in marks}


async def end_leftovers(run_id: str) -> int:
    """Ends what a run left whose runner is gone. Returns how many processes it killed.

    A supervisor is given the time to end its agent, of which it alone knows everything, and a tool, such as git, to finish its work.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + _BUSY
    while time.monotonic() < deadline and (left := leftovers(run_id)):
        busy = [pid for pid in left if any(mark.startswith(f"{STARTED_BY}=".encode()) for mark in _environment(pid))]
        spared = {*busy, *(below for pid in busy for below in descendants(pid))}
        still = set(leftovers(run_id)).intersection(left)  # a supervisor that has just ended was not seen as busy
        killed.update(pid for pid in still.difference(spared) if send(pid, signal.SIGKILL))
        await asyncio.sleep(_POLL * 5)
    return len(killed) + await _kill_all(lambda: leftovers(run_id))


def descendants(pid: int) -> list[int]:
    """The living processes below `pid`, itself excluded."""
    below: dict[int, list[int]] = {}
    for process in _processes():
        if not process.zombie:
            below.setdefault(process.parent, []).append(process.pid)
    found: list[int] = []
    todo = [pid]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        todo += children
    return found


def living(leader: int, others: Collection[int] = ()) -> list[int]:
    """Those that live of the session that `leader` leads or has led, and of `others`; `leader` itself excluded."""
    return [
        process.pid
        for process in _processes()
        if not process.zombie and process.pid != leader and (process.session == leader or process.pid in others)
    ]


def send(pid: int, number: int) -> bool:
    """Signals a process; False when it is gone or not ours to signal."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _adopts() -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    flag = ctypes.c_int(0)
    ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(flag), 0, 0, 0)
    return flag.value == 1


async def _kill_all(find: Callable[[], list[int]]) -> int:
    """Kills what `find` returns until it returns nothing: each that dies may hand its own children to us."""
    killed: set[int] = set()
    deadline = time.monotonic() + _PATIENCE
    while pids := find():
        killed.update(pid for pid in pids if send(pid, signal.SIGKILL))
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(_POLL)
        for pid in killed:
            _reap(pid)
    return len(killed)


def _orphans() -> list[int]:
    """Living orphans; reaps the dead ones on the way."""
    me, our_session = os.getpid(), os.getsid(0)
    ours = f"{STARTED_BY}={me}".encode()
    living: list[int] = []
    for process in _processes():
        if process.parent != me or process.session == our_session:
            continue
        if process.zombie:
            # Our own children lead their sessions and are somebody's to wait for; a dead one has no environment left to tell it by. So a
            # leader that died by itself stays a zombie until we end.
            if process.session != process.pid:
                _reap(process.pid)
        elif ours not in _environment(process.pid):
            living.append(process.pid)
    return living


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _carrying(name: str, value: str) -> list[int]:
    mark, me = f"{name}={value}".encode(), os.getpid()
    return [process.pid for process in _processes() if process.pid != me and not process.zombie and mark in _environment(process.pid)]


def _environment(pid: int) -> list[bytes]:
    """What the process was executed with; empty for one that is gone or another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _processes() -> list[_Process]:
    if sys.platform != "linux":
        return []
    found: list[_Process] = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - a name is all that is wanted of some hundred entries
        if name.isdigit():
            try:
                stat = Path("/proc", name, "stat").read_bytes()
            except OSError:
                continue  # gone meanwhile
            # proc(5): pid (comm) state ppid pgrp session ...; comm may hold spaces and parentheses
            state, parent, _, session = stat[stat.rindex(b")") + 2 :].split(maxsplit=4)[:4]
            found.append(_Process(int(name), int(parent), int(session), state in (b"Z", b"X")))
    return found
