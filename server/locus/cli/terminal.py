"""The streams of this process: what they are, and writing to them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from locus.cli.text import harmless

Style = Literal["bold", "dim", "green", "red", "yellow", "cyan"]
_CODES = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33", "cyan": "36"}


@dataclass(frozen=True)
class Glyphs:
    done: str = "✓"
    failed: str = "✗"
    active: str = "●"
    pending: str = "○"
    blocked: str = "!"
    interrupted: str = "‖"
    ellipsis: str = "…"
    dot: str = "·"


ASCII = Glyphs(done="+", failed="x", active="*", pending="-", blocked="!", interrupted="=", ellipsis="...", dot="-")


class Terminal:
    """stdin, stdout and stderr of this process."""

    def __init__(self, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        for stream in (stdout, stderr):
            # File names and titles hold what no encoding promised; they are shown escaped instead of ending the command.
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        self.glyphs = Glyphs() if _is_unicode(stdout) else ASCII

    @property
    def live(self) -> bool:
        """Lines can be rewritten in place."""
        return self.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    @property
    def interactive(self) -> bool:
        """Somebody can be asked: a terminal on both ends, and it is ours to read from."""
        return self.stdin.isatty() and self.stdout.isatty() and self.foreground

    @property
    def foreground(self) -> bool:
        """Of a job that a shell put in the background, reading from the terminal would stop it."""
        if sys.platform == "win32":
            return True
        try:
            return os.tcgetpgrp(self.stdin.fileno()) == os.getpgrp()
        except OSError:
            return False

    @property
    def colour(self) -> bool:
        return self.live and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int:
        """Cells; a pipe has no end of line to fit into."""
        return shutil.get_terminal_size().columns if self.stdout.isatty() else 10_000

    def style(self, text: str, *styles: Style) -> str:
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m" if self.colour and text and styles else text

    def say(self, text: str = "") -> None:
        """A line of our own making; what others wrote goes through `text.harmless` first."""
        self.stdout.write(f"{text}\n")
        self.stdout.flush()

    def say_all(self, lines: Iterable[str]) -> None:
        self.stdout.write("".join(f"{line}\n" for line in lines))
        self.stdout.flush()

    def note(self, text: str) -> None:
        """On stderr: beside the answer, not part of it."""
        self.stderr.write(f"locus: {harmless(text)}\n")
        self.stderr.flush()

    def complain(self, message: str, hint: str | None) -> None:
        self.stderr.write(f"locus: {harmless(message)}\n" + (f"hint: {harmless(hint)}\n" if hint else ""))
        self.stderr.flush()

    def document(self, value: Any, *, compact: bool = False) -> None:
        """JSON. Escaped to ASCII on a terminal, where a string of somebody else's could otherwise act."""
        separators = (",", ":") if compact else None
        text = json.dumps(value, ensure_ascii=self.stdout.isatty(), indent=None if compact else 2, separators=separators)
        self.stdout.write(f"{text}\n")
        self.stdout.flush()


def standard() -> Terminal:
    """Of a stream that was closed before we began, Python has none."""
    null = Path(os.devnull)
    return Terminal(
        sys.stdin or null.open(encoding="utf-8"),
        sys.stdout or null.open("w", encoding="utf-8"),
        sys.stderr or null.open("w", encoding="utf-8"),
    )


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") in ("utf8", "utf16", "utf8sig", "cp65001")
