"""What a file would be changed by, for people: a unified diff that takes but a moment, for everything else waits meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

from locus.model.matching import blocks

_CONTEXT = 3


def diff(before: str | None, after: str, name: str) -> str:
    """From `a/name` to `b/name`, without a line end at its own end; empty where nothing differs. `before` is None for a new file."""
    return compared((before or "").splitlines(), after.splitlines(), "/dev/null" if before is None else f"a/{name}", f"b/{name}")


def compared(before: Sequence[str], after: Sequence[str], old: str, new: str) -> str:
    lines = list(_hunks(before, after))
    return "\n".join([f"--- {old}", f"+++ {new}", *lines]) if lines else ""


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for group in _Matched(before, after).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for how, start, end, there, until in group:
            if how == "equal":
                yield from (f" {line}" for line in before[start:end])
            else:
                yield from (f"-{line}" for line in before[start:end])
                yield from (f"+{line}" for line in after[there:until])


class _Matched(SequenceMatcher[str]):
    """Groups what was matched elsewhere."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__()
        self._found = [Match(*block) for block in (*blocks(before, after), (len(before), len(after), 0))]

    def get_matching_blocks(self) -> list[Match]:
        return self._found


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"
