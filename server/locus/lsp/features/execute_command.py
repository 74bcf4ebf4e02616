"""workspace/executeCommand: finds the repository that is meant, converts positions, calls the use case."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from locus.anchors.files import path_of, read_text
from locus.anchors.locate import split_lines
from locus.commands import COMMANDS
from locus.commands.registry import Arguments, Face, parse, wire
from locus.errors import InvalidArguments, LocusError, Refused
from locus.lsp.buffers import Buffers
from locus.lsp.features.following import Following
from locus.lsp.positions import Positions
from locus.lsp.workspaces import Workspaces
from locus.model.task import Range
from locus.workspace import Workspace


class Executor:
    def __init__(
        self,
        workspaces: Workspaces,
        following: Following,
        face: Face,
        buffers: Buffers,
        positions: Positions,
        look_again: Callable[[], Awaitable[None]],
    ) -> None:
        """`look_again` opens the folders anew: a repository may be there by now, a folder that was just added may still be opening."""
        self.listeners: list[Callable[[str, Workspace, Any], None]] = []
        """Told of every command that went well: its id, where, and its result as JSON."""
        self._look_again = look_again
        self._workspaces = workspaces
        self._following = following
        self._face = face
        self._buffers = buffers
        self._positions = positions

    async def execute(self, id: str, given: dict[str, Any]) -> Any:
        """The result as JSON. Raises LocusError."""
        command = COMMANDS[id]
        args = parse(command.arguments, given)
        if command.executes and not self._workspaces.trusted:
            raise Refused(f"{id} is refused: this window's folder is not trusted", "trust the folder in the editor first")
        try:
            workspace = self._workspace(args)
        except (Refused, InvalidArguments):
            await self._look_again()
            workspace = self._workspace(args)
        result = wire(await command.run(workspace, await self._in_utf16(args), self._face))
        for listener in self.listeners:
            listener(id, workspace, result)
        return await self._for_client(result, getattr(args, "uri", None))

    async def call(self, id: str, workspace: Workspace, **given: Any) -> Any:
        """The server's own use of a command, for a person's click; trust and positions are none of its concern."""
        command = COMMANDS[id]
        result = wire(await command.run(workspace, parse(command.arguments, given), self._face))
        for listener in self.listeners:
            listener(id, workspace, result)
        return result

    def _workspace(self, args: Arguments) -> Workspace:
        run_id = getattr(args, "run_id", None)
        if args.folder is None and isinstance(run_id, str) and (found := self._following.find(run_id)) is not None:
            return found[0]
        return self._workspaces.resolve(args.folder, getattr(args, "uri", None))

    async def _in_utf16(self, args: Arguments) -> Arguments:
        uri, range = getattr(args, "uri", None), getattr(args, "range", None)
        if self._positions.same or not isinstance(uri, str) or not isinstance(range, Range):
            return args
        return args.model_copy(update={"range": self._positions.from_client(await self._lines(uri), range)})

    async def _for_client(self, result: Any, uri: str | None) -> Any:
        """Anchors with the document's URI, and positions in the client's encoding."""
        if isinstance(result, list):
            return [await self._for_client(each, uri) for each in result]
        anchor = result.get("anchor") if isinstance(result, dict) else None
        if not isinstance(anchor, dict):
            return result
        where = anchor.get("uri") or uri
        if isinstance(where, str):
            anchor = anchor | {"uri": where}
            if not self._positions.same:
                lines = await self._lines(where)
                anchor["range"] = self._positions.to_client(lines, Range.model_validate(anchor["range"])).wire()
        return result | {"anchor": anchor}

    async def _lines(self, uri: str) -> list[str]:
        """None at all for what cannot be read: positions stay as they are, and the use case says what is wrong."""
        text, path = self._buffers.text(uri), path_of(uri)
        if text is None and path is not None:
            try:
                text = await asyncio.to_thread(read_text, path)
            except LocusError:
                return []
        return split_lines(text or "")
