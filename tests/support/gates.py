"""Agents that say that they have come, and wait until the test lets them go on."""

from __future__ import annotations

from pathlib import Path


def waits(folder: Path) -> tuple[str, str]:
    """Shell lines: says it has come, waits for permission to go on."""
    return f"touch {folder}/came-$LOCUS_TASK", f"until [ -e {folder}/go ]; do sleep 0.02; done"


def came(folder: Path) -> set[int]:
    return {int(path.name.removeprefix("came-")) for path in folder.glob("came-*")}
