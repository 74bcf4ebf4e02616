"""How far the wall clock is to be believed where it decides what is let go: it may be wrong by a year while a run ends."""

from __future__ import annotations

import json
from pathlib import Path

from locus.repo.files import explained, make_folder, write_whole

_FILE = "clock"
_LASTS = 3 * 86400.0
"""Seconds for which a clock that has jumped must go on like that: then it was set right, or nobody was here for long."""


def believed(state: Path, now: float, *, jump: float, note: bool = False) -> float:
    """`now`; but after a jump of more than `jump` seconds since the last look, to either side, the earlier of the two times, until the
    clock has gone on from there for three days. The first time it is 0: nothing is old. `note` makes this a look.

    Times are in seconds since the epoch; `state` is the repository's state folder.
    """
    last, jumped = _noted(state)
    if last is None:
        found, last, jumped = 0.0, now, None
    elif abs(now - last) <= jump or (jumped is not None and now - jumped >= _LASTS):
        found, last, jumped = now, now, None
    else:
        found, jumped = min(now, last), now if jumped is None else min(now, jumped)
    if note:
        with explained("noting what the clock says"):
            make_folder(state)
            write_whole(state / _FILE, json.dumps([last, jumped]).encode())
    return found


def _noted(state: Path) -> tuple[float | None, float | None]:
    """The time of the last look that was believed, and when the clock was first seen to have jumped since."""
    try:
        last, jumped = json.loads((state / _FILE).read_bytes())
        return float(last), None if jumped is None else float(jumped)
    except (FileNotFoundError, ValueError, TypeError):
        return None, None
