"""What is published about documents: kept by owner, sent as one list for each document, and only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types

from locus.lsp.client import Client

SOURCE = "locus"


class Diagnostics:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._owned: dict[str, dict[str, list[types.Diagnostic]]] = {}
        self._sent: dict[str, list[types.Diagnostic]] = {}

    def replace(self, owner: str, found: Mapping[str, Sequence[types.Diagnostic]]) -> None:
        """All that this owner has to say, by URI; what it said before about other documents is taken back."""
        before = self._owned.get(owner, {})
        self._owned[owner] = {uri: list(each) for uri, each in found.items() if each}
        for uri in sorted({*before, *self._owned[owner]}):
            self._publish(uri)

    def _publish(self, uri: str) -> None:
        merged = [each for owner in sorted(self._owned) for each in self._owned[owner].get(uri, [])]
        if merged == self._sent.get(uri, []):
            return
        if merged:
            self._sent[uri] = merged
        else:
            del self._sent[uri]
        self._client.publish_diagnostics(uri, merged)
