"""One turn of Codex in its process: what comes is told, what is decided is said, and the process is seen off when the turn is over."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, Final

from locus import process
from locus.agents.codex import ending
from locus.agents.codex.conversation import Conversation
from locus.agents.protocol import Decision
from locus.model.agent import AgentEvent, Exited, Notice, TurnEnd

INTERRUPT_GRACE: Final = 5.0  # seconds from asking for the end of a turn to a signal
EXIT_GRACE: Final = 5.0  # seconds that the process has to end after its turn
_TAIL: Final = 20  # lines of stderr
_QUOTED: Final = 500  # characters of a line that is no message


class CodexSession:
    def __init__(self, supervised: process.Supervised, conversation: Conversation) -> None:
        self._supervised = supervised
        self._conversation = conversation
        self._errors: deque[str] = deque(maxlen=_TAIL)
        self._over = asyncio.Event()
        self._killed = False
        self._doing: set[asyncio.Task[None]] = set()
        self._saying = asyncio.Lock()

    async def events(self) -> AsyncIterator[AgentEvent]:
        try:
            async for source, line in self._supervised.lines:
                for event in self._heard(source, line.decode("utf-8", "replace").strip()):
                    yield event
                await self._say()
                if self._conversation.end is not None and not self._over.is_set():
                    self._leave()
            code = await self._supervised.wait()
            if not self._over.is_set():
                self._over.set()
                yield self._end(code)
            yield Exited(code=code, stderr_tail="\n".join(self._errors)[-2000:])
        finally:
            self._clear_up()

    async def answer(self, request: str, decision: Decision) -> None:
        self._conversation.answer(request, decision)
        await self._say()

    async def interrupt(self) -> None:
        if self._conversation.interrupted or self._over.is_set():
            return
        self._conversation.interrupt()
        self._do(self._stop())

    async def kill(self) -> None:
        self._killed = True
        await self._supervised.kill()
        await self._supervised.wait()
        self._clear_up()

    def _heard(self, source: str, text: str) -> Iterator[AgentEvent]:
        if not text:
            return
        if source == "stderr":
            self._errors.append(text[:_QUOTED])
            yield from self._conversation.notice(ending.plain(text), stream="stderr")
            return
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if isinstance(message, dict):
            yield from self._conversation.receive(message)
        else:
            yield Notice(text=text[:_QUOTED])

    async def _say(self) -> None:
        """What is to be said, in its order, whoever comes first."""
        async with self._saying:
            while data := taken(self._conversation):
                await self._supervised.write(data)

    # The end.

    def _end(self, code: int) -> TurnEnd:
        if self._conversation.interrupted or self._killed:
            return TurnEnd(outcome="cancelled", reason="it was interrupted")
        return ending.without_result(code, self._errors)

    def _leave(self) -> None:
        """At the end of its stdin Codex ends, whatever it does."""
        self._over.set()
        self._supervised.close_stdin()
        self._do(self._see_off())

    async def _see_off(self) -> None:
        try:
            async with asyncio.timeout(EXIT_GRACE):
                await self._supervised.wait()
        except TimeoutError:
            await self._supervised.interrupt()

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(INTERRUPT_GRACE):
                await self._say()
                await self._over.wait()
        except TimeoutError:
            await self._supervised.interrupt()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def _clear_up(self) -> None:
        for task in self._doing:
            task.cancel()


def taken(conversation: Conversation) -> bytes:
    """What is to be sent, as lines; it is in the outbox no more."""
    messages, conversation.outbox = conversation.outbox, []
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)
