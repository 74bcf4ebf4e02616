"""What goes wrong, as the editor is told: a code, a sentence, perhaps a hint; never a traceback."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from lsprotocol.types import ErrorCodes, LSPErrorCodes

from locus.errors import InvalidArguments, LocusError

log = logging.getLogger(__name__)


class ResponseError(Exception):
    """The error member of a JSON-RPC response."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = int(code)
        self.message = message
        self.data = data

    def wire(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error if self.data is None else error | {"data": self.data}


def parse_error(reason: str) -> ResponseError:
    return ResponseError(ErrorCodes.ParseError, f"The message is not JSON: {reason}")


def invalid_request(reason: str) -> ResponseError:
    return ResponseError(ErrorCodes.InvalidRequest, reason)


def not_initialized(method: str) -> ResponseError:
    return ResponseError(ErrorCodes.ServerNotInitialized, f"{method} came before initialize")


def method_not_found(method: str) -> ResponseError:
    return ResponseError(ErrorCodes.MethodNotFound, f"Unknown method: {method}")


def invalid_params(reason: str) -> ResponseError:
    """`reason` starts with the path of the argument that is wrong."""
    return ResponseError(ErrorCodes.InvalidParams, reason)


def cancelled() -> ResponseError:
    return ResponseError(LSPErrorCodes.RequestCancelled, "The request was cancelled")


def of_exception(exc: BaseException, doing: str) -> ResponseError:
    """The reply to a request whose handler raised. A bug goes to the log under a short reference, which is all the editor sees of it."""
    if isinstance(exc, ResponseError):
        return exc
    if isinstance(exc, LocusError):
        code: int = ErrorCodes.InvalidParams if isinstance(exc, InvalidArguments) else LSPErrorCodes.RequestFailed
        return ResponseError(code, exc.message, {"hint": exc.hint} if exc.hint else None)
    return ResponseError(ErrorCodes.InternalError, f"Locus hit an internal error (ref {report_bug(exc, doing)}); see the log")


def report_bug(exc: BaseException, doing: str) -> str:
    """Log an unexpected exception with its traceback; returns the reference it is logged under."""
    reference = secrets.token_hex(2)
    log.error("internal error (ref %s) in %s", reference, doing, exc_info=exc)
    return reference
