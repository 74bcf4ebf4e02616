"""Hears the Esc key while nobody is asked anything."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable

from locus.cli.terminal import Terminal

if sys.platform != "win32":
    import termios
    import tty

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\x1b])", re.DOTALL)
_SETTLED = 0.05  # seconds in which the rest of a sequence arrives, also over a slow line


def escapes(data: bytes) -> int:
    """How often Esc itself was pressed: arrow and function keys, and Alt with a letter, begin with the same byte and go on."""
    return _SEQUENCE.sub(b"", data).count(b"\x1b")


class Keys:
    """Between `listen` and `quiet` the terminal gives single keys and shows none of them; Ctrl+C stays a signal.

    Does nothing on Windows, whose consoles cannot be polled by the event loop; Ctrl+C works there.
    """

    def __init__(self, terminal: Terminal, on_escape: Callable[[], None]) -> None:
        self._terminal = terminal
        self._on_escape = on_escape
        self._before: list[object] | None = None
        self._typed = b""

    def listen(self) -> None:
        if sys.platform == "win32" or self._before is not None or not self._terminal.foreground:
            return
        descriptor = self._terminal.stdin.fileno()
        self._before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def quiet(self) -> None:
        if sys.platform == "win32" or self._before is None:
            return
        descriptor = self._terminal.stdin.fileno()
        asyncio.get_running_loop().remove_reader(descriptor)
        before, self._before = self._before, None
        if self._terminal.foreground:  # from the background it would stop us, and the terminal is somebody else's now
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)  # type: ignore[arg-type] # what tcgetattr gave

    def _read(self) -> None:
        descriptor = self._terminal.stdin.fileno()
        try:
            data = os.read(descriptor, 1024) if self._terminal.foreground else b""
        except OSError:  # the terminal is gone; SIGHUP says so too
            data = b""
        loop = asyncio.get_running_loop()
        if not data:
            loop.remove_reader(descriptor)
            return
        if not self._typed:
            loop.call_later(_SETTLED, self._settled)
        self._typed += data

    def _settled(self) -> None:
        typed, self._typed = self._typed, b""
        for _ in range(escapes(typed)):
            self._on_escape()
