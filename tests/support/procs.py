"""Real processes for tests: waiting for what they do, seeing whether they live, and ending what a failed test left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from locus.process import Supervised

T = TypeVar("T")
Start = Callable[..., Awaitable[Supervised]]


def child_env(home: Path, **extra: str) -> dict[str, str]:
    """An environment from scratch, with the tests' own interpreter first on PATH."""
    config = home / "gitconfig"
    if not config.exists():
        config.write_text("[user]\n\tname = Test\n\temail = test@example.invalid\n")
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        **extra,
    }


def until(predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
    """The predicate's first true value; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what or predicate}"
        time.sleep(0.005)
    return value


async def until_async(predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:  # noqa: ASYNC109 - as `until`
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what or predicate}"
        await asyncio.sleep(0.005)
    return value


def alive(pid: int) -> bool:
    """A zombie is dead."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat[stat.rindex(b")") + 2 :][:1] not in (b"Z", b"X")


def exists(pid: int) -> bool:
    """A zombie exists: nobody has waited for it."""
    return Path(f"/proc/{pid}").exists()


def parent_of(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return int(stat[stat.rindex(b")") + 2 :].split()[1])


def child_of(pid: int) -> int | None:
    """Its first child, if it has one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def program(pid: int) -> str:
    """The base name of what it executes; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def numbers(path: Path) -> list[int]:
    """The numbers in a file; none while it is not there or its last line is not whole."""
    text = path.read_text() if path.exists() else ""
    return [int(word) for word in text.split()] if text.endswith("\n") else []


def carriers(name: str, value: str) -> list[int]:
    """The living processes with `name=value` in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and alive(int(folder.name)):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"{name}={value}".encode() in variables:
                found.append(int(folder.name))
    return found


def descriptors(pid: int) -> set[str]:
    """What the process has open, as paths."""
    return {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}


FAMILY = """
import os, signal, sys
folder, mode = sys.argv[1], sys.argv[2]
def stay(name):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    open(f"{folder}/{name}.tmp", "w").write(str(os.getpid()))
    os.rename(f"{folder}/{name}.tmp", f"{folder}/{name}")
    while True:
        signal.pause()
if mode == "cleared":                       # stands for a daemon that cleared its environment: executed anew with an empty one
    stay("cleared")
if os.fork() == 0:
    stay("child")
if os.fork() == 0:
    os.setsid()
    stay("session")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        stay("daemon")
    os._exit(0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", os.environ["FAMILY"], folder, "cleared"], {})
    os._exit(0)
names = ("child", "session", "daemon", "cleared")
while not all(os.path.exists(f"{folder}/{name}") for name in names):
    pass
if mode == "stay":
    stay("agent")
if mode == "leave":
    os._exit(7)
"""


class Family:
    """A process that ignores every polite signal, its child, a child in its own session, a daemon, and a daemon without environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def argv(self, mode: str = "stay") -> list[str]:
        """`stay`: the first process stays too. `leave`: it ends with 7 once all others are there."""
        return [sys.executable, "-I", "-S", "-c", FAMILY, str(self.folder), mode]

    def pids(self) -> dict[str, int]:
        return {path.name: int(path.read_text()) for path in self.folder.iterdir() if "." not in path.name}

    def complete(self) -> bool:
        return set(self.pids()) == {"agent", "child", "session", "daemon", "cleared"}

    def survivors(self) -> dict[str, int]:
        return {name: pid for name, pid in self.pids().items() if alive(pid)}

    def end(self) -> None:
        for pid in self.survivors().values():
            os.kill(pid, signal.SIGKILL)
