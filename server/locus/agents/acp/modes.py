"""Which of an agent's own modes a permission mode means. Each agent has other names; the protocol knows none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_ASK: Final = ("default", "ask", "manual", "alwaysask", "readonly")
_EDITS: Final = ("acceptedits", "autoedit", "edit", "edits", "agent", "auto")
_BYPASS: Final = ("bypasspermissions", "yolo", "fullaccess", "agentfullaccess")
"""As seen of Claude Code, Gemini CLI, Codex and OpenCode; case, `-` and `_` do not count."""


def mode_for(permission: str, current: str, offered: Sequence[str]) -> str:
    """The mode to be in; the current one where the agent has none of the kind. Never one that asks nothing, unless that is meant."""
    by_name = {_plain(id): id for id in offered}
    wanted = {"ask": _ASK, "edits": (*_EDITS, *_ASK), "bypass": (*_BYPASS, *_EDITS)}[permission]
    found = next((by_name[name] for name in map(_plain, wanted) if name in by_name), None)
    if found is not None:
        return found
    if permission != "bypass" and _plain(current) in _BYPASS:
        return next((id for id in offered if _plain(id) not in _BYPASS), current)
    return current


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
