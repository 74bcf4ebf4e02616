"""Everything that goes to the client passes here, and is JSON when it does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Any

from locus.lsp import errors, wire
from locus.lsp.conversion import Conversion
from locus.lsp.errors import ResponseError
from locus.lsp.outbox import Outbox, Overflow

log = logging.getLogger(__name__)

_UNSENDABLE = (TypeError, ValueError, RecursionError, LookupError, AttributeError)


class Connection:
    def __init__(self, outbox: Outbox, conversion: Conversion, on_overflow: Callable[[str], None]) -> None:
        self._outbox = outbox
        self._conversion = conversion
        self._on_overflow = on_overflow

    def send(self, message: dict[str, Any], key: Hashable | None = None) -> None:
        """Never blocks. Raises what json.dumps raises when the message cannot be sent."""
        frame = wire.encode(message, self._conversion.plain)
        try:
            self._outbox.put(frame, key)
        except Overflow as overflow:
            self._outbox.close()
            self._on_overflow(str(overflow))

    def notify(self, method: str, params: Any, key: Hashable | None = None) -> None:
        """With `key`: an unwritten notification with the same key may be replaced by this one when the client reads slowly."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params}, key)

    def result(self, id: int | str, result: Any) -> None:
        try:
            self.send({"jsonrpc": "2.0", "id": id, "result": result})
        except _UNSENDABLE as error:
            self.error(id, errors.of_exception(error, f"sending the result of request {id!r}"))

    def error(self, id: int | str | None, error: ResponseError) -> None:
        log.debug("request %r fails: %s (%s)", id, error.message, error.code)
        self.send({"jsonrpc": "2.0", "id": id, "error": error.wire()})
