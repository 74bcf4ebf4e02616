"""The client's requests that are being worked on: each gets exactly one reply."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from locus.lsp import errors
from locus.lsp.errors import ResponseError

RequestId = int | str


class Replies(Protocol):
    def result(self, id: RequestId, result: Any) -> None: ...

    def error(self, id: RequestId | None, error: ResponseError) -> None: ...


@dataclass(slots=True)
class _Call:
    task: asyncio.Task[Any]
    doing: str
    cancellable: bool
    cancelled: bool = False


class Calls:
    """The reply is sent when the work has really ended, also after a cancellation; `drain` answers for work that does not end."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._calls: dict[RequestId, _Call] = {}

    def __contains__(self, id: RequestId) -> bool:
        return id in self._calls

    def __len__(self) -> int:
        return len(self._calls)

    def start(self, id: RequestId, doing: str, work: Coroutine[Any, Any, Any], *, cancellable: bool = True) -> None:
        task = asyncio.get_running_loop().create_task(_contain(work), name=doing)
        call = self._calls[id] = _Call(task, doing, cancellable)
        # Not inside the coroutine: one that is cancelled before its first step never runs at all.
        task.add_done_callback(partial(self._finished, id, call))

    def cancel(self, id: RequestId) -> None:
        """Nothing happens when the request has been answered."""
        call = self._calls.get(id)
        if call is not None and call.cancellable:
            call.cancelled = True
            call.task.cancel()

    async def cancel_all(self, seconds: float) -> None:
        """Cancel what can be cancelled, and wait at most `seconds` for it."""
        chosen = [id for id, call in self._calls.items() if call.cancellable]
        tasks = [self._calls[id].task for id in chosen]
        for id in chosen:
            self.cancel(id)
        await self._wait(tasks, seconds)

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for the replies that are left, then answer in the place of work that ignores its cancellation."""
        await self._wait([call.task for call in self._calls.values()], seconds)
        for id in list(self._calls):
            del self._calls[id]
            self._replies.error(id, errors.cancelled())

    async def _wait(self, tasks: list[asyncio.Task[Any]], seconds: float) -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
            await asyncio.sleep(0)  # the callbacks that reply run in the loop's next turn

    def _finished(self, id: RequestId, call: _Call, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._calls.get(id) is not call:
            return
        del self._calls[id]
        if task.cancelled():
            lost = asyncio.CancelledError("work this request waited for was cancelled")
            self._replies.error(id, errors.cancelled() if call.cancelled else errors.of_exception(lost, call.doing))
        elif error is not None:
            self._replies.error(id, errors.of_exception(error, call.doing))
        else:
            self._replies.result(id, task.result())


async def _contain(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except SystemExit as error:  # asyncio would let it end the server
        raise RuntimeError("a request handler called sys.exit()") from error
