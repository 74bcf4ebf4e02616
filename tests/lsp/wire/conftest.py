"""A started server for each test that asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from locus.lsp.outbox import Outbox
from locus.lsp.server import Server
from locus.lsp.wire import FrameReader, decode, encode
from lsp.wire import server_for_tests
from support.raw_lsp import RawClient, connected, python

SERVER = Path(__file__).with_name("server_for_tests.py")

Connect = Callable[..., AbstractAsyncContextManager[RawClient]]


@pytest.fixture
def argv() -> list[str]:
    return python(str(SERVER))


@pytest.fixture
def connect(argv: list[str], tmp_path: Path) -> Connect:
    """A context manager for a server that has not been initialized; keyword arguments are environment variables."""
    return partial(connected, argv, tmp_path)


@pytest.fixture
async def fresh(connect: Connect) -> AsyncIterator[RawClient]:
    async with connect() as client:
        yield client


@pytest.fixture
async def client(fresh: RawClient) -> RawClient:
    """Initialized, with a client that can do nothing in particular."""
    await fresh.initialize()
    return fresh


class InProcess:
    """The server without pipes: for tables of messages where a process each would tell nothing more."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.server = Server(self.outbox)
        server_for_tests.build(self.server)

    def say(self, message: Any) -> Any:
        """Give it one message; returns what it says at once."""
        (body,) = FrameReader().feed(encode(message))
        self.server.protocol.receive(body)
        return self._heard()

    async def error(self, method: str, params: Any) -> tuple[int, str]:
        self.say({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}})
        reply = self.say({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        while reply is None:
            await asyncio.sleep(0)
            reply = self._heard()
        return reply["error"]["code"], reply["error"]["message"]

    def _heard(self) -> Any:
        frame = self.outbox.take() if len(self.outbox) else None
        return None if frame is None else decode(next(FrameReader().feed(frame)))


@pytest.fixture
async def in_process() -> InProcess:
    return InProcess()
