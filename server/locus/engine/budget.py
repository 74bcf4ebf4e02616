"""Shares a prompt's room among its parts: each has its share, and what one does not need goes to those that need more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from locus.model.plan import PromptPart


@dataclass(frozen=True)
class Part:
    """One section of a prompt. `render` gives it in at most the characters it is told, `whole` in full."""

    name: str
    share: int
    """Of the room, in proportion to the others' shares. 0: it is never cut."""
    whole: str
    render: Callable[[int], str]


def fit(parts: Sequence[Part], room: int) -> tuple[list[str], list[PromptPart]]:
    """The texts of all parts, and what became of each."""
    fixed = sum(len(part.whole) for part in parts if not part.share)
    given = allot({part.name: len(part.whole) for part in parts if part.share}, {part.name: part.share for part in parts}, room - fixed)
    texts = [part.whole if given.get(part.name, len(part.whole)) >= len(part.whole) else part.render(given[part.name]) for part in parts]
    return texts, [
        PromptPart(name=part.name, chars=len(text), tokens=tokens(text), of_chars=len(part.whole) if len(part.whole) > len(text) else None)
        for part, text in zip(parts, texts, strict=True)
        if text
    ]


def allot(needs: Mapping[str, int], shares: Mapping[str, int], room: int) -> dict[str, int]:
    """Characters for each. Nobody has more than it needs; nobody has less than its share while it needs it."""
    given: dict[str, int] = {}
    open_ = dict(needs)
    left = max(0, room)
    while open_:
        whole = sum(shares[name] for name in open_)
        content = [name for name, need in open_.items() if need * whole <= left * shares[name]]
        if not content:
            given |= {name: left * shares[name] // whole for name in open_}
            break
        for name in content:
            given[name] = open_.pop(name)
        left -= sum(given[name] for name in content)
    return given


def tokens(text: str) -> int:
    """Roughly: most models take a token for four bytes of English or code."""
    return (len(text.encode("utf-8", "replace")) + 3) // 4
