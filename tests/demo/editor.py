"""An editor as Locus sees one: a language client that starts `locus lsp`, opens files, selects, asks, and listens."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from demo.playground import environment
from support.raw_lsp import Message, RawClient, start

CAPABILITIES: Message = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}}}},
    "window": {"workDoneProgress": True, "showMessage": {}},
    "experimental": {"locus": {"version": 1}},
}
RUN_SECONDS = 180.0
"""Between two messages of the server while somebody works."""


class Refusal(Exception):
    """The server answered a request with an error."""


class Editor:
    """One window with `folder` open. What the server says by itself goes to `heard` while somebody waits in `until`."""

    def __init__(self, client: RawClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.server: Message = {}
        self._seen = 0

    async def ask(self, method: str, params: Any) -> Any:
        reply = await self.client.request(method, params)
        if "error" in reply:
            error = reply["error"]
            hint = (error.get("data") or {}).get("hint")
            raise Refusal(f"{method}: {error['message']}" + (f" ({hint})" if hint else ""))
        return reply["result"]

    async def command(self, id: str, **arguments: Any) -> Any:
        try:
            return await self.ask("workspace/executeCommand", {"command": id, "arguments": [arguments]})
        except Refusal as refusal:
            raise Refusal(f"{id}: {refusal}") from None

    def open(self, path: str) -> tuple[str, list[str]]:
        """The document's URI and lines."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": document})
        return file.as_uri(), text.splitlines()

    async def code_actions(self, uri: str, selection: Message) -> list[Message]:
        context: Message = {"diagnostics": []}
        actions = await self.ask("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": selection, "context": context})
        return list(actions or [])

    async def until(self, heard: Callable[[str, Any], bool]) -> None:
        """Hands over every notification and request of the server, from the first one on, until `heard` says that it is enough."""
        while True:
            message = await self.client.wait_for(lambda _: True, after=self._seen, seconds=RUN_SECONDS)
            self._seen += 1
            if "method" in message and heard(message["method"], message.get("params")):
                return

    async def quit(self) -> int:
        """As editors end a server; its exit code."""
        return await self.client.leave()


@asynccontextmanager
async def opened(folder: Path, more: Mapping[str, str]) -> AsyncIterator[Editor]:
    """`locus lsp` from the environment that this program runs in and `more`, initialised for `folder`."""
    program = Path(sys.executable).with_name("locus.exe" if sys.platform == "win32" else "locus")
    client = await start([str(program), "lsp"], cwd=folder, env={**environment(), **more})
    try:
        editor = Editor(client, folder)
        editor.server = await client.initialize(
            CAPABILITIES,
            clientInfo={"name": "demonstration"},
            rootUri=folder.as_uri(),
            workspaceFolders=[{"uri": folder.as_uri(), "name": folder.name}],
        )
        yield editor
    finally:
        await client.close()
