"""Work-done progress: what long work shows while it goes on."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from locus.lsp.client import Client
from locus.lsp.questions import ClientRefused
from locus.lsp.tasks import Tasks

log = logging.getLogger(__name__)

REPORT_EVERY = 0.1
CREATE_SECONDS = 10.0


class Progress:
    """One piece of work. `report` and `end` may be called at any time and as often as one likes; the client gets what it has agreed to."""

    def __init__(self, send: Callable[[Progress, Any, bool], None], token: int | str, begin: types.WorkDoneProgressBegin) -> None:
        self.token = token
        self._send = send
        self._begin = begin
        self._percentage = begin.percentage or 0
        self._message = begin.message
        self._ended = False
        self._open = False
        self._due: asyncio.TimerHandle | None = None
        self._last = 0.0

    def report(self, message: str, percentage: int | None = None) -> None:
        """At most ten a second are sent, the last one wins. `percentage` never falls; None keeps it."""
        if self._ended:
            return
        self._message = message
        self._percentage = min(100, max(self._percentage, percentage or 0))
        if self._open and self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(max(0.0, self._last + REPORT_EVERY - loop.time()), self._report)

    def end(self, message: str | None = None) -> None:
        """Only the first one counts."""
        if self._ended:
            return
        self._ended = True
        self._message = message
        if self._due is not None:
            self._due.cancel()
        if self._open:
            self._send(self, types.WorkDoneProgressEnd(message=message), True)

    def opened(self) -> None:
        """The client knows the token: what has been reported since is part of the beginning."""
        self._open = True
        self._last = asyncio.get_running_loop().time()
        self._begin.message, self._begin.percentage = self._message, self._percentage
        self._send(self, self._begin, False)
        if self._ended:
            self._send(self, types.WorkDoneProgressEnd(message=self._message), True)

    def _report(self) -> None:
        self._due = None
        self._last = asyncio.get_running_loop().time()
        self._send(self, types.WorkDoneProgressReport(message=self._message, percentage=self._percentage), False)


class ProgressBoard:
    """All progress that is shown. Work never waits for the client: the token is created beside it, what is reported meanwhile is kept."""

    def __init__(self, client: Client, tasks: Tasks) -> None:
        self._client = client
        self._tasks = tasks
        self._shown: dict[int | str, tuple[Progress, Callable[[], None] | None]] = {}

    def begin(
        self,
        title: str,
        *,
        message: str | None = None,
        percentage: int = 0,
        on_cancel: Callable[[], None] | None = None,
        token: int | str | None = None,
    ) -> Progress:
        """`on_cancel` makes it cancellable and is called each time the person asks. `token`: one the client sent with its request."""
        begin = types.WorkDoneProgressBegin(title, cancellable=on_cancel is not None, message=message, percentage=percentage)
        if token is not None and token not in self._shown:
            progress = Progress(self._send, token, begin)
            self._shown[token] = (progress, on_cancel)
            progress.opened()
            return progress
        progress = Progress(self._send, f"locus-{secrets.token_hex(8)}", begin)
        if self._client.capabilities.work_done_progress:
            self._tasks.start(self._create(progress, on_cancel), f"progress {title!r}")
        return progress

    def cancel(self, params: types.WorkDoneProgressCancelParams) -> None:
        """The client's window/workDoneProgress/cancel; unknown tokens have ended meanwhile."""
        _, on_cancel = self._shown.get(params.token, (None, None))
        if on_cancel is not None:
            on_cancel()

    def end_all(self) -> None:
        for progress, _ in list(self._shown.values()):
            progress.end()

    def __len__(self) -> int:
        return len(self._shown)

    async def _create(self, progress: Progress, on_cancel: Callable[[], None] | None) -> None:
        try:
            params = types.WorkDoneProgressCreateParams(progress.token)
            await self._client.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params, CREATE_SECONDS)
        except (ClientRefused, TimeoutError) as error:
            log.warning("no progress is shown: %s", error or "the client does not answer")
            return
        self._shown[progress.token] = (progress, on_cancel)
        progress.opened()

    def _send(self, progress: Progress, value: Any, last: bool) -> None:
        key = ("progress", progress.token) if isinstance(value, types.WorkDoneProgressReport) else None
        if last:
            self._shown.pop(progress.token, None)
        self._client.notify(types.PROGRESS, types.ProgressParams(progress.token, value), key)
