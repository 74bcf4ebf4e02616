"""What a process prints, as lines, in bounded memory whatever it prints."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

Stream = Literal["stdout", "stderr"]

LINE_CAP: Final = 1024 * 1024
_HIGH_WATER: Final = 1024 * 1024  # unread bytes at which the process is made to wait
_LOW_WATER: Final = 256 * 1024
_LINE_OVERHEAD: Final = 64  # what an empty line costs us, so that a flood of them counts too
_TURN: Final = 200  # lines in a row after which others on the event loop have their turn


class LineSplitter:
    """Bytes in, lines out (without the newline). A line longer than `cap` bytes is cut, marked, and its rest skipped."""

    def __init__(self, cap: int = LINE_CAP) -> None:
        self._cap = cap
        self._marker = b" [... cut after %d bytes]" % cap
        self._partial = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        *ended, rest = data.split(b"\n")
        lines: list[bytes] = []
        for piece in ended:
            self._add(piece, lines)
            if not self._skipping:
                lines.append(bytes(self._partial))
                self._partial.clear()
            self._skipping = False
        self._add(rest, lines)
        return lines

    def finish(self) -> list[bytes]:
        """The last line, where it had no newline."""
        lines = [bytes(self._partial)] if self._partial else []
        self._partial.clear()
        return lines

    def _add(self, piece: bytes, lines: list[bytes]) -> None:
        if self._skipping:
            return
        room = self._cap - len(self._partial)
        self._partial += piece[:room]
        if len(piece) > room:
            lines.append(bytes(self._partial) + self._marker)  # at once: a line that never ends is seen too
            self._partial.clear()
            self._skipping = True


class Lines:
    """An asynchronous iterator over `(stream, line)`, for one consumer; a slow consumer slows the process down, through `hold_back`."""

    def __init__(self, cap: int, hold_back: Callable[[bool], None]) -> None:
        self._splitters: dict[Stream, LineSplitter] = {"stdout": LineSplitter(cap), "stderr": LineSplitter(cap)}
        self._hold_back = hold_back
        self.held_back = False  # unread lines keep the process waiting
        self._ready: deque[tuple[Stream, bytes]] = deque()
        self._size = 0
        self._taken = 0
        self._news = asyncio.Event()
        self._open: set[Stream] = {"stdout", "stderr"}

    def feed(self, stream: Stream, data: bytes) -> None:
        self._put(stream, self._splitters[stream].feed(data))
        if self._size > _HIGH_WATER and not self.held_back:
            self.held_back = True
            self._hold_back(True)

    def end(self, stream: Stream) -> None:
        """No more will come from this one; after both the iteration ends with what is there."""
        self._put(stream, self._splitters[stream].finish())
        self._open.discard(stream)
        self._news.set()

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> tuple[Stream, bytes]:
        while not self._ready:
            if not self._open:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._taken += 1
        if self._taken % _TURN == 0:
            await asyncio.sleep(0)
        stream, line = self._ready.popleft()
        self._size -= len(line) + _LINE_OVERHEAD
        if self.held_back and self._size < _LOW_WATER:
            self.held_back = False
            self._hold_back(False)
        return stream, line

    def _put(self, stream: Stream, lines: list[bytes]) -> None:
        for line in lines:
            self._ready.append((stream, line))
            self._size += len(line) + _LINE_OVERHEAD
        if lines:
            self._news.set()
