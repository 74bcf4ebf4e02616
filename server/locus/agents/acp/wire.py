"""The library's transport over a supervised process: messages out, and of those that come in the ones that it can take."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from locus.agents.messages import as_lines, parsed
from locus.process import Supervised

log = logging.getLogger(__name__)

KNOWN_UPDATES = frozenset(
    {
        "agent_message_chunk",
        "agent_thought_chunk",
        "available_commands_update",
        "config_option_update",
        "current_mode_update",
        "plan",
        "session_info_update",
        "tool_call",
        "tool_call_update",
        "usage_update",
        "user_message_chunk",
    }
)
"""Of `session/update`; the protocol grows, and what is new is passed over."""


class Wire:
    """`acp._transport.Transport`, structurally. `receive` is called by one reader."""

    def __init__(self, supervised: Supervised, next_line: Callable[[], Awaitable[bytes | None]]) -> None:
        self._supervised = supervised
        self._next_line = next_line

    async def send(self, message: dict[str, Any]) -> None:
        if not await self._supervised.write(as_lines([message])):
            raise ConnectionError("the agent does not listen any more")

    async def receive(self) -> dict[str, Any] | None:
        while (line := await self._next_line()) is not None:
            if (message := parse(line)) is not None:
                return message
        return None

    async def close(self) -> None:
        self._supervised.close_stdin()


def parse(line: bytes) -> dict[str, Any] | None:
    """None for what is no message, or one that nobody here would understand."""
    if (message := parsed(line)) is None:
        log.debug("not a message: %.200r", line)
        return None
    if message.get("method") == "session/update" and (kind := _update_kind(message)) not in KNOWN_UPDATES:
        log.debug("an update of an unknown kind: %s", kind)
        return None
    return message


def _update_kind(message: dict[str, Any]) -> object:
    params = message.get("params")
    update = params.get("update") if isinstance(params, dict) else None
    return update.get("sessionUpdate") if isinstance(update, dict) else None
