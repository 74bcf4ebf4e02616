"""A child's stdin that stays open: both sides go on talking while it runs."""

from __future__ import annotations

import asyncio
import os
from typing import cast


class Stdin(asyncio.BaseProtocol):
    """The writing end of a pipe. What is written in one call stays together, however many write."""

    def __init__(self) -> None:
        self._room = asyncio.Event()  # the reader keeps up, or is gone
        self._room.set()
        self._pipe: asyncio.WriteTransport | None = None

    @classmethod
    async def open(cls) -> tuple[Stdin, int]:
        """Also the descriptor to read it from, which is the caller's to close."""
        reading, writing = os.pipe()
        try:
            _, stdin = await asyncio.get_running_loop().connect_write_pipe(cls, os.fdopen(writing, "wb", buffering=0))
        except BaseException:
            os.close(reading)
            raise
        return stdin, reading

    async def write(self, data: bytes) -> bool:
        """Returns when the reader has so much of it that it may be given more: one that does not read makes the writer wait. False when
        nobody will read it: the reader has closed its end or is gone, or we have."""
        if not self.feed(data):
            return False
        await self._room.wait()
        return self._pipe is not None

    def feed(self, data: bytes) -> bool:
        """`write` for what is small: kept in memory where the reader is not that far."""
        if self._pipe is None or self._pipe.is_closing():
            return False
        self._pipe.write(data)
        return True

    def close(self) -> None:
        """The reader sees the end after what has been written."""
        if self._pipe is not None:
            self._pipe.close()

    def abort(self) -> None:
        """At once; what the reader has not taken is dropped, and who waits to write goes on."""
        if self._pipe is not None:
            self._pipe.abort()

    # asyncio.BaseProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._pipe = cast(asyncio.WriteTransport, transport)

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._pipe = None
        self._room.set()
