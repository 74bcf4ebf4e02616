"""What the editor's own settings say: sent with `initialize`, pushed later, or asked for by folder where the client can be asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from lsprotocol import types

from locus.lsp.client import Client
from locus.lsp.questions import ClientRefused

log = logging.getLogger(__name__)

SECTION = "locus"
_CLIENTS_OWN = ("server", "trace")
"""Settings of the editor's extension, which are none of the server's."""


class EditorSettings:
    def __init__(self, client: Client, initial: Any) -> None:
        self._client = client
        self._sent = _ours(initial)
        self._by_folder: dict[str, dict[str, Any]] = {}

    def of(self, folder: str) -> dict[str, Any]:
        """The settings for one folder, nested as in the configuration's files."""
        return _over(self._sent, self._by_folder.get(folder, {}))

    def changed(self, params: types.DidChangeConfigurationParams) -> None:
        """Takes over what the client pushes; clients that can be asked push nothing or what they please, and are asked."""
        if not self._client.capabilities.configuration and isinstance(params.settings, dict):
            self._sent = _ours(params.settings.get(SECTION))

    async def pull(self, folders: Sequence[str]) -> None:
        values = await self._client.configuration(SECTION, folders) if folders else None
        if values is not None:
            self._by_folder = {folder: _ours(value) for folder, value in zip(folders, values, strict=True)}

    async def follow(self) -> None:
        """Asks to be told of changes. Some clients tell without being asked, others never do."""
        if self._client.capabilities.configuration_changes:
            options = {"section": SECTION}
            registration = types.Registration("locus-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
            try:
                await self._client.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration]))
            except (ClientRefused, TimeoutError) as error:
                log.warning("changes of settings will not be noticed: %s", error or "the client does not answer")


def _ours(value: Any) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key not in _CLIENTS_OWN and each is not None} if isinstance(value, Mapping) else {}


def _over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`top` where it says something; null says nothing."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = _over(below, value)
        elif value is not None:
            merged[key] = value
    return merged
