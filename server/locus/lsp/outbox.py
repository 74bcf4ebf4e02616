"""What waits to be written to the client: bounded, in order, keyed messages replaced by their latest when it grows long."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

COALESCE_FROM = 64
MAX_BYTES = 64 * 1024 * 1024
_OVERHEAD = 256


class Overflow(Exception):
    """The client has not read for so long that it counts as gone."""


class Outbox:
    """Filled by the event loop, emptied by the writer thread.

    A message put with a key replaces an unwritten one with that key once `coalesce_from` messages wait; it takes its place at the end.
    """

    def __init__(self, *, coalesce_from: int = COALESCE_FROM, max_bytes: int = MAX_BYTES) -> None:
        self._coalesce_from = coalesce_from
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._waiting: OrderedDict[int, tuple[bytes, Hashable | None]] = OrderedDict()
        self._latest: dict[Hashable, int] = {}
        self._bytes = 0
        self._next = 0
        self._closed = False

    def put(self, frame: bytes, key: Hashable | None = None) -> None:
        """Never blocks. Raises Overflow when more than `max_bytes` wait already; silently drops once closed."""
        with self._changed:
            if self._closed:
                return
            if self._bytes > self._max_bytes:
                raise Overflow(f"{len(self._waiting)} messages wait for the client to read")
            if key is not None:
                self._replace(key)
                self._latest[key] = self._next
            self._waiting[self._next] = (frame, key)
            self._next += 1
            self._bytes += len(frame) + _OVERHEAD
            self._changed.notify()

    def take(self) -> bytes | None:
        """The next frame, waiting for one; None when closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if not self._waiting:
                return None
            number, (frame, key) = self._waiting.popitem(last=False)
            self._bytes -= len(frame) + _OVERHEAD
            if key is not None and self._latest.get(key) == number:
                del self._latest[key]
            return frame

    def close(self) -> None:
        """What waits may still be taken; nothing more is accepted."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting)

    def _replace(self, key: Hashable) -> None:
        earlier = self._latest.get(key)
        if earlier is not None and len(self._waiting) >= self._coalesce_from:
            frame, _ = self._waiting.pop(earlier)
            self._bytes -= len(frame) + _OVERHEAD
