"""Puts other people's text into a prompt so that it stays data: fenced, bounded, and without what a person could not see."""

from __future__ import annotations

import re

from locus.model.body import without_comments

_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_MOST_TICKS = 64
MARK = 80
"""At most so many characters say that something was cut."""


def fenced(text: str, language: str = "") -> str:
    """A code fence longer than any inside, so that no text can close it."""
    fence = "`" * (_longest(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def fenced_within(text: str, limit: int, language: str = "") -> str:
    """Fenced, the text cut so that all of it has at most `limit` characters; less than the fence needs is as much as it needs."""
    text = _shorter_ticks(text)
    around = len(fenced(text, language)) - len(text)
    return fenced(cut(text, max(0, limit - around)), language)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of it, which it says at the end."""
    if len(text) <= limit:
        return text
    mark = f"\n[... cut, {len(text):,} characters in all]"
    return text[: max(0, limit - len(mark))] + mark[: max(0, limit)]


def tail(text: str, limit: int) -> str:
    """The end of a text, from the beginning of a line where there is one."""
    if len(text) <= limit:
        return text
    end = text[-limit:] if limit > 0 else ""
    return f"[... {len(text) - limit:,} characters before this]\n" + (end.partition("\n")[2] or end)


def visible(text: str) -> str:
    """What a person sees of Markdown: without comments, and without characters that nobody can see or that turn the text around."""
    return _INVISIBLE.sub("", without_comments(text.replace("\r\n", "\n")))


def span(text: str, limit: int = 300) -> str:
    """On one line, as code."""
    plain = " ".join(_INVISIBLE.sub("\ufffd", text).split())[:limit].replace("`", "'")
    return f"`{plain}`"


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall(r"`{3,}", text)), default=2)


def _shorter_ticks(text: str) -> str:
    """A fence must not grow beyond all bounds with what it holds."""
    return re.sub(rf"`{{{_MOST_TICKS},}}", "`" * _MOST_TICKS, text)
