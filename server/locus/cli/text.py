"""Text for a terminal: what others wrote made harmless, cut to width, set in columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, DCS, SOS, PM, APC: titles, clipboard, links
    r"|\x1b[ -/]*[0-~]"
)
# Controls, and marks that reorder a line or hide in it (Trojan Source).
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def harmless(text: str) -> str:
    """`text` without terminal sequences and control characters. Line ends stay, tabs become spaces."""
    return _CONTROLS.sub("", _SEQUENCES.sub("", text.replace("\r\n", "\n"))).expandtabs(4)


def one_line(text: str) -> str:
    return " ".join(harmless(text).split())


def width_of(text: str) -> int:
    """In cells: most Asian characters and emoji take two."""
    return cell_len(text)


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """At most `width` cells; what was cut is said."""
    if width_of(text) <= width:
        return text
    room = width - width_of(ellipsis)
    return set_cell_size(text, room).rstrip() + ellipsis if room > 0 else set_cell_size(text, max(0, width))


def table(rows: Sequence[Sequence[str]], *, width: int, flexible: int, ellipsis: str = "…") -> list[str]:
    """Aligned columns, two spaces apart, without those that are empty.

    The column `flexible` gives way so that lines fit into `width` cells.
    """
    if not rows:
        return []
    widths = [max(width_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    others = sum(size + 2 for column, size in enumerate(widths) if size and column != flexible)
    widths[flexible] = min(widths[flexible], max(8, width - others))
    lines = []
    for row in rows:
        cells = [_padded(cut(cell, size, ellipsis), size) for cell, size in zip(row, widths, strict=True) if size]
        lines.append("  ".join(cells).rstrip())
    return lines


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def duration(seconds: float) -> str:
    """As a person says it: 45 s, 3 min, 2 h 5 min."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(seconds: float) -> str:
    """As `duration`, in days from two days on."""
    return duration(seconds) if seconds < 2 * 86400 else f"{int(seconds // 86400)} days"


def size(count: int) -> str:
    """Bytes as a person says them: 512 B, 3.4 MB, 5 GB."""
    amount, units = float(count), iter(("B", "KB", "MB", "GB", "TB"))
    unit = next(units)
    while amount >= 1000 and unit != "TB":
        amount, unit = amount / 1024, next(units)
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 or amount == int(amount) else f"{amount:.1f} {unit}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def money(usd: float | None) -> str:
    return "" if usd is None else f"${usd:.2f}"


def spent(tokens: int | None, usd: float | None) -> str:
    """`$0.42, 12,345 tokens`, as far as it is known."""
    return ", ".join(part for part in (money(usd), f"{tokens:,} tokens" if tokens is not None else "") if part)
