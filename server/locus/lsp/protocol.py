"""From a message body to the handler it is for. Every request that comes in leaves one reply behind, whatever it says."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types

from locus.lsp import errors, wire
from locus.lsp.calls import Calls
from locus.lsp.connection import Connection
from locus.lsp.conversion import Conversion
from locus.lsp.errors import ResponseError
from locus.lsp.lifecycle import Lifecycle, State
from locus.lsp.messages import Answer, NotAMessage, Notification, Request, classify
from locus.lsp.tasks import Tasks

log = logging.getLogger(__name__)

RequestHandler = Callable[[Any], Awaitable[Any]]
NotificationHandler = Callable[[Any], Awaitable[None] | None]


class Protocol:
    """`initialize`, `shutdown` and `exit` change the state here, synchronously; everything else goes to the registered handlers."""

    def __init__(self, connection: Connection, conversion: Conversion, lifecycle: Lifecycle, tasks: Tasks) -> None:
        self.requests: dict[str, RequestHandler] = {}
        self.notifications: dict[str, list[NotificationHandler]] = {}
        self.calls = Calls(connection)
        self._connection = connection
        self._conversion = conversion
        self._lifecycle = lifecycle
        self._tasks = tasks
        self._initialize: Callable[[Any], Any]
        self._answered: Callable[[Answer], None]

    def connect(self, initialize: Callable[[Any], Any], answered: Callable[[Answer], None]) -> None:
        """`initialize` gets the raw params and returns the result, `answered` gets the client's responses."""
        self._initialize = initialize
        self._answered = answered

    def receive(self, body: bytes) -> bool:
        """True when it has started a task; that is to have its first step before the next message is looked at, so that order is kept."""
        try:
            message = classify(wire.decode(body))
        except wire.ParseError as error:
            self._connection.error(None, errors.parse_error(str(error)))
        except NotAMessage as error:
            log.warning("not a message: %s", error)
            self._connection.error(error.id, error.error)
        else:
            if isinstance(message, Request):
                return self._request(message)
            if isinstance(message, Notification):
                return self._notification(message)
            self._answered(message)
        return False

    def _request(self, request: Request) -> bool:
        refusal = self._lifecycle.refusal(request.method)
        if refusal is None and request.id in self.calls:
            refusal = errors.invalid_request(f"id: {request.id!r} is in use by a request that is not answered yet")
        if refusal is not None:
            self._connection.error(request.id, refusal)
            return False
        if request.method == types.INITIALIZE:
            self._answer_initialize(request)
            return False
        if request.method == types.SHUTDOWN:
            self._lifecycle.state = State.SHUT_DOWN
        handler = self.requests.get(request.method)
        if handler is None:
            self._connection.error(request.id, errors.method_not_found(request.method))
            return False
        try:
            params = self._conversion.params(request.method, request.params)
        except ResponseError as error:
            self._connection.error(request.id, error)
            return False
        self.calls.start(request.id, request.method, _call(handler, params), cancellable=request.method != types.SHUTDOWN)
        return True

    def _answer_initialize(self, request: Request) -> None:
        try:
            result = self._initialize(request.params)
        except Exception as error:  # noqa: BLE001 - the reply carries it, the log its traceback
            self._connection.error(request.id, errors.of_exception(error, request.method))
            return
        self._lifecycle.state = State.READY
        self._connection.result(request.id, result)

    def _notification(self, notification: Notification) -> bool:
        method = notification.method
        if method == types.EXIT:
            self._lifecycle.stop("exit")
            return False
        handlers = self.notifications.get(method)
        if handlers is None or self._lifecycle.state is not State.READY:
            log.debug("ignored: %s", method)
            return False
        try:
            params = self._conversion.params(method, notification.params)
        except ResponseError as error:
            log.warning("%s ignored: %s", method, error.message)
            return False
        started = [self._tell(handler, method, params) for handler in handlers]
        return any(started)

    def _tell(self, handler: NotificationHandler, method: str, params: Any) -> bool:
        try:
            work = handler(params)
        except Exception as error:  # noqa: BLE001 - nobody waits for an answer; the next handler and the next message are served
            errors.report_bug(error, method)
            return False
        if not inspect.isawaitable(work):
            return False
        self._tasks.start(_finish(work), method)
        return True

    def cancel_request(self, params: types.CancelParams) -> None:
        self.calls.cancel(params.id)


async def read_messages(read: Callable[[], Awaitable[bytes]], reader: wire.FrameReader, protocol: Protocol, lifecycle: Lifecycle) -> None:
    """Until the stream ends, breaks, or the server stops."""
    try:
        while data := await read():
            for body in reader.feed(data):
                if protocol.receive(body):
                    await asyncio.sleep(0)
                if lifecycle.stopped.is_set():
                    return
    except wire.FramingError as error:
        log.error("the client's stream cannot be read: %s", error)
        lifecycle.stop("framing error", failed=True)
    finally:
        lifecycle.stop("end of input")


async def _call(handler: RequestHandler, params: Any) -> Any:
    return await handler(params)


async def _finish(work: Awaitable[None]) -> None:
    await work
