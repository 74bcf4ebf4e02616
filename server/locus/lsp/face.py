"""The editor, as a use case sees it."""

from __future__ import annotations

from locus.lsp.buffers import Buffers
from locus.lsp.client import Client


class EditorFace:
    def __init__(self, client: Client, buffers: Buffers) -> None:
        self._client = client
        self._buffers = buffers
        capabilities = client.capabilities
        self.interactive = capabilities.show_message_request or capabilities.locus_version is not None

    def text(self, uri: str) -> str | None:
        return self._buffers.text(uri)

    async def choose(self, message: str, choices: list[str]) -> str | None:
        return await self._client.choose(message, choices)

    def say(self, text: str) -> None:
        self._client.log_message(text)
