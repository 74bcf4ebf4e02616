"""The client's open documents and folders: pygls' workspace, with the line ends of LSP."""

from __future__ import annotations

import io
from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace


class Document(TextDocument):
    @property
    def lines(self) -> Sequence[str]:
        r"""Lines end at \n, \r\n and \r only.

        pygls' str.splitlines() also splits at form feeds and U+2028, and incremental edits then go to the wrong line.
        """
        return tuple(io.StringIO(self.source, newline=""))


class Documents(Workspace):
    """Follows the client's notifications. Documents that are not open are read from disk."""

    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=types.TextDocumentSyncKind.Incremental,
            position_codec=self.position_codec,
        )

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.put_text_document(params.text_document)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        for change in params.content_changes:
            self.update_text_document(params.text_document, change)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.remove_text_document(params.text_document.uri)

    def did_change_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            self.remove_folder(folder.uri)
        for folder in params.event.added:
            self.add_folder(folder)
