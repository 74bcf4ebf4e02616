"""A POSIX process on the event loop. asyncio's own never comes to its end when everything is cancelled in the middle of its start, as a
runner does that dies: here there is no moment between the start and its being known.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

_AT_ONCE: Final = 64 * 1024  # bytes: as much as a pipe holds


@dataclass(frozen=True)
class Order:
    """What is to be executed, and on which descriptors. It leads a session of its own."""

    words: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdio: tuple[int, int, int]


class Process(Protocol):
    @property
    def pid(self) -> int: ...

    def wait(self) -> int:
        """The exit code, the signal's number negative; it is reaped. Called once, when it has ended or by a thread."""


Spawn = Callable[[Order], Process]
"""Executes an order; raises OSError where that is not possible."""


def popen(order: Order, *, through: Sequence[str] = (), inherit: Sequence[int] = ()) -> Process:
    """As a child of ours, which executes `through` followed by the words, and has the descriptors `inherit` too."""
    stdin, stdout, stderr = order.stdio
    return subprocess.Popen(
        (*through, *order.words),
        bufsize=0,
        cwd=order.cwd,
        env=order.env,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=inherit,
        start_new_session=True,
    )


class Spawned:
    """What Child needs of an `asyncio.SubprocessTransport`, and tells the same to its protocol."""

    def __init__(self, protocol: asyncio.SubprocessProtocol, start: Callable[[int, int], Process]) -> None:
        """`start` is called with the descriptors for stdout and stderr; `connect` is called next."""
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._code: int | None = None
        self._pipes: dict[int, Pipe] = {}
        self._ends: dict[int, int] = {}
        writing: list[int] = []
        try:
            for fd in (1, 2):
                self._ends[fd], end = os.pipe()
                writing.append(end)
            self._process = start(*writing)
        except BaseException:
            self._close_ends()
            raise
        finally:
            for end in writing:
                os.close(end)
        self._watch()

    def connect(self) -> None:
        """What it prints comes to the protocol from now on. Raises OSError."""
        for fd, end in list(self._ends.items()):
            self._pipes[fd] = Pipe(self._loop, self._protocol, fd, end)
            del self._ends[fd]

    # asyncio.SubprocessTransport

    def get_pid(self) -> int:
        return self._process.pid

    def get_returncode(self) -> int | None:
        return self._code

    def get_pipe_transport(self, fd: int) -> Pipe | None:
        return self._pipes.get(fd)

    def close(self) -> None:
        """The process itself is left alone."""
        self._close_ends()
        for pipe in self._pipes.values():
            pipe.close()

    def _close_ends(self) -> None:
        while self._ends:
            os.close(self._ends.popitem()[1])

    def _watch(self) -> None:
        """Linux tells by a descriptor. A thread waits where there is none to be had: of an older kernel, from a container that does not
        allow it, with too many open, and elsewhere (untested)."""
        if sys.platform == "linux":
            with suppress(OSError):
                descriptor = os.pidfd_open(self._process.pid)
                self._loop.add_reader(descriptor, self._readable, descriptor)
                return
        threading.Thread(target=self._wait, name=f"waiting for {self._process.pid}", daemon=True).start()

    def _readable(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        os.close(descriptor)
        self._exited(self._process.wait())

    def _wait(self) -> None:
        code = self._process.wait()
        try:
            self._loop.call_soon_threadsafe(self._exited, code)
        except RuntimeError:  # the loop was closed meanwhile
            return

    def _exited(self, code: int) -> None:
        self._code = code
        self._protocol.process_exited()


class Pipe:
    """What it prints to `fd`, read from `end` as the event loop turns. A transport of asyncio's takes five more turns to set up and to put
    away, and most of these processes live for milliseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.SubprocessProtocol, fd: int, end: int) -> None:
        self._loop, self._protocol, self._fd, self._end = loop, protocol, fd, end
        os.set_blocking(end, False)
        self.resume_reading()

    def pause_reading(self) -> None:
        if self._end >= 0:
            self._loop.remove_reader(self._end)

    def resume_reading(self) -> None:
        if self._end >= 0:
            self._loop.add_reader(self._end, self._read)

    def close(self) -> None:
        """The protocol hears that it has ended, as it does when nobody has the other end any longer."""
        if self._end >= 0:
            self.pause_reading()
            os.close(self._end)
            self._end = -1
            self._loop.call_soon(self._protocol.pipe_connection_lost, self._fd, None)

    def _read(self) -> None:
        try:
            data = os.read(self._end, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._protocol.pipe_data_received(self._fd, data)
        else:
            self.close()
