"""One command at the terminal: the streams, the workspace around the current folder, and the use cases to call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locus.cli import prompt
from locus.cli.terminal import Terminal
from locus.cli.text import one_line
from locus.commands import COMMANDS
from locus.commands.registry import parse, wire
from locus.errors import InvalidArguments

if TYPE_CHECKING:
    from locus.workspace import Workspace


class TerminalFace:
    """How a use case asks the person at the terminal. `interactive` is false where nobody watches."""

    def __init__(self, terminal: Terminal, *, interactive: bool, json: bool = False) -> None:
        self._terminal, self._json = terminal, json
        self.interactive = interactive

    def text(self, uri: str) -> str | None:  # noqa: ARG002 - a terminal has no unsaved buffers
        return None

    async def choose(self, message: str, choices: list[str]) -> str | None:
        return await prompt.choose(self._terminal, message, choices) if self.interactive else None

    def say(self, text: str) -> None:
        if not self._json:
            self._terminal.say(one_line(text))


class Session:
    def __init__(self, terminal: Terminal, *, json: bool = False, name: str = "") -> None:
        self.terminal = terminal
        self.json = json
        self._name = name
        self.face = TerminalFace(terminal, interactive=terminal.interactive and not json, json=json)

    @cached_property
    def workspace(self) -> Workspace:
        from locus.workspace import Workspace

        return Workspace(Path.cwd())

    async def call(self, id: str, **given: Any) -> Any:
        """The use case's result. What is None was not given. Raises InvalidArguments with a hint for a terminal."""
        command = COMMANDS[id]
        try:
            arguments = parse(command.arguments, {key: value for key, value in given.items() if value is not None})
        except InvalidArguments as error:
            raise InvalidArguments(error.message, f"see `locus {self._name} --help`") from error
        return await command.run(self.workspace, arguments, self.face)

    def show(self, result: Any, lines: Callable[[], Iterable[str]]) -> None:
        """The result as JSON, or the lines that say it."""
        if self.json:
            self.terminal.document(wire(result))
        else:
            self.terminal.say_all(lines())
