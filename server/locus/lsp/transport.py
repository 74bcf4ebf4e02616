"""The only code that touches the client's pipes: takes file descriptors 0 and 1 away from everybody else, reads and writes."""

from __future__ import annotations

import asyncio
import os
import selectors
import stat
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from locus.lsp.outbox import Outbox

_CHUNK = 64 * 1024


def claim(stdin_fd: int, stdout_fd: int) -> tuple[int, int]:
    """Private duplicates of both; the originals then lead to the null device and to stderr.

    So neither a stray print() nor a child process can read or write the wire. Raises OSError when one of them is closed.
    """
    sys.stdout.flush()
    reading, writing = os.dup(stdin_fd), os.dup(stdout_fd)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, stdin_fd)
        try:
            os.dup2(2, stdout_fd)
        except OSError:  # stderr is closed
            os.dup2(null, stdout_fd)
    finally:
        os.close(null)
    return reading, writing


class Source(Protocol):
    async def read(self) -> bytes:
        """Some bytes; empty at the end of the stream."""
        ...


async def open_source(fd: int) -> Source:
    """Pipes and sockets are read by the event loop, anything else (files, terminals, all of Windows, untested there) by a thread."""
    mode = os.fstat(fd).st_mode
    if sys.platform != "win32" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        reader = asyncio.StreamReader(limit=_CHUNK)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0, closefd=False)
        )
        return _LoopSource(reader)
    return _ThreadSource(fd)


class _LoopSource:
    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        try:
            return await self._reader.read(_CHUNK)
        except OSError:  # the other end is gone: an end like any other
            return b""


class _ThreadSource:
    """One chunk ahead of the reader, so that a fast client cannot fill memory."""

    def __init__(self, fd: int) -> None:
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(fd, loop), name="locus-stdin", daemon=True).start()

    async def read(self) -> bytes:
        return await self._chunks.get()

    def _pump(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        data = b"-"
        while data:
            try:
                data = os.read(fd, _CHUNK)
            except OSError:
                data = b""
            try:
                asyncio.run_coroutine_threadsafe(self._chunks.put(data), loop).result()
            except (RuntimeError, asyncio.CancelledError):  # the loop is gone, and the server with it
                return


class Writer:
    """Empties an outbox into a file descriptor from its own thread: a client that does not read stops this thread and nothing else."""

    def __init__(self, fd: int, outbox: Outbox, on_gone: Callable[[str], None]) -> None:
        """`on_gone(reason)` is called on the writer's thread when the client has closed its end."""
        self._fd = fd
        self._outbox = outbox
        self._on_gone = on_gone
        self._thread = threading.Thread(target=self._pump, name="locus-stdout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, seconds: float) -> bool:
        """Write what waits, for at most `seconds`; false when the client did not take it all."""
        self._outbox.close()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _pump(self) -> None:
        while (frame := self._outbox.take()) is not None:
            try:
                self._write(memoryview(frame))
            except OSError as error:
                self._outbox.close()
                self._on_gone(f"the client no longer reads: {error}")
                return

    def _write(self, rest: memoryview) -> None:
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:  # stdin and stdout are one socket, and reading made it non-blocking
                with selectors.DefaultSelector() as selector:
                    selector.register(self._fd, selectors.EVENT_WRITE)
                    selector.select()
