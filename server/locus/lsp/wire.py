"""LSP's base protocol without I/O: header, length, JSON body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

MAX_HEADER = 8 * 1024
MAX_BODY = 64 * 1024 * 1024

# A field line as far as it has arrived: a name, then perhaps a colon and a value.
_FIELD = re.compile(rb"[A-Za-z0-9-]{0,64}(?::[^\r\n]*)?\r?", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,12}")


class FramingError(Exception):
    """The stream cannot be read any further: where the next message starts is unknown."""


class ParseError(Exception):
    """A good frame whose body is not JSON."""


class FrameReader:
    """Cuts a byte stream into message bodies, whatever the chunks are."""

    def __init__(self, *, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> None:
        self._max_header = max_header
        self._max_body = max_body
        self._buffer = bytearray()
        self._length: int | None = None
        self._header_size = 0
        self._body_length: int | None = None
        self._broken: str | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes, in order. Raises FramingError where the stream breaks, after the bodies before that point."""
        self._buffer += data
        return self._bodies()

    def _bodies(self) -> Iterator[bytes]:
        if self._broken is not None:
            raise FramingError(self._broken)
        try:
            while (body := self._next()) is not None:
                yield body
        except FramingError as error:
            self._broken = str(error)
            raise

    def _next(self) -> bytes | None:
        while self._body_length is None:
            line = self._line()
            if line is None:
                return None
            if line:
                self._field(line)
            elif self._length is None:
                raise FramingError("a header without Content-Length")
            else:
                self._body_length = self._length
        if len(self._buffer) < self._body_length:
            return None
        body = bytes(self._buffer[: self._body_length])
        del self._buffer[: self._body_length]
        self._length = self._body_length = None
        self._header_size = 0
        return body

    def _line(self) -> bytes | None:
        """The next header line without its CRLF; None until it is complete."""
        end = self._buffer.find(b"\n", 0, self._max_header + 1)
        size = len(self._buffer) if end < 0 else end + 1
        if self._header_size + size > self._max_header:
            raise FramingError(f"a header longer than {self._max_header} bytes")
        line = bytes(self._buffer[:size])
        # Judged before it is complete, so that garbage without a line end does not leave us waiting for one.
        if not _FIELD.fullmatch(line.removesuffix(b"\n")) or (end >= 0 and not line.endswith(b"\r\n")):
            raise FramingError(f"not a header line: {line[:80]!r}")
        if end < 0:
            return None
        del self._buffer[:size]
        self._header_size += size
        return line[:-2]

    def _field(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon:
            raise FramingError(f"not a header line: {line[:80]!r}")
        if name.lower() != b"content-length":
            return
        value = value.strip(b" \t")
        if not _LENGTH.fullmatch(value) or int(value) > self._max_body:
            raise FramingError(f"Content-Length out of range: {value[:20]!r}")
        if self._length not in (None, int(value)):
            raise FramingError("two different Content-Length fields")
        self._length = int(value)


def decode(body: bytes) -> Any:
    """The JSON value in a body. Raises ParseError; NaN and Infinity are not JSON."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError(str(error)) from error


def encode(message: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """A frame. `default` turns what json does not know into what it knows. Raises TypeError, ValueError (NaN, cycles) or RecursionError."""
    body = json.dumps(message, default=default, allow_nan=False, separators=(",", ":")).encode("ascii")
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
