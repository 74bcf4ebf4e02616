"""What an issue's or a pull request's Markdown says: acceptance criteria, and the issues it closes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[[ xX]\][ \t]+(\S.*)")
_LIST = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]")
_CODE_OR_COMMENT = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|<!--")
_WORD = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?[ \t]+"
_CLOSES = re.compile(rf"{_WORD}#([0-9]{{1,9}})\b", re.IGNORECASE)
_CLOSES_ANY = re.compile(rf"({_WORD})((?:[\w.-]+/[\w.-]+)?#[0-9]+|GH-[0-9]+|https?://\S+/[0-9]+)\b", re.IGNORECASE)
"""Also an issue of another repository, which is named in full."""


def prose_lines(body: str) -> Iterator[tuple[int, str]]:
    """Offset and text of each line outside fenced code, without its line end."""
    offset = 0
    fence: str | None = None
    for raw in body.split("\n"):
        line = raw.removesuffix("\r")
        match = _FENCE.fullmatch(line)
        if fence is not None:
            if _closing(match, fence):
                fence = None
        elif match and not (match[1].startswith("`") and "`" in match[2]):
            fence = match[1]
        else:
            yield offset, line
        offset += len(raw) + 1


def without_comments(body: str) -> str:
    """As a page shows it: HTML comments are not seen, but for those in code. One that begins a line and is never closed hides the rest;
    within a line it is only text then.
    """
    lines = body.split("\n")
    ends = _ends_below(lines)
    shown: list[str] = []
    fence: str | None = None
    hidden = False
    for at, line in enumerate(lines):
        match = None if hidden else _FENCE.fullmatch(line.removesuffix("\r"))
        if fence is not None:
            fence = None if _closing(match, fence) else fence
            shown.append(line)
        elif match and not (match[1].startswith("`") and "`" in match[2]):
            fence = match[1]
            shown.append(line)
        else:
            before = hidden
            text, hidden = _seen(line, hidden, ends[at])
            if text.strip() or not (before or "<!--" in line):
                shown.append(text)
    return "\n".join(shown)


def _closing(match: re.Match[str] | None, fence: str) -> bool:
    return match is not None and match[1].startswith(fence) and not match[2].strip()


def _seen(line: str, hidden: bool, ends_below: bool) -> tuple[str, bool]:
    """What is seen of a line, and whether a comment goes on after it. Within a paragraph one has to end in it."""
    last = line.rfind("-->")
    text: list[str] = []
    place = 0
    while place < len(line):
        if hidden:
            end = line.find("-->", place)
            if end < 0:
                break
            place, hidden = end + 3, False
            continue
        mark = _CODE_OR_COMMENT.search(line, place)
        if mark is None:
            text.append(line[place:])
            break
        text.append(line[place : mark.start()])
        place = mark.end()
        hidden = mark[0] == "<!--" and (ends_below or place <= last or not line[: mark.start()].strip())
        if not hidden:
            text.append(mark[0])
    return "".join(text), hidden


def _ends_below(lines: Sequence[str]) -> list[bool]:
    """For each line whether a comment ends in the lines of its paragraph that follow it."""
    found = [False] * len(lines)
    for at in range(len(lines) - 2, -1, -1):
        found[at] = bool(lines[at + 1].strip()) and ("-->" in lines[at + 1] or found[at + 1])
    return found


def acceptance(body: str) -> tuple[str, ...]:
    """The checklist items under a heading 'Acceptance criteria', ticked or not, up to the next heading of its level or above."""
    items: list[str] = []
    level = 0
    open_item = False
    for _, line in prose_lines(body):
        if heading := _HEADING.fullmatch(line):
            depth = len(heading[1])
            title = heading[2].rstrip(" \t").rstrip("#").rstrip(" \t").rstrip(":").strip().lower()
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


def disarmed(text: str) -> str:
    """The text without the power to close issues: numbers after a closing word stand as code."""
    return _CLOSES_ANY.sub(lambda match: f"{match[1]}`{match[2]}`", text)
