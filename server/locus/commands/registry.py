"""What a use case is: an id, typed arguments, a function. Faces look commands up here and call nothing deeper."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import ValidationError

from locus.errors import InvalidArguments
from locus.model.base import Model

if TYPE_CHECKING:
    from locus.workspace import Workspace


class Arguments(Model):
    folder: str | None = None
    """URI of the workspace folder; needed only where several would do."""


class Face(Protocol):
    """What a command may ask of whoever called it."""

    interactive: bool
    """Somebody is there who can answer a question of a run."""

    def text(self, uri: str) -> str | None:
        """The unsaved buffer of `uri`; None where the file on disk is what counts."""

    async def choose(self, message: str, choices: list[str]) -> str | None:
        """Puts a question; None when nobody answers or nobody can be asked."""

    def say(self, text: str) -> None:
        """How far long work has come."""


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Command(Generic[A]):
    id: str
    title: str
    arguments: type[A]
    result: str
    """The result's shape in the words of docs/protocol."""
    work: Callable[[Workspace, A, Face], Awaitable[Any]]
    executes: bool = False
    """Leads to the execution of programs; refused in an untrusted workspace."""

    async def run(self, ws: Workspace, args: A, face: Face) -> Any:
        await ws.settle()
        return await self.work(ws, args, face)


def parse(arguments: type[A], given: dict[str, Any]) -> A:
    """Strict: wrong types and unknown keys raise InvalidArguments that names each of them."""
    try:
        return arguments.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        problems = []
        for item in error.errors(include_url=False):
            name = ".".join(str(part) for part in item["loc"]) or "arguments"
            said = "unknown argument" if item["type"] == "extra_forbidden" else item["msg"].replace("Input should be", "must be", 1)
            problems.append(f"{name}: {said}")
        known = ", ".join(info.alias or name for name, info in arguments.model_fields.items())
        raise InvalidArguments("; ".join(problems), f"the arguments are: {known}") from error


def wire(result: Any) -> Any:
    """A command's result as JSON."""
    if isinstance(result, Model):
        return result.wire()
    if isinstance(result, list | tuple):
        return [wire(item) for item in result]
    if isinstance(result, dict):
        return {key: wire(value) for key, value in result.items()}
    return result
