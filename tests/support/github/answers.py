"""What is said over HTTP: an answer, and the refusals in GitHub's shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"
JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    """What becomes JSON; a string is sent as it is."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, separators=(",", ":"))).encode()


class Refusal(Exception):
    """GitHub says no: carried up to where it becomes an Answer, for REST and GraphQL alike."""

    def __init__(
        self,
        status: int,
        message: str,
        *errors: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        location: str | None = None,
        type: str = "UNPROCESSABLE",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = {**(headers or {}), **({"Location": location} if location else {})}
        self.location = location
        self.type = type
        """What GraphQL calls it."""

    def answer(self) -> Answer:
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        if self.location:
            body["url"] = self.location
        body["documentation_url"] = DOCUMENTATION
        if not self.location:
            body["status"] = str(self.status)
        return Answer(self.status, body, self.headers)

    def sentence(self) -> str:
        """How GraphQL says it: in one message."""
        said = [str(error["message"]) for error in self.errors if "message" in error]
        return "; ".join(said) or self.message


def not_found() -> Refusal:
    return Refusal(404, "Not Found", type="NOT_FOUND")


def invalid(resource: str, field: str, code: str = "invalid", **more: Any) -> Refusal:
    """422 about one field; `code` is missing_field, invalid, already_exists, unprocessable or custom (with a message)."""
    return Refusal(422, "Validation Failed", {**more, "resource": resource, "field": field, "code": code})


def custom(resource: str, message: str) -> Refusal:
    return Refusal(422, "Validation Failed", {"resource": resource, "code": "custom", "message": message})


def forbidden(message: str) -> Refusal:
    return Refusal(403, message, type="FORBIDDEN")
