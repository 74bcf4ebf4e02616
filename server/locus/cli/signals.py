"""Signals while a run is watched: heard by the event loop instead of ending the process."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 2.0
"""Seconds within which a second request to stop ends the run at once."""


class Presses:
    """Ctrl+C and Esc, counted: the first asks, another within two seconds forces; later ones ask anew."""

    def __init__(self) -> None:
        self._last: float | None = None
        self.requests: list[bool] = []
        """What was asked for and not yet passed on; True is force."""
        self.any = False

    def press(self, now: float) -> None:
        self.requests.append(self._last is not None and now - self._last <= PATIENCE)
        self._last, self.any = now, True


@contextmanager
def heard(handlers: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """Calls the handler of a signal (by its name) in the event loop.

    Signals that we were told to ignore (nohup, a background job) stay ignored.
    """
    loop = asyncio.get_running_loop()
    numbers = {signal.Signals[name]: handler for name, handler in handlers.items() if hasattr(signal, name)}
    numbers = {number: handler for number, handler in numbers.items() if signal.getsignal(number) is not signal.SIG_IGN}
    if sys.platform == "win32":  # untested; its loop has no signal handlers
        before = {
            number: signal.signal(number, lambda *_, handler=handler: loop.call_soon_threadsafe(handler))
            for number, handler in numbers.items()
        }
        try:
            yield
        finally:
            for number, old in before.items():
                signal.signal(number, old)
        return
    for number, handler in numbers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
