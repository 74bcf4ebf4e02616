"""Where lines of one version of a file are in another. For pointing a person to a place, never for changing anything there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from locus.model.matching import blocks


@dataclass(frozen=True)
class Carried:
    line: int
    """0-based."""
    same: bool
    """It reads as before."""


class Carrier:
    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self._before, self._after = before, after
        self._blocks = blocks(before, after)

    def line(self, line: int) -> Carried:
        """Of a line that is not there any more, or not yet, where it would stand."""
        line = min(max(0, line), max(0, len(self._before) - 1))
        near = 0
        for start, there, length in self._blocks:
            if start <= line < start + length:
                return Carried(there + line - start, same=True)
            if start <= line:
                near = there + length
        return Carried(min(near, max(0, len(self._after) - 1)), same=False)
