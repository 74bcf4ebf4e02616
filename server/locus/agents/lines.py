"""Text that comes in pieces, given on in whole lines: each can be shown as it is, and a log stays readable."""

from __future__ import annotations


class Lines:
    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> list[str]:
        """The lines that are whole now, without their ends; blank ones are left out."""
        *whole, self._rest = (self._rest + piece).split("\n")
        return [line.rstrip() for line in whole if line.strip()]

    def finish(self) -> list[str]:
        """The last line, where it had no end."""
        rest, self._rest = self._rest.strip(), ""
        return [rest] if rest else []
