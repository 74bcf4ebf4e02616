"""One turn of Codex in its process: what comes is told, what is decided is said, and the process is seen off when the turn is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from locus.agents.codex import ending
from locus.agents.codex.conversation import Conversation
from locus.agents.messages import as_lines, parsed
from locus.agents.protocol import Decision
from locus.agents.turn_process import QUOTED, TurnProcess
from locus.model.agent import AgentEvent, Notice, TurnEnd


class CodexSession:
    def __init__(self, process: TurnProcess, conversation: Conversation) -> None:
        self._process = process
        self._conversation = conversation
        self._killed = False
        self._saying = asyncio.Lock()

    async def events(self) -> AsyncIterator[AgentEvent]:
        try:
            async for source, line in self._process.lines:
                for event in self._heard(source, line.decode("utf-8", "replace").strip()):
                    yield event
                await self._say()
                if self._conversation.end is not None and not self._process.over.is_set():
                    self._process.leave()
            exited = await self._process.exited()
            if not self._process.over.is_set():
                self._process.over.set()
                yield self._end(exited.code)
            yield exited
        finally:
            self._process.forget()

    async def answer(self, request: str, decision: Decision) -> None:
        self._conversation.answer(request, decision)
        await self._say()

    async def interrupt(self) -> None:
        if self._conversation.interrupted or self._process.over.is_set():
            return
        self._conversation.interrupt()
        self._process.stop(self._say)

    async def kill(self) -> None:
        self._killed = True
        await self._process.kill()

    def _heard(self, source: str, text: str) -> Iterator[AgentEvent]:
        if not text:
            return
        if source == "stderr":
            self._process.errors.append(text[:QUOTED])
            yield from self._conversation.notice(ending.plain(text), stream="stderr")
            return
        if (message := parsed(text)) is None:
            yield Notice(text=text[:QUOTED])
        else:
            yield from self._conversation.receive(message)

    async def _say(self) -> None:
        """What is to be said, in its order, whoever comes first."""
        async with self._saying:
            while data := taken(self._conversation):
                await self._process.write(data)

    def _end(self, code: int) -> TurnEnd:
        if self._conversation.interrupted or self._killed:
            return TurnEnd(outcome="cancelled", reason="it was interrupted")
        return ending.without_result(code, self._process.errors)


def taken(conversation: Conversation) -> bytes:
    """What is to be sent, as lines; it is in the outbox no more."""
    messages, conversation.outbox = conversation.outbox, []
    return as_lines(messages)
