"""Starts the server on two file descriptors. Imports little, so that they are taken before anything can write to them."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from locus.lsp import transport
from locus.lsp.outbox import Outbox

if TYPE_CHECKING:
    from locus.lsp.logs import Logs
    from locus.lsp.server import Server

log = logging.getLogger(__name__)

END_SECONDS = 1.25  # from the reason to stop to the exit code; `leave` may need 0.2 more for the log
_REPLY_SECONDS = 0.1


def serve(build: Callable[[Server], None], *, stdin_fd: int = 0, stdout_fd: int = 1, client_pid: int | None = None) -> int:
    """Serve one client to its end; the exit code is 0 only after `shutdown`.

    `build` registers what the server can do; it may import what it needs, and is called inside the event loop. The caller then calls
    `leave`: work that ignores its cancellation, and threads, are not waited for here. Raises OSError when the descriptors are not open.
    """
    gc.disable()  # importing makes a hundred thousand objects that all stay; collecting in between costs 5 to 8 % of the start
    reading, writing = transport.claim(stdin_fd, stdout_fd)
    outbox = Outbox()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(_main(build, reading, writing, outbox, client_pid))


def leave(code: int, logs: Logs | None = None) -> NoReturn:
    """End the process now, whatever threads and tasks are left."""
    if logs is not None:
        logs.close()
    os._exit(code)


async def _main(build: Callable[[Server], None], reading: int, writing: int, outbox: Outbox, client_pid: int | None) -> int:
    from locus.lsp.protocol import read_messages
    from locus.lsp.server import Server
    from locus.lsp.tasks import Tasks
    from locus.lsp.wire import FrameReader

    loop = asyncio.get_running_loop()
    server = Server(outbox, on_ready=_resume_collecting)
    build(server)
    stop = server.lifecycle.stop

    def on_gone(reason: str) -> None:
        loop.call_soon_threadsafe(stop, reason)

    writer = transport.Writer(writing, outbox, on_gone)
    writer.start()
    _handle_signals(loop, stop)
    if client_pid is not None:
        server.watch_process(client_pid)
    source = await transport.open_source(reading)
    reader = Tasks()
    reader.start(read_messages(source.read, FrameReader(), server.protocol, server.lifecycle), "reading messages")
    await server.lifecycle.stopped.wait()
    deadline = loop.time() + END_SECONDS
    await reader.end(_REPLY_SECONDS)
    await server.close()
    await server.protocol.calls.drain(_REPLY_SECONDS)
    if not writer.finish(max(_REPLY_SECONDS, deadline - loop.time())):
        log.warning("the client did not read everything")
    return server.lifecycle.exit_code


def _resume_collecting() -> None:
    gc.freeze()
    gc.enable()


def _handle_signals(loop: asyncio.AbstractEventLoop, stop: Callable[[str], None]) -> None:
    names = ["SIGINT", "SIGTERM"] if sys.platform == "win32" else ["SIGINT", "SIGTERM", "SIGHUP"]
    for name in names:
        number = getattr(signal, name)
        if sys.platform == "win32":  # untested
            signal.signal(number, lambda *_, name=name: loop.call_soon_threadsafe(stop, name))
        else:
            loop.add_signal_handler(number, stop, name)
