"""Agents and the repository's commands: streamed, stoppable, and never outliving us. The other half is supervisor.py."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from locus.errors import ProcessFailed
from locus.process.argv import Argument, checked_words, interpreter, interpreter_env, not_started
from locus.process.child import HELD_PIPE_GRACE, Child
from locus.process.forking import fork_server
from locus.process.orphans import kill_marked, sweep_orphans
from locus.process.output import LINE_CAP, Lines, Stream
from locus.process.spawned import Order, Process, popen
from locus.process.stdin import Stdin

_SUPERVISED_AS: Final = "LOCUS_SUPERVISED_AS"
_STREAMS: Final[dict[int, Stream]] = {1: "stdout", 2: "stderr"}


class Supervised:
    """An agent or command under supervisor.py. Read `lines` while it runs: one that nobody reads stands still.

    Used as an async context manager it is killed, and its end waited for, on the way out.
    """

    def __init__(self, child: Child, lines: Lines, pid: int, control: int, end: asyncio.Task[int], patience: float) -> None:
        self.pid = pid  # of the agent, which leads a process group
        self.supervisor_pid = child.pid
        self.lines = lines  # an AsyncIterator of ("stdout" | "stderr", line), for one consumer
        self._child = child
        self._control = control
        self._patience = patience  # seconds from an interrupt to a kill
        self._end = end
        end.add_done_callback(self._ended)

    async def write(self, data: bytes) -> bool:
        """More for stdin, where it was started `interactive`; waits while the agent does not read. False: nobody will read it, and its
        end says why."""
        return await self._stdin.write(data)

    def close_stdin(self) -> None:
        """The agent sees the end of its stdin, after all that was written."""
        self._stdin.close()

    async def interrupt(self) -> None:
        """Asks for a graceful stop: SIGINT to the agent's group, SIGTERM to the tree after the first grace, SIGKILL after the second.
        Returns at once."""
        self._ask(b"i")

    async def kill(self) -> None:
        """Asks for SIGKILL to the whole tree. Returns at once; `wait` returns when it is done."""
        self._ask(b"k")

    async def wait(self) -> int:
        """The agent's exit code (128 + signal if signalled), once nothing of it is left. 137 also when its supervisor was killed and we
        ended the rest."""
        return await asyncio.shield(self._end)

    async def __aenter__(self) -> Supervised:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ask(b"k")
        try:
            await self.wait()
        finally:
            self._child.close()

    @property
    def _stdin(self) -> Stdin:
        if self._child.stdin is None:
            raise RuntimeError("its stdin does not stay open: it was not started interactive")
        return self._child.stdin

    def _ask(self, what: bytes) -> None:
        if self._end.done():
            return
        if sys.platform == "win32":  # untested; there is no supervisor, so the second step is ours to take
            if what == b"i":
                with contextlib.suppress(OSError):  # it has no console
                    os.kill(self.pid, signal.CTRL_BREAK_EVENT)
                asyncio.get_running_loop().call_later(self._patience, self._ask, b"k")
            else:
                self._child.kill()
            return
        with contextlib.suppress(BrokenPipeError):  # the supervisor has just ended
            os.write(self._control, what)

    def _ended(self, _: asyncio.Task[int]) -> None:
        if self._control >= 0:
            os.close(self._control)
        self._let_go()

    def _let_go(self) -> None:
        """Whoever still holds the pipes has escaped us. The reader is told that they end, but not before it has read what is in them."""
        if self.lines.held_back and not self._child.drained.is_set():
            asyncio.get_running_loop().call_later(HELD_PIPE_GRACE, self._let_go)
        else:
            self._child.close()


async def supervise(
    argv: Sequence[Argument],
    *,
    cwd: Path,
    env: Mapping[str, str],
    input: bytes = b"",
    interactive: bool = False,
    hold: Sequence[int] = (),
    line_cap: int = LINE_CAP,
    grace: tuple[float, float] = (3.0, 2.0),
) -> Supervised:
    """Starts an agent or command that cannot outlive us, and returns once it executes. Raises ProcessFailed when it cannot be.

    The supervisor sees the end of a pipe when this process dies, however it dies, and stops the agent as `interrupt` does. When the
    supervisor itself is killed, the agent is killed from here; completely, where `adopt_orphans` was called. `hold` are descriptors of
    locks: the supervisor keeps them until nothing of the agent is left, the agent does not have them. `grace`: seconds, see
    `Supervised.interrupt`. `input` is all of stdin; with `interactive` it stays open for `Supervised.write`. A line is cut at `line_cap`
    bytes.
    """
    words = checked_words(argv)
    child = Child(lambda fd, data: lines.feed(_STREAMS[fd], data), lambda fd: lines.end(_STREAMS[fd]))
    lines = Lines(line_cap, child.hold_back)
    if sys.platform == "win32":  # no supervisor: the agent's tree is ended by us, and outlives us if we are killed
        await child.start(words, cwd=cwd, env=env, input=input, interactive=interactive)
        return Supervised(child, lines, child.pid, -1, asyncio.create_task(_code_of(child)), sum(grace))

    name = os.urandom(8).hex()
    control, control_writer = os.pipe()
    status_reader, status = os.pipe()
    report, report_pipe = await _reader(status_reader)
    spawn = partial(_spawn, control, status, hold, grace)
    try:
        try:
            await child.start(words, cwd=cwd, env={**env, _SUPERVISED_AS: name}, input=input, interactive=interactive, spawn=spawn)
        finally:
            os.close(control)
            os.close(status)
        said = (await report.readline()).split()
        if said[:1] == [b"failed"]:
            await child.exited.wait()
            raise not_started(words, cwd, OSError(int(said[1]), os.strerror(int(said[1]))))
        if said[:1] != [b"started"]:
            await child.ended()
            child.close()
            raise ProcessFailed(
                f"The supervisor of {words[0]} did not start",
                stderr="\n".join([line.decode("utf-8", "replace") async for _, line in lines]),
            )
    except BaseException:
        with contextlib.suppress(BrokenPipeError):
            os.write(control_writer, b"k")
        os.close(control_writer)
        if child.started and not child.exited.is_set():
            await _last_words(child, report, name)
        report_pipe.close()
        child.close()
        raise
    end = asyncio.create_task(_end(child, lines, report, name))
    end.add_done_callback(lambda _: report_pipe.close())
    return Supervised(child, lines, int(said[1]), control_writer, end, sum(grace))


def _spawn(control: int, status: int, hold: Sequence[int], grace: tuple[float, float], order: Order) -> Process:
    """The supervisor, forked where somebody does that for us."""
    server = fork_server()
    forked = server.fork(order, control, status, hold, grace) if server is not None else None
    if forked is not None:
        return forked
    options = [str(control), str(status), ",".join(map(str, hold)), *map(str, grace)]
    through = [*interpreter("supervisor.py"), *options, "--"]
    try:
        return popen(replace(order, env=interpreter_env(order.env)), through=through, inherit=(control, status, *hold))
    except OSError as error:
        raise not_started(order.words if error.errno == errno.E2BIG else through, order.cwd, error) from error


async def _reader(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0)
    )
    return reader, pipe


async def _end(child: Child, lines: Lines, report: asyncio.StreamReader, name: str) -> int:
    code = await _last_words(child, report, name)
    if not lines.held_back:
        await child.ended()
        child.close()
    return code


async def _last_words(child: Child, report: asyncio.StreamReader, name: str) -> int:
    """The agent's exit code as its supervisor reported it; where it did not live to do so, the agent is ended from here."""
    await child.exited.wait()
    said = (await report.read()).split()
    if said[:1] == [b"exited"]:
        return int(said[1])
    await sweep_orphans()
    await kill_marked(_SUPERVISED_AS, name)
    return 128 + 9


async def _code_of(child: Child) -> int:
    await child.exited.wait()
    return child.code
