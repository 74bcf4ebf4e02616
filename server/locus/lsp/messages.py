"""The three kinds of JSON-RPC message that a client sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locus.lsp import errors


@dataclass(frozen=True, slots=True)
class Request:
    id: int | str
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notification:
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The client's response to a request of ours."""

    id: int | str
    result: Any
    error: dict[str, Any] | None


class NotAMessage(Exception):
    """Valid JSON that is no JSON-RPC message. `error` is to be sent with `id` (None: the id is not usable)."""

    def __init__(self, reason: str, id: int | str | None = None) -> None:
        super().__init__(reason)
        self.id = id
        self.error = errors.invalid_request(reason)


def classify(message: Any) -> Request | Notification | Answer:
    """Raises NotAMessage."""
    if not isinstance(message, dict):
        raise NotAMessage("a message is one JSON object; LSP has no batches")
    given = message.get("id")
    id = given if isinstance(given, int | str) and not isinstance(given, bool) else None
    if message.get("jsonrpc") != "2.0":
        raise NotAMessage('jsonrpc: must be "2.0"', id)
    if "id" in message and id is None and ("method" in message or given is not None):
        raise NotAMessage("id: must be an integer or a string")
    if "method" in message:
        method = message["method"]
        if not isinstance(method, str):
            raise NotAMessage("method: must be a string", id)
        params = message.get("params")
        return Notification(method, params) if id is None else Request(id, method, params)
    if "result" in message or "error" in message:
        error = message.get("error")
        if id is None:
            raise NotAMessage("a response without an id")
        return Answer(id, message.get("result"), error if isinstance(error, dict) else None)
    raise NotAMessage("neither a method nor a result", id)
