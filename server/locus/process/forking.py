"""Supervisors forked from a Python that has loaded all they need: each takes a tenth of what starting one anew does. Linux only."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Final

from locus.errors import ProcessFailed
from locus.process.alive import lives
from locus.process.argv import interpreter, interpreter_env
from locus.process.environment import scrubbed_env
from locus.process.orphans import STARTED_BY, marks
from locus.process.spawned import Order

log = logging.getLogger("locus.process")

_MOST: Final = 100_000  # bytes of an order; the kernel takes 200 KB at once
_PATIENCE: Final = 10.0  # seconds for a fork
_POLL: Final = 0.02

_SERVER: ContextVar[ForkServer | None] = ContextVar("locus.fork_server", default=None)


@contextlib.contextmanager
def forking() -> Iterator[None]:
    """Inside, `supervise` has its supervisors forked. The runner does so once: it starts many."""
    if sys.platform != "linux":
        yield
        return
    try:
        server = ForkServer()
    except OSError as error:
        log.warning("supervisors are started one by one: %s", error)
        yield
        return
    token = _SERVER.set(server)
    try:
        yield
    finally:
        _SERVER.reset(token)
        server.close()


def fork_server() -> ForkServer | None:
    return _SERVER.get()


def end_forking() -> None:
    """Nothing is left of it when this returns; what is supervised from now on is started."""
    if (server := fork_server()) is not None:
        server.close()


class ForkServer:
    """`supervisor.py ORDERS`, which ends when we do. One that has died forks no more, and nobody misses it."""

    def __init__(self) -> None:
        """Raises OSError."""
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(_PATIENCE)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [*interpreter("supervisor.py"), str(theirs.fileno())],
                    cwd="/",
                    env=interpreter_env({**scrubbed_env(), **marks()}),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        except BaseException:
            self._line.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def fork(self, order: Order, control: int, status: int, hold: Sequence[int], grace: tuple[float, float]) -> Forked | None:
        """A supervisor that executes `order`; the rest is as supervisor.py has it. None where one has to be started.

        Raises OSError where it cannot be forked, ProcessFailed where the server died over it: then nobody knows.
        """
        env = [f"{name}={value}" for name, value in order.env.items() if name != STARTED_BY]
        words = (str(order.cwd), *map(str, grace), str(len(order.words)), *order.words, *env)
        message = b"f" + b"\0".join(map(os.fsencode, words))
        if len(message) > _MOST:
            return None
        try:
            socket.send_fds(self._line, [message], [*order.stdio, control, status, *hold])
        except OSError as error:
            if self._line.fileno() >= 0:
                log.warning("supervisors are started one by one from now on: what forked them is gone: %s", error)
                self.close()
            return None
        try:
            said = self._line.recv(100).split()
        except OSError:
            said = []
        match said:
            case [b"forked", pid]:
                return Forked(self, int(pid))
            case [b"failed", number]:
                raise OSError(int(number), os.strerror(int(number)))
        self.close()
        raise ProcessFailed(f"The supervisor of {order.words[0]} did not start: what forks them is gone", "try again")

    def reap(self, pid: int) -> None:
        """It has ended, and its pid may go to another."""
        with contextlib.suppress(OSError):
            self._line.send(b"r%d" % pid)
            return
        with contextlib.suppress(ChildProcessError):  # it has come to us, where we adopt orphans
            os.waitpid(pid, os.WNOHANG)

    def close(self) -> None:
        """Idempotent. What was forked goes on."""
        self._line.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Forked:
    """A supervisor: the fork server's child, a zombie until we let it be reaped."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self._server = server

    def wait(self) -> int:
        """How it ended stands in its own last words."""
        while lives(self.pid):
            time.sleep(_POLL)
        self._server.reap(self.pid)
        return 0
