"""JSON with places: what a text says, where each key stands, and in plain words what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn


@dataclass(frozen=True)
class Span:
    """Part of one line: `line` is 1-based; `column` is 0-based and, like `length`, in UTF-16 code units (LSP's default)."""

    line: int
    column: int
    length: int


@dataclass(frozen=True)
class Parsed:
    value: Any
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Each key by its dotted path (`agent.maxParallel`, `verify.0.run`); of a key given twice, the last, which counts."""
    twice: tuple[tuple[str, Span], ...] = ()
    """Keys given more than once in one object, where they are given again."""


@dataclass(frozen=True)
class Broken:
    message: str
    span: Span


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_NESTED = "nested too deeply"


def parse(text: str) -> Parsed | Broken:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return Broken(_plain(error), _span(text, error.pos, error.pos + 1))
    except (ValueError, RecursionError) as error:  # NaN and endless numbers; thousands of brackets
        return Broken(_NESTED if isinstance(error, RecursionError) else str(error), Span(1, 0, 1))
    return _located(text, value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _plain(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip()
    before = error.doc[: error.pos].rstrip()
    if not error.doc.strip():
        return "the file is empty; expected an object, at least {}"
    if rest.startswith(("//", "/*", "#")):
        return "comments are not allowed in JSON"
    if (rest.startswith(("}", "]")) and before.endswith(",")) or "trailing comma" in error.msg:
        return "expected another entry, or no comma before the closing bracket"
    if rest.startswith("'"):
        return "expected double quotes"
    if not rest:
        return "the file ends too early; expected a closing bracket or quote"
    words = {
        "Expecting ',' delimiter": "expected a comma or a closing bracket",
        "Expecting ':' delimiter": "expected a colon",
        "Expecting value": "expected a value",
        "Expecting property name enclosed in double quotes": "expected a key in double quotes",
        "Extra data": "expected nothing after the closing bracket",
    }
    return words.get(error.msg, error.msg[:1].lower() + error.msg[1:])


@dataclass
class _Frame:
    """An object or a list that is open at this point of the text."""

    path: str
    is_object: bool
    index: int = 0
    key: str | None = None
    seen: set[str] = field(default_factory=set)

    def child(self) -> str:
        name = self.key if self.is_object else str(self.index)
        return f"{self.path}.{name}" if self.path else str(name)


def _located(text: str, value: Any) -> Parsed:
    """`text` is valid here, so its tokens say all."""
    spans: dict[str, Span] = {}
    twice: list[tuple[str, Span]] = []
    stack: list[_Frame] = []
    lines = _Lines(text)
    for token in _TOKEN.finditer(text):
        word, top = token[0], stack[-1] if stack else None
        if word in "{[":
            stack.append(_Frame(top.child() if top else "", word == "{"))
        elif word in "}]":
            stack.pop()
        elif word == "," and top:
            top.key, top.index = None, top.index + 1
        elif word.startswith('"') and top and top.is_object and top.key is None:
            top.key = str(json.loads(word))
            span = lines.span(token.start(), token.end())
            if top.key in top.seen:
                twice.append((top.child(), span))
            top.seen.add(top.key)
            spans[top.child()] = span
    return Parsed(value, spans, tuple(twice))


class _Lines:
    """Turns growing offsets into places, going over the text once."""

    def __init__(self, text: str) -> None:
        self._text, self._line, self._column, self._offset = text, 1, 0, 0

    def span(self, start: int, end: int) -> Span:
        passed = self._text[self._offset : start]
        newline = passed.rfind("\n")
        if newline >= 0:
            self._line, self._column = self._line + passed.count("\n"), 0
        self._column += _units(passed[newline + 1 :])
        self._offset = start
        return Span(self._line, self._column, _units(self._text[start:end]))


def _span(text: str, start: int, end: int) -> Span:
    return _Lines(text).span(start, max(start, min(end, len(text))))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
