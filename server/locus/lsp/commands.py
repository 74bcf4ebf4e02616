"""workspace/executeCommand: one JSON object in, JSON out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from locus.lsp import errors


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a client sends beside the arguments."""

    work_done_token: int | str | None = None


CommandHandler = Callable[[dict[str, Any], CallContext], Awaitable[Any]]


async def execute(commands: Mapping[str, CommandHandler], params: dict[str, Any]) -> Any:
    """Raises ResponseError -32602, and what the handler raises."""
    command = params.get("command")
    if not isinstance(command, str):
        raise errors.invalid_params("command: must be a string")
    if command not in commands:
        raise errors.invalid_params(f"command: unknown command {command!r}")
    given = params.get("arguments")
    if given is not None and not isinstance(given, list):
        raise errors.invalid_params("arguments: must be a list")
    arguments = given or [{}]
    if len(arguments) > 1:
        raise errors.invalid_params(f"arguments: {command} takes one object, not {len(arguments)} values")
    if not isinstance(arguments[0], dict):
        raise errors.invalid_params(f"arguments[0]: {command} takes an object")
    token = params.get("workDoneToken")
    if token is not None and (not isinstance(token, int | str) or isinstance(token, bool)):
        raise errors.invalid_params("workDoneToken: must be an integer or a string")
    return await commands[command](arguments[0], CallContext(token))
