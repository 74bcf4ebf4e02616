"""What the two sides can do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

from locus.lsp.conversion import Conversion
from locus.lsp.errors import ResponseError

log = logging.getLogger(__name__)

EXPERIMENTAL_VERSION = 1


@dataclass(frozen=True)
class ClientCapabilities:
    """The client's capabilities as questions with an answer."""

    raw: types.ClientCapabilities
    name: str | None = None
    version: str | None = None

    @property
    def work_done_progress(self) -> bool:
        return self._has("window.work_done_progress")

    @property
    def show_document(self) -> bool:
        return self._has("window.show_document.support")

    @property
    def show_message_request(self) -> bool:
        """Whether it announces window/showMessage at all; every such client can also show choices."""
        return get_capability(self.raw, "window.show_message") is not None

    @property
    def configuration(self) -> bool:
        return self._has("workspace.configuration")

    @property
    def configuration_changes(self) -> bool:
        """Whether workspace/didChangeConfiguration can be registered for."""
        return self._has("workspace.did_change_configuration.dynamic_registration")

    @property
    def watched_files(self) -> bool:
        return self._has("workspace.did_change_watched_files.dynamic_registration")

    @property
    def apply_edit(self) -> bool:
        return self._has("workspace.apply_edit")

    @property
    def document_changes(self) -> bool:
        return self._has("workspace.workspace_edit.document_changes")

    @property
    def code_action_literals(self) -> bool:
        """Whether code actions may be more than bare commands."""
        return get_capability(self.raw, "text_document.code_action.code_action_literal_support") is not None

    @property
    def code_action_disabled(self) -> bool:
        return self._has("text_document.code_action.disabled_support")

    @property
    def code_lens(self) -> bool:
        return get_capability(self.raw, "text_document.code_lens") is not None

    @property
    def code_lens_refresh(self) -> bool:
        return self._has("workspace.code_lens.refresh_support")

    @property
    def diagnostic_related_information(self) -> bool:
        return self._has("text_document.publish_diagnostics.related_information")

    @property
    def text_document_content(self) -> bool:
        return get_capability(self.raw, "workspace.text_document_content") is not None

    @property
    def locus_version(self) -> int | None:
        """`experimental.locus.version`: the client understands the `locus/*` notifications of that version."""
        locus = self.raw.experimental.get("locus") if isinstance(self.raw.experimental, dict) else None
        version = locus.get("version") if isinstance(locus, dict) else None
        return version if isinstance(version, int) and not isinstance(version, bool) else None

    def _has(self, path: str) -> bool:
        return bool(get_capability(self.raw, path, False))


def position_encoding(client: types.ClientCapabilities) -> types.PositionEncodingKind | str:
    """The first of the client's encodings that is supported; UTF-16 when it names none."""
    return ServerCapabilitiesBuilder.choose_position_encoding(client)


def of_server(
    client: types.ClientCapabilities, *, methods: Iterable[str], options: Mapping[str, Any], commands: Iterable[str]
) -> types.ServerCapabilities:
    """What `initialize` answers for the methods that have a handler."""
    builder = ServerCapabilitiesBuilder(
        client,
        set(methods),
        dict(options),
        sorted(commands),
        types.TextDocumentSyncKind.Incremental,
        position_encoding=position_encoding(client),
    )
    build: Callable[[], types.ServerCapabilities] = builder.build
    built = build()
    content = options.get(types.WORKSPACE_TEXT_DOCUMENT_CONTENT)
    if content is not None and built.workspace is not None:  # pygls does not know this one
        built.workspace.text_document_content = content
    built.experimental = {"locus": {"version": EXPERIMENTAL_VERSION}}
    return built


def understood(raw: Any, conversion: Conversion) -> Any:
    """`raw` params of initialize without the sections of the client's capabilities that this protocol version cannot read.

    A newer client's unknown enumeration value costs that section, not the whole session.
    """
    sections = raw.get("capabilities") if isinstance(raw, dict) else None
    if not isinstance(sections, dict):
        return raw
    try:
        conversion.structure(sections, types.ClientCapabilities, "capabilities")
    except ResponseError as error:
        log.warning("client capabilities are understood in part: %s", error.message)
        return raw | {"capabilities": {name: part for name, part in sections.items() if _fits({name: part}, conversion)}}
    return raw


def _fits(sections: dict[str, Any], conversion: Conversion) -> bool:
    try:
        conversion.structure(sections, types.ClientCapabilities, "capabilities")
    except ResponseError:
        return False
    return True
