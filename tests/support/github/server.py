"""HTTP/1.1 on a unix socket, a thread for each connection, as gh speaks it with `http_unix_socket`."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import responses
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

from support.github.answers import Answer
from support.github.dispatch import Request, read_request

PATH_LIMIT = 100
"""Bytes: a socket's path may have 107 on Linux, 103 on macOS."""


@dataclass(frozen=True)
class Reply:
    """What goes over the wire: an answer, the first half of one, or nothing."""

    answer: Answer | None
    torn: bool = False


Handle = Callable[[Request], Reply]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        # A client that goes away while it is served is no fault of the server.
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        content = self._content()
        request = read_request(self.command, self.path, dict(self.headers.items()), content)
        reply = self.server.handle_request_by(request)
        if reply.answer is None:
            self.close_connection = True
            return
        self._send(reply.answer, torn=reply.torn)

    def _content(self) -> bytes:
        """gh sends what it reads from standard input in chunks. Raises ConnectionError where the client went away before the end."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self._exactly(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self._line().split(b";")[0], 16):
            whole += self._exactly(size)
            self._line()
        while self._line().strip():
            pass
        return whole

    def _line(self) -> bytes:
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        return line

    def _exactly(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionResetError
        return content

    def _send(self, answer: Answer, *, torn: bool) -> None:
        content = answer.content()
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(content)}")
        if torn:
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + content)

    def log_message(self, *_: Any) -> None:
        """Requests are recorded elsewhere."""


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    handle_request_by: Handle


class Listening:
    """The socket and its thread, from `with` to the end of the block."""

    def __init__(self, path: Path, handle: Handle) -> None:
        assert len(str(path).encode()) <= PATH_LIMIT, f"too long for a socket: {path}"
        self.path = path
        path.unlink(missing_ok=True)
        self._server = _Server(str(path), _Handler)
        self._server.handle_request_by = handle
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="github", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def reachable(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
