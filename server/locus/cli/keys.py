"""Hears the Esc key while nobody is asked anything."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

from locus.cli.terminal import Terminal

if sys.platform != "win32":
    import termios
    import tty

_ESCAPE = 0x1B


class Keys:
    """Between `listen` and `quiet` the terminal gives single keys and shows none of them; Ctrl+C stays a signal.

    Does nothing on Windows, whose consoles cannot be polled by the event loop; Ctrl+C works there.
    """

    def __init__(self, terminal: Terminal, on_escape: Callable[[], None]) -> None:
        self._terminal = terminal
        self._on_escape = on_escape
        self._before: list[object] | None = None

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
        if not data:
            asyncio.get_running_loop().remove_reader(descriptor)
        # Arrow and function keys begin with the same byte and go on: only Esc comes alone.
        if data and all(byte == _ESCAPE for byte in data):
            for _ in data:
                self._on_escape()
