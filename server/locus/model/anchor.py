"""The anchor of a task as it is kept in the issue's body: a hidden comment, `<!-- locus:anchor {json} -->`, on a line of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pydantic import ValidationError

from locus.model.body import prose_lines
from locus.model.task import Anchor

_COMMENT = re.compile(r"[ \t]*<!--[ \t]*locus:anchor[ \t]+(\{.*\})[ \t]*-->[ \t]*")


def parse_anchor(body: str) -> Anchor | None:
    """The anchor written in `body`; None when there is none, or none that can be trusted to name a file of the repository."""
    found = _last(body)
    return found[2] if found else None


def with_anchor(body: str, anchor: Anchor) -> str:
    """`body` with this anchor instead of the one it had. What depends on machine and moment (`uri`, `state`) is not written."""
    comment = f"<!-- locus:anchor {_json(anchor)} -->"
    if (found := _last(body)) is not None:
        return body[: found[0]] + comment + body[found[1] :]
    text = body.rstrip()
    return f"{text}\n\n{comment}" if text else comment


def visible_body(body: str) -> str:
    """`body` without the anchor: what a person or an agent is to read."""
    if (found := _last(body)) is None:
        return body.rstrip()
    before, after = body[: found[0]].rstrip(), body[found[1] :].strip()
    return f"{before}\n\n{after}" if before and after else before or after


def _json(anchor: Anchor) -> str:
    # Escaped so that no string inside can end the comment: '-->' never appears, nor does '--', which old HTML parsers stop at.
    data = anchor.model_copy(update={"uri": None, "state": "exact"}).wire()
    del data["state"]
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("--", "\\u002d\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")


def _last(body: str) -> tuple[int, int, Anchor] | None:
    """Start, end and content of the anchor that counts: the last readable one outside quoted code."""
    last = None
    for offset, line in _candidates(body):
        match = _COMMENT.fullmatch(line)
        if match and (anchor := _read(match[1])) is not None:
            last = (offset, offset + len(line), anchor)
    return last


def _candidates(body: str) -> Iterator[tuple[int, str]]:
    yield from prose_lines(body)
    # A body whose last code fence is never closed would swallow the anchor that stands after it.
    text = body.rstrip()
    start = text.rfind("\n") + 1
    yield start, text[start:]


def _read(text: str) -> Anchor | None:
    try:
        anchor = Anchor.model_validate(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        return None
    return anchor.model_copy(update={"uri": None, "state": "exact"}) if _inside(anchor.path) and _ordered(anchor) else None


def _inside(path: str) -> bool:
    """An issue's text is anybody's: a path that leaves the repository is no anchor."""
    parts = path.split("/")
    return "" not in parts and ".." not in parts and not any(c in path for c in "\0\\") and ":" not in parts[0][1:2]


def _ordered(anchor: Anchor) -> bool:
    start, end = anchor.range.start, anchor.range.end
    return min(start.line, start.character, end.line, end.character) >= 0 and (start.line, start.character) <= (end.line, end.character)
