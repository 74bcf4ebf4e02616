"""What an issue's or a pull request's Markdown says: acceptance criteria, and the issues it closes."""

from __future__ import annotations

import re
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[[ xX]\][ \t]+(\S.*)")
_LIST = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]")
_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+#([0-9]{1,9})\b", re.IGNORECASE)


def prose_lines(body: str) -> Iterator[tuple[int, str]]:
    """Offset and text of each line outside fenced code, without its line end."""
    offset = 0
    for prose, raw in prose_spans(body):
        if prose:
            yield offset, raw.removesuffix("\n").removesuffix("\r")
        offset += len(raw)


def prose_spans(body: str) -> Iterator[tuple[bool, str]]:
    """Each line with its end, and whether it is outside fenced code; the fences themselves are not."""
    fence: str | None = None
    for raw in _lines(body):
        line = raw.removesuffix("\n").removesuffix("\r")
        match = _FENCE.fullmatch(line)
        if fence is not None:
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = None
            yield False, raw
        elif match and not (match[1].startswith("`") and "`" in match[2]):
            fence = match[1]
            yield False, raw
        else:
            yield True, raw


def _lines(body: str) -> Iterator[str]:
    *ended, last = body.split("\n")
    yield from (f"{line}\n" for line in ended)
    yield last


def acceptance(body: str) -> tuple[str, ...]:
    """The checklist items under a heading 'Acceptance criteria', ticked or not, up to the next heading of its level or above."""
    items: list[str] = []
    level = 0
    open_item = False
    for _, line in prose_lines(body):
        if heading := _HEADING.fullmatch(line):
            depth, title = len(heading[1]), heading[2].rstrip(":").strip().lower()
            if title == "acceptance criteria":
                level = depth
            elif depth <= level:
                level = 0
            open_item = False
        elif level and (item := _ITEM.fullmatch(line)):
            items.append(item[1].rstrip())
            open_item = True
        elif open_item and line.startswith((" ", "\t")) and line.strip() and not _LIST.match(line):
            items[-1] = f"{items[-1]} {line.strip()}"
        else:
            open_item = False
    return tuple(items)


def closes(body: str) -> tuple[int, ...]:
    """The issues a pull request closes when it is merged (`Closes #42`), as GitHub reads them; each once, in order."""
    numbers = (int(match[1]) for _, line in prose_lines(body) for match in _CLOSES.finditer(line))
    return tuple(dict.fromkeys(numbers))
