"""From selected code to a proposed issue: title, body, anchor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from locus.anchors.files import decode, name_of, path_of, read_text
from locus.anchors.locate import content_hash, lines_of, locate, split_lines
from locus.anchors.permalink import permalink
from locus.anchors.symbols import enclosing_symbol, language_of
from locus.errors import InvalidArguments, Refused
from locus.model.task import Anchor, Position, Range
from locus.repo import reading
from locus.repo.discover import Repository, discover
from locus.repo.objects import known_to_remote, show_file

MAX_LINES = 200
MAX_BYTES = 16 * 1024
TITLE_LENGTH = 72

_TODO = re.compile(r"(?:^|[\s#/*;%!\"'({<-])(?:TODO|FIXME)\b(?:\([^)]*\))?[\s:,\-–—]*(?P<text>[\w`'\"(<\[].*)")
_COMMENT_END = re.compile(r"\s*(?:\*/|-->|\*\)|#\}|%>|\"\"\"|''')\s*$")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Selection:
    title: str
    body: str
    anchor: Anchor | None
    """None for code that is in no file of the repository."""


@dataclass(frozen=True)
class _Place:
    """The file in the checkout it belongs to; `root` is None outside the repository."""

    name: str
    root: Path | None = None


async def describe(repo: Repository, uri: str, range: Range, text: str | None) -> Selection:
    """What an issue about the selected lines says. `text` is the unsaved buffer; None reads the file.

    An empty range means its line; what is beyond the end of the text is cut off.
    Raises InvalidArguments for a range or a file that cannot be.
    """
    path = path_of(uri)
    if text is None:
        if path is None:
            raise InvalidArguments("uri: this document is not open and is not a file", "open it in the editor first")
        text = await asyncio.to_thread(read_text, path)
    place = await asyncio.to_thread(_place, repo, path, uri)
    lines = split_lines(text)
    range = _within(range, lines)
    first, last = lines_of(range)
    selected = lines[first : last + 1]
    symbol = enclosing_symbol(lines, first, last, language_of(place.name))
    origin, anchor = "", None
    if place.root is not None:
        commit = (await reading.head_of(place.root)).commit
        anchor = Anchor(path=place.name, range=range, commit=commit, content_hash=content_hash(selected), symbol=symbol)
        origin = await _origin(repo, place.root, anchor)
    head = f"In {_code_span(place.name)}, {_numbers(first, last)}{f' ({_code_span(symbol)})' if symbol else ''}:"
    quote = _quote(selected, language_of(place.name).name)
    return Selection(
        title=_title(selected, symbol, place.name.rpartition("/")[2]),
        body="\n\n".join(part for part in (head, quote, origin) if part),
        anchor=anchor,
    )


def todo_text(lines: Sequence[str]) -> str | None:
    """What the first TODO or FIXME among the lines says."""
    for line in lines:
        if (match := _TODO.search(line[:1000])) is not None:
            return _COMMENT_END.sub("", match["text"]).strip() or None
    return None


def _place(repo: Repository, path: Path | None, uri: str) -> _Place:
    if path is None:
        return _Place(name_of(uri))
    if not _is_text(str(path)):  # an anchor is kept as text
        return _Place(path.name.encode("utf-8", "replace").decode())
    try:
        own = discover(path.parent)
    except Refused:
        return _Place(path.name)
    if own.common_dir != repo.common_dir or own.toplevel is None:
        return _Place(path.name)
    file = path.parent.resolve() / path.name
    return _Place(file.relative_to(own.toplevel.resolve()).as_posix(), own.toplevel)


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _within(range: Range, lines: Sequence[str]) -> Range:
    ends = sorted([(range.start.line, range.start.character), (range.end.line, range.end.character)])
    if min(ends[0][0], range.start.character, range.end.character) < 0:
        raise InvalidArguments("range: lines and characters are counted from 0", "give the editor's selection")
    start, end = (_position(line, character, lines) for line, character in ends)
    return Range(start=start, end=end)


def _position(line: int, character: int, lines: Sequence[str]) -> Position:
    if line >= len(lines):
        line, character = len(lines) - 1, len(lines[-1]) * 2
    return Position(line=line, character=min(character, len(lines[line].encode("utf-16-le", "surrogatepass")) // 2))


def _title(selected: Sequence[str], symbol: str | None, file: str) -> str:
    if (todo := todo_text(selected)) is not None:
        return _short(todo, TITLE_LENGTH)
    about = symbol or next((line.strip() for line in selected if line.strip()), None)
    if about is None:
        return f"Work on {_short(file, TITLE_LENGTH)}"
    return f"Work on {_code_span(_short(about, TITLE_LENGTH // 2))} in {_short(file, TITLE_LENGTH // 2)}"


def _short(text: str, length: int) -> str:
    """On one line, at most `length` characters."""
    plain = " ".join(_UNSHOWN.sub(" ", text).split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"


def _numbers(first: int, last: int) -> str:
    return f"line {first + 1}" if first == last else f"lines {first + 1}–{last + 1}"


def _code_span(text: str) -> str:
    text = _UNSHOWN.sub("\ufffd", text).replace("\n", "\ufffd")
    ticks = "`" * (_longest_ticks(text) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def _quote(lines: Sequence[str], language: str) -> str:
    shown: list[str] = []
    room = MAX_BYTES
    for line in lines[:MAX_LINES]:
        size = len(line.encode("utf-8", "replace")) + 1
        if size > room:
            break
        room -= size
        shown.append(line)
    if not shown:  # one line longer than everything that is allowed
        shown = [lines[0].encode("utf-8", "replace")[:MAX_BYTES].decode("utf-8", "ignore")]
        note = f"\n\n(The beginning of the first of {len(lines)} lines.)"
    else:
        note = f"\n\n(The first {len(shown)} of {len(lines)} lines.)" if len(shown) < len(lines) else ""
    code = "\n".join(shown)
    fence = "`" * max(3, _longest_ticks(code) + 1)
    return f"{fence}{language}\n{code}\n{fence}{note}"


def _longest_ticks(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


async def _origin(repo: Repository, root: Path, anchor: Anchor) -> str:
    """A link to exactly these lines where there can be one, else what the quote is."""
    if anchor.commit is None:
        return "Uncommitted: the repository has no commits yet."
    short = anchor.commit[:12]
    data = await show_file(root, anchor.commit, anchor.path)
    # Decoded as the editor's text was, so that what is no UTF-8 compares equal; line ends do not count.
    committed = data is not None and locate(anchor, decode(data)).state == "exact"
    if not committed:
        return f"Uncommitted at `{short}`."
    name = await reading.remote(repo)
    url = await reading.remote_url(repo, name) if name is not None else None
    first, last = lines_of(anchor.range)
    link = permalink(url, anchor.commit, anchor.path, first + 1, last + 1) if url else None
    if name is None or link is None:
        return f"As committed in `{short}`."
    return link if await known_to_remote(root, anchor.commit, name) else f"As committed in `{short}`, which is not pushed yet."
