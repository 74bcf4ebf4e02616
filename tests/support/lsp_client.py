"""An editor: the raw client with the capabilities of a real one, which answers as that one does and notices what it did not ask for."""

from __future__ import annotations

import asyncio
import copy
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from support.raw_lsp import DEADLINE, Message, RawClient, scrubbed, start

SERVER = (sys.executable, "-I", "-m", "locus", "lsp")
VSCODE, NEOVIM = "visual_studio_code_v1.65.2", "neovim_v0.11.0"

_NEEDS = {
    "window/workDoneProgress/create": "window.workDoneProgress",
    "window/showMessageRequest": "window.showMessage",
    "window/showDocument": "window.showDocument.support",
    "workspace/configuration": "workspace.configuration",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "client/registerCapability": "workspace.didChangeConfiguration.dynamicRegistration",
}
_LOCUS_ONLY = ("locus/status", "locus/runs", "locus/run", "locus/log")


def capabilities_of(editor: str, *, locus: bool = False) -> dict[str, Any]:
    """What the editor announces; `locus`: with the extension that understands `locus/*`."""
    text = (resources.files("pytest_lsp") / "clients" / f"{editor}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = copy.deepcopy(json.loads(text)["capabilities"])
    if locus:
        found["experimental"] = {"locus": {"version": 1}}
    return found


def span(first: int, start: int, last: int, end: int) -> dict[str, Any]:
    return {"start": {"line": first, "character": start}, "end": {"line": last, "character": end}}


class Editor:
    """`settings` is what it answers to workspace/configuration; `pick` chooses a button of window/showMessageRequest, None dismisses it."""

    def __init__(self, client: RawClient, capabilities: Mapping[str, Any]) -> None:
        self.client = client
        self.capabilities = capabilities
        self.settings: Callable[[str | None], Any] = lambda scope: None
        self.pick: Callable[[str, list[str]], str | None] = lambda message, titles: None
        self.initialized: Message = {}
        self._versions: dict[str, int] = {}
        client.answer = self._answer

    @property
    def locus(self) -> bool:
        return "locus" in (self.capabilities.get("experimental") or {})

    async def open(self, *folders: Path, options: Any = None, **params: Any) -> Message:
        """initialize and initialized."""
        given = {"workspaceFolders": [{"uri": each.as_uri(), "name": each.name} for each in folders], "initializationOptions": options}
        self.initialized = await self.client.initialize(dict(self.capabilities), **given | params)
        return self.initialized

    # Documents

    def show(self, file: Path | str, text: str | None = None, language: str = "python") -> str:
        """didOpen; returns the URI."""
        uri = file if isinstance(file, str) else file.as_uri()
        if text is None:
            assert isinstance(file, Path)
            text = file.read_bytes().decode()
        self._versions[uri] = 1
        self.client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}})
        return uri

    def type(self, uri: str, text: str, at: dict[str, Any] | None = None) -> None:
        """didChange: the whole text, or what replaces a range."""
        self._versions[uri] += 1
        change = {"text": text} if at is None else {"text": text, "range": at}
        document = {"uri": uri, "version": self._versions[uri]}
        self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def hide(self, uri: str) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    # Requests

    async def run(self, command: str, **arguments: Any) -> Any:
        """A command's result."""
        reply = await self.client.command(command, arguments)
        assert "error" not in reply, reply
        return reply["result"]

    async def refused(self, command: str, **arguments: Any) -> Message:
        """A command's error."""
        reply = await self.client.command(command, arguments)
        assert "error" in reply, reply
        error: Message = reply["error"]
        return error

    async def request(self, method: str, **params: Any) -> Any:
        return await self.client.result(method, params)

    async def lenses(self, uri: str) -> list[Message]:
        found: list[Message] = await self.request("textDocument/codeLens", textDocument={"uri": uri})
        return found

    async def actions(self, uri: str, at: dict[str, Any], *, diagnostics: Sequence[Message] = (), **context: Any) -> list[Message]:
        given = {"textDocument": {"uri": uri}, "range": at, "context": {"diagnostics": list(diagnostics), **context}}
        found: list[Message] = await self.request("textDocument/codeAction", **given)
        return found

    async def until_lenses(self, uri: str, wanted: Callable[[list[str]], bool]) -> list[Message]:
        """Looks again and again, as a person does whose editor cannot be told that lenses have changed."""
        async with asyncio.timeout(DEADLINE):
            while True:
                found = await self.lenses(uri)
                if wanted([lens["command"]["title"] for lens in found]):
                    return found
                await asyncio.sleep(0.02)

    # What the server said

    @property
    def mark(self) -> int:
        """A place in the stream: what comes after it is new."""
        return len(self.client.messages)

    def said(self, method: str, after: int = 0) -> list[Any]:
        return [message.get("params") for message in self.client.messages[after:] if message.get("method") == method]

    def progress(self) -> dict[Any, list[Message]]:
        """The values of each token, in order."""
        found: dict[Any, list[Message]] = {}
        for params in self.said("$/progress"):
            found.setdefault(params["token"], []).append(params["value"])
        return found

    async def diagnostics(self, uri: str, wanted: Callable[[list[Message]], bool], *, after: int = 0) -> list[Message]:
        params = await self.client.notification(
            "textDocument/publishDiagnostics", lambda said: said["uri"] == uri and wanted(said["diagnostics"]), after=after
        )
        found: list[Message] = params["diagnostics"]
        return found

    async def told_run(self, wanted: Callable[[Message], bool], *, after: int = 0, seconds: float = DEADLINE) -> Message:
        """The first `locus/run` that is wanted."""
        params = await self.client.notification("locus/run", lambda said: wanted(said["run"]), after=after, seconds=seconds)
        run: Message = params["run"]
        return run

    def check(self) -> None:
        """The server did nothing that this client did not announce, and progress never fell."""
        self.client.check()
        for message in self.client.messages:
            method = message.get("method")
            if method in _NEEDS and "id" in message:
                assert self._announced(_NEEDS[method]), f"{method} without {_NEEDS[method]}"
            assert self.locus or method not in _LOCUS_ONLY, f"{method} to a client that does not know it"
        for values in self.progress().values():
            kinds = [value["kind"] for value in values]
            assert kinds[0] == "begin", kinds
            assert set(kinds[1:-1]) <= {"report"}, kinds
            percentages = [value["percentage"] for value in values if value["kind"] != "end"]
            assert percentages == sorted(percentages), percentages

    def _announced(self, path: str) -> bool:
        found: Any = self.capabilities
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return bool(found)

    def _answer(self, request: Message) -> Message | None:
        params = request.get("params") or {}
        match request["method"]:
            case "workspace/configuration":
                return {"result": [self.settings(item.get("scopeUri")) for item in params["items"]]}
            case "window/showMessageRequest":
                picked = self.pick(params["message"], [action["title"] for action in params["actions"]])
                return {"result": {"title": picked} if picked is not None else None}
            case "window/showDocument":
                return {"result": {"success": True}}
            case _:
                return {"result": None}


@asynccontextmanager
async def editor(
    home: Path, capabilities: Mapping[str, Any], *, env: Mapping[str, str] | None = None, argv: Sequence[str] = SERVER
) -> AsyncIterator[Editor]:
    """A started server with an editor before it; afterwards both have kept to the protocol."""
    client = await start(argv, cwd=home, env=env or scrubbed(home))
    made = Editor(client, capabilities)
    try:
        yield made
    finally:
        await client.close()
    made.check()
