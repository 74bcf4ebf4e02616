"""A proxy on loopback. It hands plain HTTP on to the stand-in, as gh speaks it with the host `github.localhost`, and opens no tunnels."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Proxy:
    """`login` is `user:password`, where it wants one; `tunnels` the status line with which it refuses them, None: it says nothing."""

    to: Path
    login: str | None = None
    tunnels: str | None = "502 Bad Gateway"
    asked: list[str] = field(default_factory=list)
    """The first line of each request."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url_as(self, login: str) -> str:
        return f"http://{login}@127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def up(self) -> Iterator[Proxy]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            serving = threading.Thread(target=self._serve, args=(listening,), daemon=True)
            serving.start()
            yield self
            listening.shutdown(socket.SHUT_RDWR)
        serving.join(10)

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return  # it is down
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        with client, contextlib.suppress(ConnectionError):
            said = b""
            while b"\r\n\r\n" not in said:
                more = client.recv(65536)
                if not more:
                    return
                said += more
            head, _, body = said.partition(b"\r\n\r\n")
            first, _, headers = head.decode("latin-1").partition("\r\n")
            self.asked.append(first)
            wanted = base64.b64encode((self.login or "").encode()).decode()
            if self.login is not None and f"proxy-authorization: basic {wanted}".lower() not in headers.lower():
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
                )
            elif first.startswith("CONNECT "):
                client.sendall(f"HTTP/1.1 {self.tunnels}\r\nContent-Length: 0\r\n\r\n".encode() if self.tunnels else b"")
            else:
                self._hand_on(client, first, headers, body)

    def _hand_on(self, client: socket.socket, first: str, headers: str, body: bytes) -> None:
        method, target, version = first.split(" ")
        path = target.partition("://")[2].partition("/")[2]
        with socket.socket(socket.AF_UNIX) as there:
            there.connect(str(self.to))
            there.sendall(f"{method} /{path} {version}\r\nConnection: close\r\n{headers}\r\n\r\n".encode("latin-1") + body)
            sending = threading.Thread(target=_copy, args=(client, there), daemon=True)
            sending.start()
            _copy(there, client)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            sending.join(10)


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := one.recv(65536):
            other.sendall(said)
