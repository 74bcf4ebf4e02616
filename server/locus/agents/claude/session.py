"""One turn of Claude Code in its process, which is talked to for as long as it works: it asks, and is answered or interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from locus.agents.claude import ending
from locus.agents.claude.permissions import Asked
from locus.agents.claude.translate import Translator
from locus.agents.messages import as_lines, parsed
from locus.agents.protocol import Decision
from locus.agents.turn_process import QUOTED, TurnProcess
from locus.model.agent import AgentEvent, Notice, PermissionWithdrawn, TurnEnd

COMMAND_PATIENCE: Final = 120.0  # seconds of silence for which commands that the agent left running are waited for
WAKING_PATIENCE: Final = 10.0  # seconds in which the end of the last of them wakes the agent
_READABLE: Final = 1024 * 1024  # bytes of a file of which a diff is shown

log = logging.getLogger(__name__)


def first_words(prompt: str) -> bytes:
    """The prompt, after what makes this a conversation."""
    words = prompt.encode("utf-8", "replace").decode()  # JSON has no half characters
    opening = {"type": "control_request", "request_id": "initialize", "request": {"subtype": "initialize"}}
    task = {"type": "user", "message": {"role": "user", "content": words}, "parent_tool_use_id": None, "session_id": ""}
    return as_lines([opening, task])


class ClaudeSession:
    def __init__(self, process: TurnProcess, worktree: Path, temporary: Path, budget_usd: float | None) -> None:
        self._process = process
        self._worktree = worktree
        self._temporary = temporary
        self._budget_usd = budget_usd
        self._translator = Translator(worktree)
        self._asked: dict[str, Asked] = {}
        self._waits = False  # the turn has a result, and what runs in the background will wake the agent
        self._interrupted = False

    async def events(self) -> AsyncIterator[AgentEvent]:
        try:
            async for source, line in self._heard():
                for event in self._translated(source, line):
                    yield event
                if self._process.over.is_set():
                    continue
                waited = self._waits
                if (end := self._end(silent=source is None)) is not None:
                    self._asked.clear()
                    self._process.leave(at_once=self._interrupted or end.outcome == "credentials")
                    yield end
                elif self._waits and not waited:
                    what = ", ".join(filter(None, (words for _, words in self._translator.background)))
                    yield Notice(text=f"the agent waits for what it has left running: {what}", stream="locus")
            exited = await self._process.exited()
            if not self._process.over.is_set():
                self._process.over.set()
                yield ending.interrupted() if self._interrupted else ending.without_result(exited.code, self._process.errors)
            yield exited
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
        if self._interrupted or self._process.over.is_set():
            return
        self._interrupted = True
        self._asked.clear()  # Claude refuses them itself
        self._process.stop(lambda: self._say({"type": "control_request", "request_id": "interrupt", "request": {"subtype": "interrupt"}}))

    async def kill(self) -> None:
        self._interrupted = True
        await self._process.kill()
        self._clear_up()

    # The stream.

    async def _heard(self) -> AsyncIterator[tuple[str | None, bytes]]:
        """The lines of the process; (None, b"") when it has been silent for too long after a turn."""
        lines = aiter(self._process.lines)
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
        if not self._waits or self._process.over.is_set():
            return None
        if not self._translator.background:
            return WAKING_PATIENCE
        return COMMAND_PATIENCE if all(kind == "local_bash" for kind, _ in self._translator.background) else None

    def _translated(self, source: str | None, line: bytes) -> Iterator[AgentEvent]:
        text = line.decode("utf-8", "replace").strip()
        if not text:
            return
        if source == "stderr":
            self._process.errors.append(text[:QUOTED])
            yield Notice(text=text, stream="stderr")
        elif self._process.over.is_set():
            return
        elif (message := parsed(text)) is None:
            yield Notice(text=text[:QUOTED])
        else:
            match message:
                case {"type": "control_request", "request_id": str(id), "request": Mapping() as request}:
                    yield from self._ask(id, request)
                case {"type": "control_cancel_request", "request_id": id}:
                    gone = [key for key, asked in self._asked.items() if asked.id == id]
                    self._asked = {key: asked for key, asked in self._asked.items() if key not in gone}
                    yield from (PermissionWithdrawn(id=key) for key in gone)
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
            self._process.beside(self._say({"type": "control_response", "response": refusal}))
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
        await self._process.write(as_lines([message]))

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

    def _clear_up(self) -> None:
        self._process.forget()
        shutil.rmtree(self._temporary, ignore_errors=True)
