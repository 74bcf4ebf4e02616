"""Which lines two texts have in common, in an order, found in a moment however long they are."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

MOST_LINES = 1000
"""Between two lines that are sure: of so many each is compared with each, of more none."""

Block = tuple[int, int, int]
"""Where a run of equal lines begins in both, and how many they are."""


def blocks(before: Sequence[str], after: Sequence[str]) -> list[Block]:
    """Lines that stand once in both hold the rest in place; what is between two of them is compared line by line."""
    found: list[Block] = []
    at, there = 0, 0
    for one, other in [*_sure(before, after), (len(before), len(after))]:
        for start, opposite, length in _between(before[at:one], after[there:other]):
            _add(found, (at + start, there + opposite, length))
        if one < len(before):
            _add(found, (one, other, 1))
        at, there = one + 1, other + 1
    return found


def _add(found: list[Block], block: Block) -> None:
    start, opposite, length = found[-1] if found else (0, 0, 0)
    if (start + length, opposite + length) == block[:2] and found:
        found[-1] = start, opposite, length + block[2]
    elif block[2]:
        found.append(block)


def _between(before: Sequence[str], after: Sequence[str]) -> Iterator[Block]:
    """The same beginning and end, and what is common to the middle."""
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    yield 0, 0, head
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if min(map(len, middle)) > 0 and max(map(len, middle)) <= MOST_LINES:
        for start, opposite, length in SequenceMatcher(None, *middle).get_matching_blocks():
            yield head + start, head + opposite, length
    yield len(before) - tail, len(after) - tail, tail


def _sure(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """As many as there are of the lines that stand once in both, in the same order: the longest rising sequence of their places."""
    here = Counter(before)
    places = {line: at for at, line in enumerate(after)}
    once = {line for line, count in Counter(after).items() if count == 1 == here[line]}
    pairs = [(at, places[line]) for at, line in enumerate(before) if line in once]
    ends: list[int] = []
    """For each length the lowest place that a rising sequence of it ends at, and in `last` the pair that it is."""
    last: list[int] = []
    previous: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        previous.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [number]
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = previous[number]
    return found[::-1]
