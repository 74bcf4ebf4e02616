"""Where the server is between its start and its end."""

from __future__ import annotations

import asyncio
import enum
import logging

from locus.lsp import errors
from locus.lsp.errors import ResponseError

log = logging.getLogger(__name__)


class State(enum.Enum):
    CREATED = "created"
    READY = "ready"
    SHUT_DOWN = "shut down"


class Lifecycle:
    """Changes at once when a message arrives, so that `exit` right behind `shutdown` finds the shutdown done."""

    def __init__(self) -> None:
        self.state = State.CREATED
        self.stopped = asyncio.Event()
        self._failed = False

    def refusal(self, method: str) -> ResponseError | None:
        """Why this request cannot be served now."""
        if self.state is State.SHUT_DOWN:
            return errors.invalid_request(f"{method} came after shutdown")
        if method == "initialize":
            return None if self.state is State.CREATED else errors.invalid_request("initialize came twice")
        return errors.not_initialized(method) if self.state is State.CREATED else None

    def stop(self, reason: str, *, failed: bool = False) -> None:
        """The one road to the end: `exit`, the end of stdin, a signal, a client that is gone. The first reason counts."""
        if not self.stopped.is_set():
            log.info("stopping: %s", reason)
            self.stopped.set()
            self._failed = failed

    @property
    def exit_code(self) -> int:
        return 0 if self.state is State.SHUT_DOWN and not self._failed else 1
