"""Agents that are hard to end. Each leaves half a file and half a sentence, says that it is there, and works until it is let go.

All of them end by themselves after a minute, should whoever has to end them fail at it.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Literal, get_args

from support.procs import alive

Kind = Literal["deaf", "pipe", "daemons", "nameless", "writer", "mute", "line", "endless", "flood"]
KINDS: tuple[Kind, ...] = get_args(Kind)

SCRIPT = r"""
import os, signal, sys, time

folder, kind = sys.argv[1:3]
end = time.monotonic() + 60

def deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: open(f"{folder}/terminated", "w").close())

def there(name):
    with open(f"{folder}/.{name}", "w") as file:
        file.write(str(os.getpid()))
    os.rename(f"{folder}/.{name}", f"{folder}/{name}.pid")

def work():
    time.sleep(0.02)

def stay(name, work=work):
    there(name)
    while time.monotonic() < end:
        work()
    os._exit(9)

def child(name, work=work, *, leads=False, forks=1, quiet=False, nameless=False):
    if os.fork():
        expected.append(name)
        return
    deaf()
    if leads:
        os.setsid()
    for _ in range(forks - 1):
        if os.fork():
            os._exit(0)
    if quiet:
        null = os.open("/dev/null", os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
    if nameless:  # it cleared its environment
        os.execve(sys.executable, [sys.executable, "-I", "-S", sys.argv[0], folder, "stay", name], {})
    stay(name, work)

def write():
    global count
    count += 1
    with open(f"{folder}/announced", "a") as file:
        file.write(f"{count}\n")
    with open("written.txt", "a") as file:
        file.write(f"{count}\n")
    time.sleep(0.001)

count = 0
expected = []
signal.signal(signal.SIGINT, signal.SIG_DFL)
if kind == "stay":
    deaf()
    stay(sys.argv[3])
with open("half.txt", "w") as file:
    file.write("half\n")
os.write(1, b"half a sentence\n")
many = b"x" * 1000000
match kind:
    case "deaf":
        deaf()
    case "pipe":
        child("child")
    case "daemons":
        child("session", leads=True)
        child("daemon", leads=True, forks=2, quiet=True)
    case "nameless":
        child("nameless", leads=True, forks=2, quiet=True, nameless=True)
    case "writer":
        child("writer", write, quiet=True)
    case "mute":
        os.close(1)
        os.close(2)
    case "line":
        for _ in range(30):
            os.write(1, many)
    case "endless":
        work = lambda: os.write(1, many[:65536])
    case "flood":
        work = lambda: os.write(1, b"and on\n" * 1000)
while not all(os.path.exists(f"{folder}/{name}.pid") for name in expected):
    time.sleep(0.005)
there("agent")
while time.monotonic() < end and not os.path.exists(f"{folder}/go"):
    if os.path.exists(f"{folder}/crash"):
        os.kill(os.getpid(), signal.SIGKILL)
    work()
"""


class Unruly:
    """One such agent; `command` is what it is started with. Its folder stands in the command line of whatever it forks."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.folder = folder
        folder.mkdir()
        script = folder / "agent.py"
        script.write_text(SCRIPT)
        self.command = shlex.join([sys.executable, "-I", "-S", str(script), str(folder), kind])

    @property
    def there(self) -> bool:
        """With all that it forks."""
        return (self.folder / "agent.pid").exists()

    @property
    def terminated(self) -> bool:
        """Whether one of those that do not listen got a SIGTERM, which it gets where it is not killed at once."""
        return (self.folder / "terminated").exists()

    def let_go(self) -> None:
        (self.folder / "go").touch()

    def crash(self) -> None:
        (self.folder / "crash").touch()

    def survivors(self) -> dict[int, str]:
        """The command lines of its living processes, the shells that started it among them."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and alive(int(entry.name)):
                try:
                    words = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.folder).encode() in words:
                    found[int(entry.name)] = words.replace(b"\0", b" ").decode("utf-8", "replace")
        return found
