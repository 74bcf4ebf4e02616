"""`#12` in texts: when tasks get other numbers, what is said of them is to mean the same tasks as before."""

from __future__ import annotations

import re
from collections.abc import Mapping

from locus.model.body import prose_lines

_PIECES = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"  # GitHub links nothing in code
    r"|(?P<hidden><!--.*?-->)"
    r"|(?<![\w&/#`-])#(?P<number>[0-9]{1,9})(?![\w-])"
)


def renumbered(text: str, numbers: Mapping[int, int | None]) -> str:
    """`text` with each `#12` in its prose replaced by the number that 12 has now.

    Where `numbers` says None, there is none (yet): it is set as code, so that nothing links it to something else of that number.
    What `numbers` does not have stays, and so do code and hidden comments.
    """
    parts: list[str] = []
    end = 0
    for offset, line in prose_lines(text):
        parts += [text[end:offset], _PIECES.sub(lambda piece: _said(piece, numbers), line)]
        end = offset + len(line)
    return "".join([*parts, text[end:]])


def _said(piece: re.Match[str], numbers: Mapping[int, int | None]) -> str:
    if piece["number"] is None or int(piece["number"]) not in numbers:
        return piece[0]
    now = numbers[int(piece["number"])]
    return f"`#{piece['number']}`" if now is None else f"#{now}"
