"""Where the code of tasks is in the editor's buffers at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from pygls.workspace import TextDocument

from locus.anchors.locate import locate, split_lines
from locus.lsp.buffers import Buffers
from locus.lsp.features.task_cache import AnchoredTask, TaskCache
from locus.model.task import Anchor


@dataclass(frozen=True)
class Located:
    found: AnchoredTask
    anchor: Anchor
    """As it is in the buffer; never lost."""
    lines: list[str]
    """The whole buffer's."""


@dataclass
class _Known:
    document: TextDocument
    version: int | None
    lines: list[str]
    places: dict[Anchor, Anchor] = field(default_factory=dict)


class AnchoredCode:
    """What has been found is kept until the document's next version."""

    def __init__(self, buffers: Buffers, cache: TaskCache) -> None:
        self._buffers = buffers
        self._cache = cache
        self._known: dict[str, _Known] = {}

    def in_document(self, uri: str) -> list[Located]:
        """The tasks about code of an open document, from its top to its end."""
        document, path = self._buffers.get(uri), self._buffers.path(uri)
        tasks = self._cache.in_file(path) if path is not None else []
        if document is None or not tasks:
            return []
        known = self._known.get(uri)
        if known is None or known.document is not document or known.version != document.version:
            known = self._known[uri] = _Known(document, document.version, split_lines(document.source))
        located = []
        for found in tasks:
            if found.anchor not in known.places:
                known.places[found.anchor] = locate(found.anchor, document.source)
            if known.places[found.anchor].state != "lost":
                located.append(Located(found, known.places[found.anchor], known.lines))
        return sorted(located, key=lambda each: (each.anchor.range.start.line, each.found.task.number))

    def closed(self, uri: str) -> None:
        self._known.pop(uri, None)
