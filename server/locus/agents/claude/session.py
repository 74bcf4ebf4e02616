"""One turn of Claude Code in its process, which is talked to for as long as it works: it asks, and is answered or interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from locus import process
from locus.agents.claude import ending
from locus.agents.claude.permissions import Asked
from locus.agents.claude.translate import Translator
from locus.agents.protocol import Decision
from locus.model.agent import AgentEvent, Exited, Notice, TurnEnd

INTERRUPT_GRACE: Final = 5.0  # seconds from asking for the end of a turn to a signal
EXIT_GRACE: Final = 5.0  # seconds that the process has to end after its turn
COMMAND_PATIENCE: Final = 120.0  # seconds of silence for which commands that the agent left running are waited for
WAKING_PATIENCE: Final = 10.0  # seconds in which the end of the last of them wakes the agent
_TAIL: Final = 20  # lines of stderr
_QUOTED: Final = 500  # characters of a line that is no message
_READABLE: Final = 1024 * 1024  # bytes of a file of which a diff is shown

log = logging.getLogger(__name__)


def first_words(prompt: str) -> bytes:
    """The prompt, after what makes this a conversation."""
    words = prompt.encode("utf-8", "replace").decode()  # JSON has no half characters
    return _as_lines(
        {"type": "control_request", "request_id": "initialize", "request": {"subtype": "initialize"}},
        {"type": "user", "message": {"role": "user", "content": words}, "parent_tool_use_id": None, "session_id": ""},
    )


class ClaudeSession:
    def __init__(self, supervised: process.Supervised, worktree: Path, temporary: Path, budget_usd: float | None) -> None:
        self._supervised = supervised
        self._worktree = worktree
        self._temporary = temporary
        self._budget_usd = budget_usd
        self._translator = Translator(worktree)
        self._asked: dict[str, Asked] = {}
        self._errors: deque[str] = deque(maxlen=_TAIL)
        self._waits = False  # the turn has a result, and what runs in the background will wake the agent
        self._interrupted = False
        self._over = asyncio.Event()
        self._doing: set[asyncio.Task[None]] = set()

    async def events(self) -> AsyncIterator[AgentEvent]:
        try:
            async for source, line in self._heard():
                for event in self._translated(source, line):
                    yield event
                if self._over.is_set():
                    continue
                waited = self._waits
                if (end := self._end(silent=source is None)) is not None:
                    self._leave(at_once=self._interrupted or end.outcome == "credentials")
                    yield end
                elif self._waits and not waited:
                    what = ", ".join(filter(None, (words for _, words in self._translator.background)))
                    yield Notice(text=f"the agent waits for what it has left running: {what}", stream="locus")
            code = await self._supervised.wait()
            if not self._over.is_set():
                self._over.set()
                yield ending.interrupted() if self._interrupted else ending.without_result(code, self._errors)
            yield Exited(code=code, stderr_tail="\n".join(self._errors)[-2000:])
        finally:
            self._clear_up()

    async def answer(self, request: str, decision: Decision) -> None:
        asked = self._asked.pop(request, None)
        if asked is None or (said := asked.answer(request, decision)) is None:
            return
        for id in asked.ids:
            self._asked.pop(id, None)
        await self._say({"type": "control_response", "response": {"subtype": "success", "request_id": asked.id, "response": said}})

    async def interrupt(self) -> None:
        if self._interrupted or self._over.is_set():
            return
        self._interrupted = True
        self._asked.clear()  # Claude refuses them itself
        self._do(self._stop())

    async def kill(self) -> None:
        self._interrupted = True
        await self._supervised.kill()
        await self._supervised.wait()
        self._clear_up()

    # The stream.

    async def _heard(self) -> AsyncIterator[tuple[str | None, bytes]]:
        """The lines of the process; (None, b"") when it has been silent for too long after a turn."""
        lines = aiter(self._supervised.lines)
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    item = await anext(lines)
            except TimeoutError:
                yield None, b""
            except StopAsyncIteration:
                return
            else:
                yield item

    def _patience(self) -> float | None:
        """Seconds to wait for the next word. Subagents work as the agent itself does: for both the engine has its time-outs."""
        if not self._waits or self._over.is_set():
            return None
        if not self._translator.background:
            return WAKING_PATIENCE
        return COMMAND_PATIENCE if all(kind == "local_bash" for kind, _ in self._translator.background) else None

    def _translated(self, source: str | None, line: bytes) -> Iterator[AgentEvent]:
        text = line.decode("utf-8", "replace").strip()
        if not text:
            return
        if source == "stderr":
            self._errors.append(text[:_QUOTED])
            yield Notice(text=text, stream="stderr")
        elif self._over.is_set():
            return
        elif (message := parsed(text)) is None:
            yield Notice(text=text[:_QUOTED])
        else:
            match message:
                case {"type": "control_request", "request_id": str(id), "request": Mapping() as request}:
                    yield from self._ask(id, request)
                case {"type": "control_cancel_request", "request_id": id}:
                    self._asked = {key: asked for key, asked in self._asked.items() if asked.id != id}
                case {"type": "control_response", "response": {"subtype": "error", "error": why}}:
                    log.warning("Claude Code refuses a request: %s", why)
                case {"type": "control_response"}:
                    pass
                case _:
                    yield from self._translator.feed(message)

    def _ask(self, id: str, request: Mapping[str, Any]) -> Iterator[AgentEvent]:
        if request.get("subtype") != "can_use_tool":
            log.debug("Claude Code asks for %s, which is not known", request.get("subtype"))
            refusal = {"subtype": "error", "request_id": id, "error": "this host does not know it"}
            self._do(self._say({"type": "control_response", "response": refusal}))
        elif not self._interrupted:
            asked = Asked(id, request)
            self._asked |= dict.fromkeys(asked.ids, asked)
            yield from asked.requests(self._worktree, self._read)

    def _read(self, path: str) -> str | None:
        with contextlib.suppress(OSError, ValueError):
            file = self._worktree / path
            if file.is_file() and file.stat().st_size <= _READABLE:
                return file.read_text(encoding="utf-8", errors="replace")
        return None

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._supervised.write(_as_lines(message))

    # The end.

    def _end(self, *, silent: bool) -> TurnEnd | None:
        """How the turn has ended, when it has."""
        translator = self._translator
        if translator.result is None:
            self._waits = False
            if not translator.refused:
                return None
            return ending.interrupted() if self._interrupted else ending.no_credentials()
        if self._interrupted:
            return ending.interrupted()
        if not silent and not ending.failed(translator.result) and (translator.background or self._waits):
            self._waits = True
            return None
        return ending.of_result(
            translator.result, self._worktree, error=translator.error, resets_at=translator.resets_at, budget_usd=self._budget_usd
        )

    def _leave(self, *, at_once: bool) -> None:
        self._over.set()
        self._asked.clear()
        self._supervised.close_stdin()
        self._do(self._see_off(0.0 if at_once else EXIT_GRACE))

    async def _see_off(self, grace: float) -> None:
        try:
            async with asyncio.timeout(grace):
                await self._supervised.wait()
        except TimeoutError:
            await self._supervised.interrupt()

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(INTERRUPT_GRACE):
                await self._say({"type": "control_request", "request_id": "interrupt", "request": {"subtype": "interrupt"}})
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
        shutil.rmtree(self._temporary, ignore_errors=True)


def _as_lines(*messages: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


def parsed(text: str) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
