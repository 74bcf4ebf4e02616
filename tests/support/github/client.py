"""Asks the stand-in directly, without gh: for the tests of the stand-in itself, where a process for each request would be too slow."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.github.github import TOKEN


@dataclass(frozen=True)
class Said:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any

    @property
    def links(self) -> dict[str, str]:
        """The paths that `Link` names, by their relation."""
        found = (part.partition(">; rel=") for part in self.headers.get("link", "").split(", ") if part)
        return {relation.strip('"'): url.removeprefix("<https://api.github.com") for url, _, relation in found}


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("api.github.com", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class Client:
    socket: Path
    token: str | None = TOKEN

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        """`headers`: with `_` for `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent["Authorization"] = f"token {self.token}"
        connection = _Connection(self.socket)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return Said(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            json.loads(content) if content and is_json else content.decode(),
        )

    def get(self, path: str, **headers: str) -> Said:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any) -> Said:
        return self.ask("POST", path, body)

    def patch(self, path: str, body: Any) -> Said:
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Said:
        return self.ask("DELETE", path)

    def graphql(self, query: str, **variables: Any) -> Said:
        return self.ask("POST", "/graphql", {"query": query, "variables": variables})
