"""Between the client's position encoding and the model's, which is UTF-16."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lsprotocol import types

from locus.model.task import Position, Range

_Convert = Callable[[str, int], int]


class Positions:
    """`encoding` is what was agreed on in `initialize`. Lines are without their ends; what is beyond them is left as it is."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding

    @property
    def same(self) -> bool:
        """The client counts as the model does: nothing needs to be converted."""
        return self.encoding not in ("utf-8", "utf-32")

    def from_client(self, lines: Sequence[str], range: Range) -> Range:
        return self._range(lines, range, self._to_utf16)

    def to_client(self, lines: Sequence[str], range: Range) -> Range:
        return self._range(lines, range, self._from_utf16)

    def lsp(self, lines: Sequence[str], range: Range) -> types.Range:
        """A range of the model's as the client is told it."""
        found = self.to_client(lines, range)
        return types.Range(types.Position(found.start.line, found.start.character), types.Position(found.end.line, found.end.character))

    def _range(self, lines: Sequence[str], range: Range, convert: _Convert) -> Range:
        if self.same:
            return range
        return Range(start=_at(lines, range.start, convert), end=_at(lines, range.end, convert))

    def _to_utf16(self, line: str, character: int) -> int:
        if self.encoding == "utf-8":
            before = line.encode("utf-8", "surrogatepass")[:character].decode("utf-8", "ignore")
        else:
            before = line[:character]
        return _units(before)

    def _from_utf16(self, line: str, character: int) -> int:
        before = line.encode("utf-16-le", "surrogatepass")[: 2 * character].decode("utf-16-le", "ignore")
        return len(before.encode("utf-8", "surrogatepass")) if self.encoding == "utf-8" else len(before)


def from_lsp(range: types.Range) -> Range:
    """The same numbers: still in the client's encoding."""
    return Range(
        start=Position(line=range.start.line, character=range.start.character),
        end=Position(line=range.end.line, character=range.end.character),
    )


def _at(lines: Sequence[str], position: Position, convert: _Convert) -> Position:
    if position.character < 0 or not 0 <= position.line < len(lines) or lines[position.line].isascii():
        return position
    return Position(line=position.line, character=convert(lines[position.line], position.character))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
