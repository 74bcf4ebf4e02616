"""What the demonstration prints: at most 100 columns wide, coloured on a terminal only."""

from __future__ import annotations

import os
import sys
import time

WIDTH = 100
_BOLD, _DIM, _GREEN, _RED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Page:
    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.failures: list[str] = []
        self._sections = 0
        self._began = time.monotonic()

    def heading(self, text: str) -> None:
        """The next section's, with its number."""
        self._sections += 1
        self._print()
        self._print(self._styled(_BOLD, f"{self._sections}  {text}"))

    def say(self, text: str = "") -> None:
        self._print(f"  {text}" if text else "")

    def quote(self, text: str, indent: str = "    ") -> None:
        """Somebody else's words, cut to the width."""
        for line in text.splitlines():
            style = "" if line.startswith(("+++", "---")) else {"+": _GREEN, "-": _RED}.get(line[:1], "")
            self._print(self._styled(style, clip(indent + line)))

    def happened(self, who: str, what: str) -> None:
        """One line of what is going on, with the seconds since the start."""
        clock = f"{time.monotonic() - self._began:5.1f} s"
        self._print(f"  {self._styled(_DIM, clock)}  {clip(f'{who:<8}  {what}', WIDTH - 11)}")

    def check(self, ok: bool, what: str) -> None:
        """A claim, and whether it is true; a false one fails the demonstration."""
        self._print(f"  {self._styled(_GREEN, 'yes') if ok else self._styled(_RED, 'NO ')}  {clip(what, WIDTH - 7)}")
        if not ok:
            self.failures.append(what)

    def _styled(self, style: str, text: str) -> str:
        return f"{style}{text}{_PLAIN}" if self.colour and style else text

    def _print(self, text: str = "") -> None:
        print(text.rstrip(), flush=True)


def clip(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
