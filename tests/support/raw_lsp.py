"""A language client without a library: it can misbehave, and it counts the replies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

DEADLINE = 20.0

Message = dict[str, Any]


def scrubbed(home: Path) -> dict[str, str]:
    """The environment of a child process: nothing of ours but the way to its programs."""
    config = home / ".gitconfig"
    if not config.exists():
        config.write_text("[user]\n\tname = Test Person\n\temail = person@example.invalid\n")
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
    }


def frame(message: Any) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class RawClient:
    """`request`, `notify` and `send_bytes` write; everything the server says is kept in `messages` in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout and process.stderr
        self.process = process
        self.stdin = process.stdin
        self.messages: list[Message] = []
        self.broken: list[str] = []
        self.answer: Callable[[Message], Message | None] = lambda request: {"result": None}
        self._asked: Counter[int | str] = Counter()
        self._next = 1
        self._changed = asyncio.Condition()
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._stderr = bytearray()
        self._readers = [
            asyncio.ensure_future(self._read(process.stdout)),
            asyncio.ensure_future(self._drain(process.stderr)),
        ]

    # Writing

    def send_bytes(self, data: bytes) -> None:
        self.stdin.write(data)

    def send(self, message: Any) -> None:
        if isinstance(message, dict) and "method" in message and "id" in message:
            self._asked[message["id"]] += 1
        self.send_bytes(frame(message))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def post(self, method: str, params: Any = None, id: int | str | None = None) -> int | str:
        """Send a request without waiting; returns its id."""
        if id is None:
            id, self._next = self._next, self._next + 1
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        return id

    async def request(self, method: str, params: Any = None) -> Message:
        """The whole reply, with `result` or `error`."""
        return await self.reply(self.post(method, params))

    async def result(self, method: str, params: Any = None) -> Any:
        reply = await self.request(method, params)
        assert "error" not in reply, reply
        return reply["result"]

    async def command(self, command: str, *arguments: Any) -> Message:
        return await self.request("workspace/executeCommand", {"command": command, "arguments": list(arguments)})

    async def initialize(self, capabilities: Message | None = None, **params: Any) -> Message:
        given = {"processId": None, "rootUri": None, "capabilities": capabilities or {}} | params
        result: Message = await self.result("initialize", given)
        self.notify("initialized", {})
        return result

    # Reading

    def pause(self) -> None:
        """Stop reading what the server says, as a client that hangs."""
        self._may_read.clear()

    def resume(self) -> None:
        self._may_read.set()

    def ignore_stderr(self) -> None:
        """Leave what the server logs in its pipe until that is full."""
        self._readers.pop().cancel()

    async def wait_for(self, wanted: Callable[[Message], bool], *, after: int = 0, seconds: float = DEADLINE) -> Message:
        """The first message that is wanted, among those from index `after` on, past or to come."""
        seen = after

        def found() -> Message | None:
            nonlocal seen
            while seen < len(self.messages):
                seen += 1
                if wanted(self.messages[seen - 1]):
                    return self.messages[seen - 1]
            return None

        async with self._changed:
            try:
                async with asyncio.timeout(seconds):
                    while (message := found()) is None:
                        await self._changed.wait()
            except TimeoutError:
                raise AssertionError(
                    f"not seen within {seconds} s; last messages: {self.messages[-5:]}; stderr: {self.stderr[-3000:]}"
                ) from None
            return message

    async def reply(self, id: int | str | None, seconds: float = DEADLINE) -> Message:
        return await self.wait_for(lambda message: "method" not in message and message["id"] == id, seconds=seconds)

    async def notification(
        self, method: str, wanted: Callable[[Any], bool] = lambda params: True, *, after: int = 0, seconds: float = DEADLINE
    ) -> Any:
        """The params of the first notification (or request) of this method that is wanted."""
        message = await self.wait_for(
            lambda message: message.get("method") == method and wanted(message.get("params")), after=after, seconds=seconds
        )
        return message.get("params")

    def replies(self, id: int | str | None) -> list[Message]:
        return [message for message in self.messages if "method" not in message and message["id"] == id]

    @property
    def stderr(self) -> str:
        return self._stderr.decode(errors="replace")

    # The end

    async def exit_code(self, seconds: float = DEADLINE) -> int:
        """Wait for the server to end by itself, then read what it has left, unless paused."""
        async with asyncio.timeout(seconds):
            while (code := self.process.returncode) is None:  # noqa: ASYNC110 - process.wait() also waits for pipes nobody reads
                await asyncio.sleep(0.005)
            if self._may_read.is_set():
                await asyncio.gather(*self._readers)
        return code

    async def leave(self) -> int:
        """shutdown and exit, as the specification wants them."""
        assert await self.result("shutdown") is None
        self.notify("exit")
        return await self.exit_code()

    async def close(self) -> None:
        """End the server whatever its state, and check that every request has had exactly one reply."""
        self.stdin.close()
        self.resume()
        try:
            await self.exit_code()
        except TimeoutError:
            self.process.kill()
            await self.exit_code()
            self.broken.append("the server did not end with its stdin")
        finally:
            self.process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way to let go of its pipes

    def check(self) -> None:
        assert not self.broken, self.broken
        answered = Counter(message["id"] for message in self.messages if "method" not in message and message["id"] is not None)
        assert answered == self._asked, f"replies {answered} for requests {self._asked}"

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            while True:
                await self._may_read.wait()
                header = await stream.readuntil(b"\r\n\r\n")
                length = int(header.removeprefix(b"Content-Length: "))
                body = await stream.readexactly(length)
                message = json.loads(body, parse_constant=lambda name: self.broken.append(f"{name} on the wire"))
                async with self._changed:
                    self.messages.append(message)
                    self._changed.notify_all()
                if "method" in message and "id" in message and (answer := self.answer(message)) is not None:
                    self.send({"jsonrpc": "2.0", "id": message["id"], **answer})
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.broken.append(f"the server's output ends in the middle of a message: {error.partial[:200]!r}")
        except (ValueError, ConnectionError, asyncio.LimitOverrunError) as error:
            self.broken.append(f"not a message: {error}")

    async def _drain(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(65536):
            self._stderr += data


async def start(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], pass_fds: Sequence[int] = ()) -> RawClient:
    """`close` it, then `check` it; `connected` does both."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=dict(env), pass_fds=pass_fds)
    return RawClient(process)


@asynccontextmanager
async def connected(argv: Sequence[str], home: Path, **env: str) -> AsyncIterator[RawClient]:
    """A client for the body of the block; afterwards every request must have had exactly one reply."""
    client = await start(argv, cwd=home, env=scrubbed(home) | env)
    try:
        yield client
    finally:
        await client.close()
    client.check()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
