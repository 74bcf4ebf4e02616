"""Our requests to the client that wait for their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from locus.lsp.messages import Answer


class ClientRefused(Exception):
    """The client answered with an error."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} ({error.get('code')})")
        self.code = error.get("code")


class Questions:
    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._waiting: dict[int | str, asyncio.Future[Answer]] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._waiting)

    async def ask(self, method: str, params: Any, seconds: float) -> Any:
        """The client's result as JSON. Raises ClientRefused, and TimeoutError after `seconds`.

        The client is told when nobody waits for its answer any longer.
        """
        id = f"locus-{self._next}"
        self._next += 1
        future = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        try:
            self._send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
            async with asyncio.timeout(seconds):
                answer = await future
        except (TimeoutError, asyncio.CancelledError):
            self._send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": id}})
            raise
        finally:
            self._waiting.pop(id, None)
        if answer.error is not None:
            raise ClientRefused(method, answer.error)
        return answer.result

    def answered(self, answer: Answer) -> bool:
        """False when nobody waits for it (any more)."""
        future = self._waiting.pop(answer.id, None)
        if future is None or future.done():
            return False
        future.set_result(answer)
        return True
