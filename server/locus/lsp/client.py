"""The editor, as the rest of the server talks to it."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Sequence
from typing import Any

from lsprotocol import types

from locus.lsp.capabilities import ClientCapabilities
from locus.lsp.connection import Connection
from locus.lsp.messages import Answer
from locus.lsp.questions import ClientRefused, Questions

log = logging.getLogger(__name__)

PROMPT_SECONDS = 5.0
PERSON_SECONDS = 60.0


class Client:
    def __init__(self, connection: Connection) -> None:
        self.capabilities = ClientCapabilities(types.ClientCapabilities())
        self._connection = connection
        self._questions = Questions(connection.send)

    def notify(self, method: str, params: Any, key: Hashable | None = None) -> None:
        """Never blocks. `key`: see Connection.notify."""
        self._connection.notify(method, params, key)

    async def ask(self, method: str, params: Any, seconds: float = PROMPT_SECONDS) -> Any:
        """A request; its result as JSON. Raises ClientRefused, TimeoutError."""
        return await self._questions.ask(method, params, seconds)

    def answered(self, answer: Answer) -> None:
        if not self._questions.answered(answer):
            log.debug("an answer nobody waits for: %r", answer.id)

    def show_message(self, text: str, type: types.MessageType = types.MessageType.Info) -> None:
        self.notify(types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type, text))

    def log_message(self, text: str) -> None:
        """Into the log that the client shows to those who look for it."""
        self.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(types.MessageType.Info, text))

    def publish_diagnostics(self, uri: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        self.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, types.PublishDiagnosticsParams(uri, diagnostics), key=("diagnostics", uri))

    async def choose(self, question: str, choices: Sequence[str], seconds: float = PERSON_SECONDS) -> str | None:
        """What the person picks; None when they dismiss it, do not answer in time, or the client cannot ask."""
        if not self.capabilities.show_message_request:
            return None
        actions = [types.MessageActionItem(choice) for choice in choices]
        picked = await self._attempt(
            types.WINDOW_SHOW_MESSAGE_REQUEST, types.ShowMessageRequestParams(types.MessageType.Info, question, actions), seconds
        )
        title = picked.get("title") if isinstance(picked, dict) else None
        return title if title in choices else None

    async def show_document(self, uri: str, *, external: bool = False, selection: types.Range | None = None) -> bool:
        """Whether the client has shown it."""
        if not self.capabilities.show_document:
            return False
        params = types.ShowDocumentParams(uri, external=external, take_focus=True, selection=selection)
        shown = await self._attempt(types.WINDOW_SHOW_DOCUMENT, params, PROMPT_SECONDS)
        return isinstance(shown, dict) and shown.get("success") is True

    async def configuration(self, section: str, scopes: Sequence[str]) -> list[Any] | None:
        """The section's settings for each scope (a folder's URI), None in the list where unset; None when they cannot be had."""
        if not self.capabilities.configuration:
            return None
        items = [types.ConfigurationItem(scope_uri=scope, section=section) for scope in scopes]
        values = await self._attempt(types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items), PROMPT_SECONDS)
        return values if isinstance(values, list) and len(values) == len(scopes) else None

    async def refresh_code_lenses(self) -> None:
        if self.capabilities.code_lens_refresh:
            await self._attempt(types.WORKSPACE_CODE_LENS_REFRESH, None, PROMPT_SECONDS)

    async def _attempt(self, method: str, params: Any, seconds: float) -> Any:
        """None when the client refuses or does not answer: every caller has a way to go on without."""
        try:
            return await self.ask(method, params, seconds)
        except (ClientRefused, TimeoutError) as error:
            log.warning("%s had no answer: %s", method, error or "timed out")
            return None
