"""Runners with a fuse, as processes of their own: forked from a Python that has imported the engine, not started anew.

    python -m support.forks FD

forks one for each `Errand` that comes through the socket FD. Starting Python and importing the engine takes longer than most of them live.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import traceback
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from locus import process
from support.fused_runner import Boundary, Phase, main


@dataclass(frozen=True)
class Errand:
    """What one runner is started with."""

    folder: str
    cwd: str
    env: dict[str, str]
    lock_fd: int
    """Its number with the runner, as with whoever took the lock."""
    key: str
    phase: Phase
    """Where it dies."""


class Forks:
    """Ends with whoever made it."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = [sys.executable, "-m", "support.forks", str(theirs.fileno())]
            self._process = subprocess.Popen(
                argv, cwd=Path(__file__).parents[1], env=process.scrubbed_env(), pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL
            )
        weakref.finalize(self, _end, self._line, self._process)

    def run(self, errand: Errand, log: Path) -> None:
        """Returns when its process is there. The lock is its own from then on, too."""
        with log.open("ab") as stderr:
            socket.send_fds(self._line, [json.dumps(asdict(errand)).encode()], [stderr.fileno(), errand.lock_fd])
        assert self._line.recv(1), "the process that forks runners is gone"


def _end(line: socket.socket, forking: subprocess.Popen[bytes]) -> None:
    line.close()
    forking.wait()


def serve(line: socket.socket) -> NoReturn:
    """Until the other side is gone."""
    while True:
        message, (*fds,), _, _ = socket.recv_fds(line, 1 << 20, 2)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            line.close()
            _run(Errand(**json.loads(message)), *fds)
        for fd in fds:
            os.close(fd)
        line.send(b".")
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _run(errand: Errand, log: int, lock: int) -> NoReturn:
    """As the launcher does: a session of its own, three descriptors and the lock."""
    code = 1
    try:
        os.setsid()
        for number in (1, 2):
            os.dup2(log, number)
        os.close(log)
        if lock != errand.lock_fd:
            os.dup2(lock, errand.lock_fd)
            os.close(lock)
        os.chdir(errand.cwd)
        os.environ.clear()
        os.environ.update(errand.env)
        code = main(errand.folder, errand.lock_fd, Boundary(errand.key, errand.phase))
    except BaseException:  # noqa: BLE001 - nothing is above it
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
