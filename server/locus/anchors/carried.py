"""Where lines of one version of a file are in another. For pointing a person to a place, never for changing anything there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_LINES = 4000
"""Of what differs; beyond that a line is looked for at its own number."""


@dataclass(frozen=True)
class Carried:
    line: int
    """0-based."""
    same: bool
    """It reads as before."""


class Carrier:
    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        self._before, self._after = before, after
        self._blocks = list(_blocks(before, after))

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


def _blocks(before: Sequence[str], after: Sequence[str]) -> Sequence[tuple[int, int, int]]:
    """Runs of equal lines: where they begin in both, and how many they are."""
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    blocks = [(0, 0, head)]
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if max(map(len, middle)) <= MOST_LINES:
        found = SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
        blocks += [(head + one, head + other, length) for one, other, length in found]
    return [*blocks, (len(before) - tail, len(after) - tail, tail)]
