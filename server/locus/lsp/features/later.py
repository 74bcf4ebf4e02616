"""Work that follows changes: soon, once for many, and again when something changes meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from locus.lsp import errors
from locus.lsp.tasks import Tasks


class Later:
    def __init__(self, tasks: Tasks, work: Callable[[], Awaitable[None]], name: str, *, seconds: float = 0.05, rest: float = 0.0) -> None:
        """`work` starts `seconds` after the first `poke`, and no sooner than `rest` seconds after it has ended."""
        self._work = work
        self._name = name
        self._seconds = seconds
        self._rest = rest
        self._wanted = asyncio.Event()
        tasks.start(self._run(), name)

    def poke(self) -> None:
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(self._seconds)
            self._wanted.clear()
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001 - logged with its traceback; the next change is still followed
                errors.report_bug(error, self._name)
            await asyncio.sleep(self._rest)
