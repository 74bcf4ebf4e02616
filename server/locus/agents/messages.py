"""What agents are talked to in: JSON objects, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def as_lines(messages: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def parsed(line: str | bytes) -> dict[str, Any] | None:
    """None for what is no message."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
