"""The documents that are open in the editor, by URI and by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from pygls.workspace import TextDocument

from locus.anchors.files import path_of
from locus.lsp.documents import Documents


class Buffers:
    def __init__(self, documents: Callable[[], Documents]) -> None:
        self._documents = documents
        self._paths: dict[str, Path | None] = {}

    def get(self, uri: str) -> TextDocument | None:
        document: TextDocument | None = self._documents().text_documents.get(unquote(uri))
        return document

    def text(self, uri: str) -> str | None:
        document = self.get(uri)
        return document.source if document is not None else None

    def path(self, uri: str) -> Path | None:
        """Without symbolic links, as repositories are kept; the disk is asked once while the document is open."""
        if uri not in self._paths:
            path = path_of(uri)
            found = path.resolve() if path is not None else None
            if self.get(uri) is None:
                return found
            self._paths[uri] = found
        return self._paths[uri]

    def of_file(self, path: Path) -> TextDocument | None:
        """The open document of a file, whatever URI the client calls it by."""
        documents = list(self._documents().text_documents.values())
        return next((document for document in documents if self.path(document.uri) == path), None)

    def uri_of(self, path: Path) -> str:
        """What the client calls the file, where it has opened it."""
        document = self.of_file(path)
        return document.uri if document is not None else path.as_uri()

    def closed(self, uri: str) -> None:
        self._paths.pop(uri, None)
