"""The server as features see it: register handlers, then talk to the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path

from locus import __version__
from locus.lsp import capabilities, commands, parent
from locus.lsp.capabilities import ClientCapabilities
from locus.lsp.client import Client
from locus.lsp.commands import CommandHandler
from locus.lsp.connection import Connection
from locus.lsp.conversion import Conversion
from locus.lsp.documents import Documents
from locus.lsp.lifecycle import Lifecycle
from locus.lsp.outbox import Outbox
from locus.lsp.progress import ProgressBoard
from locus.lsp.protocol import NotificationHandler, Protocol, RequestHandler
from locus.lsp.tasks import Tasks

log = logging.getLogger(__name__)

CLOSE_SECONDS = 1.0


class Server:
    """One client's server. `commands` maps ids to handlers: `initialize` announces its keys, a handler is looked up when called."""

    def __init__(self, outbox: Outbox, *, on_ready: Callable[[], None] = lambda: None) -> None:
        """`on_ready` is called right after `initialize` has been answered."""
        self.lifecycle = Lifecycle()
        self.tasks = Tasks()
        self.commands: Mapping[str, CommandHandler] = {}
        self._conversion = Conversion()
        connection = Connection(outbox, self._conversion, self.lifecycle.stop)
        self.client = Client(connection)
        self.progress = ProgressBoard(self.client, self.tasks)
        self.protocol = Protocol(connection, self._conversion, self.lifecycle, self.tasks)
        self.protocol.connect(self._initialize, self.client.answered)
        self._documents: Documents | None = None
        self._options: dict[str, Any] = {}
        self._on_ready = on_ready
        self._initialize_hooks: list[Callable[[types.InitializeParams], None]] = []
        self._stop_hooks: list[Callable[[], Awaitable[None]]] = []
        self._watches = Tasks()  # a client may die between `shutdown` and `exit`: they go on to the very end
        self._closing: asyncio.Task[None] | None = None
        self._register_own()

    # What features register

    def on_request(self, method: str, handler: RequestHandler, options: Any = None) -> None:
        """One coroutine function per method. It gets lsprotocol's params type, or a dict for a method that LSP does not know.

        `options` go into the server's capabilities. Results are lsprotocol's types or JSON.
        """
        if method in self.protocol.requests:
            raise ValueError(f"{method} has a handler already")
        self.protocol.requests[method] = handler
        if options is not None:
            self._options[method] = options

    def on_notification(self, method: str, handler: NotificationHandler, options: Any = None) -> None:
        """Any number per method, called in order. A plain function ends before the next message is read, a coroutine goes on beside it."""
        self.protocol.notifications.setdefault(method, []).append(handler)
        if options is not None:
            self._options[method] = options

    def on_initialize(self, hook: Callable[[types.InitializeParams], None]) -> None:
        """Called before `initialize` is answered, with the client's capabilities known: the place to register what depends on them."""
        self._initialize_hooks.append(hook)

    def on_stop(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Called once, at `shutdown` or the end, whichever comes first; all hooks share one second."""
        self._stop_hooks.append(hook)

    # What features use

    @property
    def documents(self) -> Documents:
        """The open documents and folders; there is none before `initialize`."""
        if self._documents is None:
            raise RuntimeError("the client has not sent initialize")
        return self._documents

    def watch_process(self, pid: int) -> None:
        """Stop when that process is gone."""
        self._watches.start(self._watch(pid), f"watching process {pid}")

    # The way to the end

    async def close(self) -> None:
        """Ends all work, within CLOSE_SECONDS and only once however often it is called."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="closing")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CLOSE_SECONDS
        hooks = Tasks()
        ending = [hooks.start(_run(hook), "stop hook") for hook in self._stop_hooks]
        await self.protocol.calls.cancel_all(CLOSE_SECONDS / 4)
        self.progress.end_all()
        if ending:
            await asyncio.wait(ending, timeout=max(0.0, deadline - loop.time() - 0.1))
        if not (await hooks.end(0.05) and await self.tasks.end(max(0.05, deadline - loop.time()))):
            log.warning("some work ignores that the server ends")

    # What every server does

    def _register_own(self) -> None:
        self.on_request(types.SHUTDOWN, self._shutdown)
        self.on_request(types.WORKSPACE_EXECUTE_COMMAND, self._execute)
        self.on_notification(types.CANCEL_REQUEST, self.protocol.cancel_request)
        self.on_notification(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, self.progress.cancel)
        self.on_notification(types.TEXT_DOCUMENT_DID_OPEN, lambda params: self.documents.did_open(params))
        self.on_notification(types.TEXT_DOCUMENT_DID_CHANGE, lambda params: self.documents.did_change(params))
        self.on_notification(types.TEXT_DOCUMENT_DID_CLOSE, lambda params: self.documents.did_close(params))
        self.on_notification(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, lambda params: self.documents.did_change_folders(params))

    def _initialize(self, raw: Any) -> types.InitializeResult:
        params: types.InitializeParams = self._conversion.structure(
            capabilities.understood(raw, self._conversion), types.InitializeParams, "params"
        )
        info = params.client_info
        self.client.capabilities = ClientCapabilities(params.capabilities, info.name if info else None, info.version if info else None)
        root = params.root_uri or (from_fs_path(params.root_path) if params.root_path else None)
        encoding = capabilities.position_encoding(params.capabilities)
        self._documents = Documents(root, workspace_folders=params.workspace_folders, position_encoding=encoding)
        for hook in self._initialize_hooks:
            hook(params)
        announced = capabilities.of_server(
            params.capabilities,
            methods=[*self.protocol.requests, *self.protocol.notifications],
            options=self._options,
            commands=self.commands,
        )
        if params.process_id is not None and params.process_id > 0:
            self.watch_process(params.process_id)
        asyncio.get_running_loop().call_soon(self._on_ready)
        return types.InitializeResult(announced, types.ServerInfo("locus", __version__))

    async def _shutdown(self, _: None) -> None:
        await self.close()

    async def _execute(self, params: dict[str, Any]) -> Any:
        return await commands.execute(self.commands, params)

    async def _watch(self, pid: int) -> None:
        await parent.vanished(pid)
        self.lifecycle.stop(f"the client's process {pid} is gone")


async def _run(hook: Callable[[], Awaitable[None]]) -> None:
    await hook()
