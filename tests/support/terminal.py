"""A person at a terminal: a program in a pseudo terminal, what it wrote, and what stands on the screen. Linux and macOS."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

_SEQUENCE = re.compile(rb"\x1b(?:\[([0-9;?]*)([A-Za-z])|(.))", re.DOTALL)


class Tty:
    """Used as a context manager: what is still there at the end is killed."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], rows: int = 24, columns: int = 100) -> None:
        self.rows, self.columns = rows, columns
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self.child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._data = bytearray()
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._stop.is_set():
            if select.select([self._master], [], [], 0.02)[0]:
                try:
                    self._data += os.read(self._master, 65536)
                except OSError:
                    return

    @property
    def raw(self) -> bytes:
        return bytes(self._data)

    @property
    def text(self) -> str:
        """Everything that was ever written, without sequences."""
        return _SEQUENCE.sub(b"", self.raw).decode("utf-8", "replace")

    def until(self, wanted: str, *, within: float = 20.0) -> None:
        deadline = time.monotonic() + within
        while wanted not in self.text:
            assert time.monotonic() < deadline, f"{wanted!r} did not appear:\n{self.text[-3000:]}"
            assert self.child.poll() is None or wanted in self._settled(), f"it ended without {wanted!r}:\n{self.text[-3000:]}"
            time.sleep(0.01)

    def _settled(self) -> str:
        time.sleep(0.1)  # the reader's last turn
        return self.text

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        """The window is closed: whoever is in the foreground gets SIGHUP, and nothing can be read or written any more."""
        self._stop.set()
        self._reader.join()
        os.close(self._slave)
        os.close(self._master)
        self._slave = self._master = -1

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def wait(self, *, within: float = 30.0) -> int:
        try:
            code = self.child.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end:\n{self.text[-3000:]}") from None
        self._settled()
        return code

    @property
    def settings_now(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def screen(self) -> list[str]:
        """What a person sees, including what has scrolled away. Fails at sequences that no drawing of ours needs."""
        return draw(self.raw)

    def __enter__(self) -> Tty:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        self._stop.set()
        self._reader.join()
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)


def draw(data: bytes) -> list[str]:
    """The lines on an endless sheet of paper: line feeds, carriage returns, cursor up, erase line. Anything else is garbage."""
    lines, row, column = [""], 0, 0
    position = 0
    while position < len(data):
        match = _SEQUENCE.match(data, position)
        if match is not None:
            position = match.end()
            numbers, kind = match[1] or b"", match[2]
            if kind == b"A":
                row = max(0, row - int(numbers or b"1"))
            elif kind == b"K" and numbers == b"2":
                lines[row] = ""
            elif kind == b"m" or (kind in (b"h", b"l") and numbers == b"?25"):
                pass
            else:
                raise AssertionError(f"a sequence that should not be there: {match[0]!r}")
            continue
        step = 1
        while step < 4 and data[position] >= 0xC0 and data[position + step : position + step + 1] and data[position + step] & 0xC0 == 0x80:
            step += 1
        character = data[position : position + step].decode("utf-8", "replace")
        position += step
        if character == "\r":
            column = 0
        elif character == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0:
            raise AssertionError(f"a control character that should not be there: {character!r}")
        else:
            lines[row] = lines[row].ljust(column)[:column] + character + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]
