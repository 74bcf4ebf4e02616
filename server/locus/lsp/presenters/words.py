"""Text of other people's making, as an editor may show it."""

from __future__ import annotations

import re
from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_MARKUP = re.compile(r"([\\`\[\]<>])")


def plain(text: str, length: int = 80) -> str:
    """On one line, without control characters, at most `length` characters."""
    flat = " ".join(_CONTROL.sub(" ", text).split())
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Such that no markdown renderer makes a link, an image, code or HTML of it."""
    return _MARKUP.sub(r"\\\1", text)


def seconds_between(start: str, end: datetime) -> float:
    """`start` is RFC 3339."""
    return max(0.0, (end - datetime.fromisoformat(start)).total_seconds())


def duration(seconds: float) -> str:
    """Coarse, for a glance: `40 s`, `3 min`, `2 h 5 min`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
