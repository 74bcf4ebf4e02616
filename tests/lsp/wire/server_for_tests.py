"""A language server with commands that behave in every way a command can. Run as a program."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locus.errors import InvalidArguments, LocusError
from locus.lsp.launch import leave, serve
from locus.lsp.logs import Logs

if TYPE_CHECKING:
    from locus.lsp.commands import CallContext, CommandHandler
    from locus.lsp.server import Server


class Commands(Mapping[str, "CommandHandler"]):
    def __init__(self, server: Server) -> None:
        self.server = server

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix("do_").replace("_", "-") for name in vars(Commands) if name.startswith("do_"))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, id: str) -> CommandHandler:
        if id not in list(self):
            raise KeyError(id)
        handler: CommandHandler = getattr(self, "do_" + id.replace("-", "_"))
        return handler

    async def do_echo(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return {"arguments": arguments, "token": context.work_done_token}

    async def do_sleep(self, arguments: dict[str, Any], context: CallContext) -> None:
        """Says when it starts and when it is cancelled."""
        self.server.client.notify("test/said", {"what": "started"})
        try:
            await asyncio.sleep(arguments.get("seconds", 600))
        finally:
            self.server.client.notify("test/said", {"what": "stopped"})

    async def do_stubborn(self, arguments: dict[str, Any], context: CallContext) -> None:
        """Ignores its cancellation, as badly written code does."""
        self.server.client.notify("test/said", {"what": "started"})
        while True:
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                self.server.client.notify("test/said", {"what": "ignored"})

    async def do_fail(self, arguments: dict[str, Any], context: CallContext) -> None:
        raise LocusError("The tracker is out", arguments.get("hint"))

    async def do_reject(self, arguments: dict[str, Any], context: CallContext) -> None:
        raise InvalidArguments("number: must be positive", "give a task's number")

    async def do_bug(self, arguments: dict[str, Any], context: CallContext) -> None:
        raise ValueError("secret " + __file__)

    async def do_exit(self, arguments: dict[str, Any], context: CallContext) -> None:
        sys.exit(3)

    async def do_lost(self, arguments: dict[str, Any], context: CallContext) -> None:
        """Waits for work that somebody else cancels."""
        raise asyncio.CancelledError

    async def do_unserialisable(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return {"a": object()}

    async def do_nan(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return {"a": float(arguments.get("value", "nan"))}

    async def do_notify_nan(self, arguments: dict[str, Any], context: CallContext) -> Any:
        self.server.client.notify("test/said", {"what": float("inf")})

    async def do_print(self, arguments: dict[str, Any], context: CallContext) -> str:
        print("print() is for people", flush=True)
        os.write(1, b"and so is descriptor 1\n")
        return sys.stdin.read()

    async def do_child(self, arguments: dict[str, Any], context: CallContext) -> Any:
        """What a child process that inherits everything sees of the wire."""
        code = "import os, sys; sys.stdout.write('from the child'); sys.stderr.write(repr(os.read(0, 100)))"
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=subprocess.PIPE)
        return (await child.communicate())[1].decode()

    async def do_threads(self, arguments: dict[str, Any], context: CallContext) -> None:
        """Threads that end long after the server should have."""
        for _ in range(arguments["count"]):
            asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)

    async def do_block(self, arguments: dict[str, Any], context: CallContext) -> float:
        """How late the event loop was at worst while the client did not read, in seconds."""
        worst = 0.0
        loop = asyncio.get_running_loop()
        for number in range(arguments["messages"]):
            before = loop.time()
            self.server.client.notify("test/flood", {"number": number, "text": "x" * 1000})
            await asyncio.sleep(0)
            worst = max(worst, loop.time() - before)
        write(arguments["file"], str(worst))
        return worst

    async def do_keyed(self, arguments: dict[str, Any], context: CallContext) -> None:
        for number in range(arguments["messages"]):
            self.server.client.notify("test/keyed", {"number": number, "text": "x" * 1000}, key="k")
        write(arguments["file"], "done")

    async def do_progress(self, arguments: dict[str, Any], context: CallContext) -> Any:
        """Reports `reports` times, `pause` seconds apart; ends early when the person cancels."""
        cancelled = asyncio.Event()
        progress = self.server.progress.begin(
            arguments.get("title", "Work"), message="first", on_cancel=cancelled.set, token=context.work_done_token
        )
        reported = 0
        for reported in range(1, arguments["reports"] + 1):
            progress.report(f"step {reported}", arguments.get("percentages", {}).get(str(reported), reported))
            if arguments.get("pause"):
                try:
                    async with asyncio.timeout(arguments["pause"]):
                        await cancelled.wait()
                    break
                except TimeoutError:
                    continue
        progress.end("over")
        progress.end("twice")
        progress.report("too late", 100)
        return {"reported": reported, "cancelled": cancelled.is_set()}

    async def do_state(self, arguments: dict[str, Any], context: CallContext) -> Any:
        """What must not grow."""
        server = self.server
        return {
            "shown": len(server.progress),
            "tasks": len(server.tasks),
            "questions": len(server.client._questions),
            "calls": len(server.protocol.calls),
            "collecting": gc.isenabled() and gc.get_freeze_count() > 0,
        }

    async def do_choose(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return await self.server.client.choose(arguments["question"], ["Yes", "No"], arguments.get("seconds", 20.0))

    async def do_configuration(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return await self.server.client.configuration("locus", arguments["scopes"])

    async def do_show(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return await self.server.client.show_document(arguments["uri"])

    async def do_log(self, arguments: dict[str, Any], context: CallContext) -> None:
        for number in range(arguments["records"]):
            logging.getLogger("test").warning("record %d", number)

    async def do_text(self, arguments: dict[str, Any], context: CallContext) -> Any:
        document = self.server.documents.get_text_document(arguments["uri"])
        return {"source": document.source, "lines": len(document.lines)}

    async def do_modules(self, arguments: dict[str, Any], context: CallContext) -> Any:
        return sorted(sys.modules)


def write(path: str, text: str) -> None:
    with Path(path).open("a") as file:
        file.write(text)


def build(server: Server) -> None:
    from lsprotocol import types

    server.commands = Commands(server)

    async def hover(params: types.HoverParams) -> types.Hover:
        return types.Hover(f"{params.text_document.uri}:{params.position.line}", types.Range(params.position, params.position))

    async def content(params: types.TextDocumentContentParams) -> types.TextDocumentContentResult:
        return types.TextDocumentContentResult("text of " + params.uri)

    async def runs(params: dict[str, Any]) -> Any:
        return {"got": params}

    async def bug(params: dict[str, Any]) -> None:
        raise RuntimeError("a bug in a notification")

    async def stopped() -> None:
        if trace := os.environ.get("TEST_TRACE"):
            write(trace, "stop hook\n")
        await asyncio.sleep(float(os.environ.get("TEST_STOP_SECONDS", "0")))

    def initializing(params: types.InitializeParams) -> None:
        options = params.initialization_options
        if options is not None:
            server.on_notification("initialized", lambda _: server.client.notify("test/options", {"options": options}))

    server.on_request(types.TEXT_DOCUMENT_HOVER, hover)
    server.on_request(types.WORKSPACE_TEXT_DOCUMENT_CONTENT, content, types.TextDocumentContentOptions(["locus"]))
    server.on_request("locus/runs", runs)
    server.on_notification("locus/unsubscribe", lambda params: server.client.notify("test/said", params))
    server.on_notification("test/bug", bug)
    server.on_initialize(initializing)
    server.on_stop(stopped)


if __name__ == "__main__":
    logs = Logs(os.environ.get("TEST_LOG_LEVEL", "INFO"))
    leave(serve(build), logs)
