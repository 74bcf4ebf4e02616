"""What the server offers, by method. What does the work is loaded when the client is ready, so that `initialize` is answered at once."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from locus.lsp.announced import ACT_KIND, COMMAND_IDS, CREATE_KIND

if TYPE_CHECKING:
    from locus.lsp.commands import CallContext, CommandHandler
    from locus.lsp.server import Server
    from locus.lsp.session import Session


class Offer:
    """The session begins with `initialized`, or with the first request of a client that leaves that out."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._params: types.InitializeParams | None = None
        self._session: Session | None = None
        self._beginning: asyncio.Task[Session] | None = None
        server.commands = _Commands(self._execute)
        server.on_initialize(self._initialize)
        server.on_stop(self._stop)
        server.on_request("locus/runs", self._runs)
        server.on_request("locus/status", self._status)
        server.on_request("locus/subscribe", self._subscribe)
        server.on_request("locus/unsubscribe", self._unsubscribe)
        server.on_request(
            types.TEXT_DOCUMENT_CODE_ACTION, self._code_action, types.CodeActionOptions(code_action_kinds=[CREATE_KIND, ACT_KIND])
        )
        server.on_request(types.TEXT_DOCUMENT_CODE_LENS, self._code_lens, types.CodeLensOptions(resolve_provider=False))
        server.on_notification(types.INITIALIZED, self._initialized)
        server.on_notification(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._settings)
        server.on_notification(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._folders)
        for method in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE):
            server.on_notification(method, self._document)
        server.on_notification(types.TEXT_DOCUMENT_DID_CLOSE, self._closed)

    async def session(self) -> Session:
        if self._beginning is None:
            self._beginning = self._server.tasks.start(self._begin(), "beginning the session")
        return await asyncio.shield(self._beginning)

    async def _begin(self) -> Session:
        # In a thread: it takes a few tenths of a second, in which the client is to be listened to.
        module = await asyncio.to_thread(importlib.import_module, "locus.lsp.session")
        session: Session = module.Session(self._server, self._params)
        await session.open()
        self._session = session
        self._server.tasks.start(session.warm_up(), "warming up")
        return session

    def _initialize(self, params: types.InitializeParams) -> None:
        self._params = params

    async def _stop(self) -> None:
        if self._session is not None:
            await self._session.stop()

    async def _initialized(self, _params: types.InitializedParams) -> None:
        await (await self.session()).follow_settings()

    async def _execute(self, id: str, arguments: dict[str, Any], _context: CallContext) -> Any:
        return await (await self.session()).commands.execute(id, arguments)

    async def _runs(self, _params: dict[str, Any]) -> Any:
        return await (await self.session()).runs()

    async def _status(self, _params: dict[str, Any]) -> Any:
        return await (await self.session()).status()

    async def _subscribe(self, params: dict[str, Any]) -> None:
        await (await self.session()).logs.subscribe(params)

    async def _unsubscribe(self, params: dict[str, Any]) -> None:
        await (await self.session()).logs.unsubscribe(params)

    async def _code_action(self, params: types.CodeActionParams) -> Any:
        session = await self.session()
        actions = session.actions.at(params, session.positions)
        # Older clients know bare commands only.
        return actions if self._server.client.capabilities.code_action_literals else [action.command for action in actions]

    async def _code_lens(self, params: types.CodeLensParams) -> Any:
        session = await self.session()
        return session.lenses.of(params.text_document.uri, session.positions, trusted=session.workspaces.trusted)

    async def _settings(self, params: types.DidChangeConfigurationParams) -> None:
        await (await self.session()).settings_changed(params)

    async def _folders(self, _params: types.DidChangeWorkspaceFoldersParams) -> None:
        await (await self.session()).open()

    def _document(self, params: types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams) -> None:
        if self._session is not None:
            self._session.document_changed(params.text_document.uri)

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        if self._session is not None:
            self._session.document_closed(params.text_document.uri)


class _Commands(Mapping[str, "CommandHandler"]):
    def __init__(self, execute: Any) -> None:
        self._execute = execute

    def __getitem__(self, id: str) -> CommandHandler:
        if id not in COMMAND_IDS:
            raise KeyError(id)
        return partial(self._execute, id)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMAND_IDS)

    def __len__(self) -> int:
        return len(COMMAND_IDS)
