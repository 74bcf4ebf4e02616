"""Numbers, and how they are shown. A measurement stands beside its floor: the same work without Locus, in the same run."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    floor: str
    compared: str
    """The ratio to the floor, or the difference."""
    budget: str
    kept: bool


def within(what: str, seconds: float, budget: float) -> Row:
    """A time that has a budget of its own."""
    return Row(what, milliseconds(seconds), "-", "-", f"<= {milliseconds(budget)}", seconds <= budget)


def above(what: str, seconds: float, floor: float, budget: float) -> Row:
    """A time that may be `budget` seconds above its floor."""
    over = seconds - floor
    return Row(
        what, milliseconds(seconds), milliseconds(floor), f"{over * 1000:+.0f} ms", f"<= floor + {milliseconds(budget)}", over <= budget
    )


def times(what: str, seconds: float, floor: float, budget: float) -> Row:
    """A time that may be `budget` times its floor."""
    ratio = seconds / floor
    return Row(what, milliseconds(seconds), milliseconds(floor), f"x {ratio:.2f}", f"<= floor x {budget:g}", ratio <= budget)


def at_most(what: str, number: int, budget: int) -> Row:
    """Something counted."""
    return Row(what, str(number), "-", "-", f"<= {budget}", number <= budget)


def median(samples: Sequence[float]) -> float:
    return statistics.median(samples)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def table(rows: Sequence[Row]) -> str:
    """Markdown, aligned so that it reads in a terminal too."""
    lines = [["what", "measured", "floor", "compared", "budget", "kept"]]
    lines += [[row.what, row.measured, row.floor, row.compared, row.budget, "yes" if row.kept else "NO"] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines)


def machine() -> str:
    """What the numbers depend on; nothing that says whose machine it is."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    parts = [f"{os.cpu_count()} cores", memory(), system(), f"Python {platform.python_version()}", git]
    return ", ".join(part for part in parts if part)


def memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB of memory"
    except (ValueError, AttributeError):
        return ""


def system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = platform.system()
    return f"{name} ({platform.machine()})"
