"""Where an anchor's code is in a text: at its place, elsewhere, or gone. Pure, and linear in the size of the text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import accumulate
from zlib import crc32

from locus.model.task import Anchor, Position, Range

_LINE_END = re.compile(r"\r\n|\r|\n")
_MODULUS = (1 << 61) - 1
_BASE = 0x5BD1E995
_HALF = 16
"""Hexadecimal digits of each of the two halves of a content hash."""


def split_lines(text: str) -> list[str]:
    r"""As LSP counts lines: they end at \n, \r\n and \r only."""
    return _LINE_END.split(text)


def lines_of(range: Range) -> tuple[int, int]:
    """The first and last line (both included) that a range touches; one that ends at the start of a line does not touch that line."""
    first, last = range.start.line, range.end.line
    return first, last - 1 if range.end.character == 0 and last > first else last


def content_hash(lines: Sequence[str]) -> str:
    """The same for the same lines, whatever their ends and trailing white space.

    It is a prefix of their SHA-256, then a sum that can be slid over a text.
    """
    normalised = [_normalised(line) for line in lines]
    return _digest(normalised) + f"{_sum([crc32(line) for line in normalised]):0{_HALF}x}"


def locate(anchor: Anchor, text: str) -> Anchor:
    """The anchor with its state and range in `text`. Of several places with the same lines the one nearest to the old place counts."""
    first, last = lines_of(anchor.range)
    found = _nearest(anchor.content_hash, first, last - first + 1, split_lines(text))
    if found is None:
        return anchor.model_copy(update={"state": "lost"})
    if found == first:
        return anchor.model_copy(update={"state": "exact"})
    return anchor.model_copy(update={"state": "moved", "range": _shifted(anchor.range, found - first)})


def _nearest(wanted: str, first: int, size: int, lines: list[str]) -> int | None:
    """The line at which `size` lines with that hash begin, nearest to `first`."""
    if not 0 < size <= len(lines) or not re.fullmatch(rf"[0-9a-f]{{{2 * _HALF}}}", wanted):
        return None
    digest, total = wanted[:_HALF], int(wanted[_HALF:], 16)
    normalised = [_normalised(line) for line in lines]
    if 0 <= first <= len(lines) - size and _digest(normalised[first : first + size]) == digest:
        return first
    places = _places([crc32(line) for line in normalised], size, total)
    # Sums that agree by accident are told apart by the real digest.
    nearest_first = sorted(places, key=lambda place: abs(place - first))
    return next((place for place in nearest_first if _digest(normalised[place : place + size]) == digest), None)


def _places(values: list[int], size: int, total: int) -> list[int]:
    """Where `size` consecutive values sum up to `total`, from prefix sums: P(i + size) - P(i) * BASE^size."""
    prefix = list(accumulate(values, lambda before, value: (before * _BASE + value) % _MODULUS, initial=0))
    shift = pow(_BASE, size, _MODULUS)
    windows = enumerate(zip(prefix, prefix[size:], strict=False))
    return [place for place, (start, end) in windows if (end - start * shift) % _MODULUS == total]


def _sum(values: list[int]) -> int:
    total = 0
    for value in values:
        total = (total * _BASE + value) % _MODULUS
    return total


def _normalised(line: str) -> bytes:
    return line.rstrip().encode("utf-8", "surrogatepass")


def _digest(lines: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:_HALF]


def _shifted(range: Range, by: int) -> Range:
    return Range(
        start=Position(line=range.start.line + by, character=range.start.character),
        end=Position(line=range.end.line + by, character=range.end.character),
    )
