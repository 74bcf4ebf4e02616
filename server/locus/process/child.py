"""One child process on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from locus.process.argv import not_started, require_folder
from locus.process.orphans import descendants, living, marks, send
from locus.process.spawned import Order, Pipe, Spawn, Spawned, popen
from locus.process.stdin import Stdin

HELD_PIPE_GRACE: Final = 0.5  # seconds for which an ended process' pipes are read on: a daemon (ssh's ControlPersist) may keep them
TERMINATE_GRACE: Final = 2.0  # seconds from SIGTERM to SIGKILL
KILL_GRACE: Final = 1.0  # seconds for what was killed to be gone
_POLL: Final = 0.005


class Child(asyncio.SubprocessProtocol):
    """A child process that leads a session, with callbacks for what it prints to descriptors 1 and 2."""

    def __init__(self, received: Callable[[int, bytes], None], ended: Callable[[int], None] = lambda _: None) -> None:
        self.exited = asyncio.Event()
        self.drained = asyncio.Event()  # both pipes are at their end
        self.stdin: Stdin | None = None  # where it was to stay open
        self._received = received
        self._pipe_ended = ended
        self._open = {1, 2}
        self._transport: asyncio.SubprocessTransport | Spawned | None = None

    async def start(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        input: bytes,
        interactive: bool = False,
        spawn: Spawn = popen,
    ) -> None:
        """Executes `words`, marked as ours. `input` is all that stdin has, or, with `interactive`, the first of it. When this is cancelled
        the child may be there (`started`): the caller ends it. `spawn` is not for Windows."""
        require_folder(words, cwd)
        marked = {**env, **marks()}
        stdin = await self._open_stdin(input, interactive)
        try:
            if sys.platform == "win32":
                pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
                options = {"cwd": cwd, "env": marked, "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
                await asyncio.get_running_loop().subprocess_exec(lambda: self, *words, **pipes, **options)
            else:
                self._transport = spawned = Spawned(self, lambda out, err: spawn(Order(tuple(words), cwd, marked, (stdin, out, err))))
                spawned.connect()
        except OSError as error:
            raise not_started(words, cwd, error) from error
        finally:
            os.close(stdin)

    @property
    def started(self) -> bool:
        return self._transport is not None

    @property
    def pid(self) -> int:
        return self._process.get_pid()

    @property
    def code(self) -> int:
        """128 + signal for one that a signal ended."""
        code = self._process.get_returncode()
        return 255 if code is None else code if code >= 0 else 128 - code

    async def ended(self) -> None:
        """It has exited and its output is complete, or somebody else keeps its pipes open."""
        await self.exited.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HELD_PIPE_GRACE):
                await self.drained.wait()

    async def destroy(self, finish: float = 0.0) -> None:
        """Whatever is left of it after `finish` seconds is ended, and it is reaped."""
        try:
            if self.started and not self.exited.is_set():
                try:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(finish):
                            await self.exited.wait()
                finally:
                    await self._end()
        finally:
            self.close()

    async def _end(self) -> None:
        """All of it is asked first, and given the time: a git that is killed leaves its lock files behind, and so does one that git itself
        has started, in a remote on this machine."""
        if self.exited.is_set():
            return
        if sys.platform == "win32":  # which cannot ask
            self.kill()
            await self.exited.wait()
            return
        below = descendants(self.pid)
        try:
            self._send_all(below, signal.SIGTERM)
            await self._none_left(below, TERMINATE_GRACE)
        finally:
            self.kill()
            self._send_all(below, signal.SIGKILL)
        await self.exited.wait()
        await self._none_left(below, KILL_GRACE)

    def _send_all(self, below: list[int], number: int) -> None:
        """Signals what lives of it: its session and what else was below it; when it has ended itself, the rest."""
        if not self.exited.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
        for pid in living(self.pid, below):
            send(pid, number)

    async def _none_left(self, below: list[int], patience: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.exited.wait()
                while living(self.pid, below):  # noqa: ASYNC110 - nothing tells the end of what is not our child
                    await asyncio.sleep(_POLL)

    def kill(self) -> None:
        """SIGKILL to its group, and on Linux to descendants that left the group."""
        if self.exited.is_set():
            return
        if sys.platform == "win32":
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(self.pid)], capture_output=True, check=False)  # noqa: S607 - on every Windows
            return
        below = descendants(self.pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
            os.killpg(self.pid, signal.SIGKILL)
        for pid in below:
            send(pid, signal.SIGKILL)

    def hold_back(self, yes: bool) -> None:
        """Stops or goes on reading, so that the pipes fill and the child waits."""
        for fd in self._open:
            pipe = cast(asyncio.ReadTransport | Pipe | None, self._process.get_pipe_transport(fd))
            if pipe is None:
                continue  # not read yet
            if yes:
                pipe.pause_reading()
            else:
                pipe.resume_reading()

    def close(self) -> None:
        if self.stdin is not None:
            self.stdin.abort()
        if self._transport is not None:
            self._transport.close()

    async def _open_stdin(self, data: bytes, stays_open: bool) -> int:
        """A descriptor from which `data` can be read. A pipe: asyncio's own would be a socket, on which a shell cannot open /dev/stdin."""
        if not data and not stays_open:
            return os.open(os.devnull, os.O_RDONLY)
        stdin, reading = await Stdin.open()
        if data:
            stdin.feed(data)
        if stays_open:
            self.stdin = stdin
        else:
            stdin.close()
        return reading

    @property
    def _process(self) -> asyncio.SubprocessTransport | Spawned:
        assert self._transport is not None  # noqa: S101 - for the type checker
        return self._transport

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received(fd, data)

    def pipe_connection_lost(self, fd: int, _exc: Exception | None) -> None:
        self._open.discard(fd)
        self._pipe_ended(fd)
        if not self._open:
            self.drained.set()
            if self.exited.is_set():
                self.close()

    def process_exited(self) -> None:
        self.exited.set()
        if self.drained.is_set():
            self.close()
