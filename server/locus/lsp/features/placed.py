"""Diagnostics that stand in files: looked for anew when something changes, placed in the text as it is now, saved or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from lsprotocol import types

from locus.anchors.files import read_text
from locus.errors import LocusError
from locus.lsp.buffers import Buffers
from locus.lsp.features.diagnostics import Diagnostics
from locus.lsp.features.later import Later
from locus.lsp.tasks import Tasks

T = TypeVar("T")


class Placed(Generic[T]):
    """`find` says what is to be shown in which file; `place`, called in a thread, makes diagnostics of it for a file's text."""

    def __init__(
        self,
        owner: str,
        diagnostics: Diagnostics,
        tasks: Tasks,
        buffers: Buffers,
        find: Callable[[], Awaitable[Mapping[Path, Sequence[T]]]],
        place: Callable[[Path, str, Sequence[T]], list[types.Diagnostic]],
    ) -> None:
        self._owner = owner
        self._diagnostics = diagnostics
        self._buffers = buffers
        self._find = find
        self._place = place
        self._again = Later(tasks, self._look, f"diagnostics of {owner}", seconds=0.1)
        self._files: set[Path] = set()

    def poke(self) -> None:
        self._again.poke()

    def document_changed(self, uri: str) -> None:
        """Opened, changed or closed."""
        if self._buffers.path(uri) in self._files:
            self._again.poke()

    async def _look(self) -> None:
        found = await self._find()
        self._files = set(found)
        published: dict[str, list[types.Diagnostic]] = {}
        for path, each in found.items():
            document = self._buffers.of_file(path)
            text = document.source if document is not None else await asyncio.to_thread(text_of, path)
            if text is not None:
                published[self._buffers.uri_of(path)] = await asyncio.to_thread(self._place, path, text, each)
        self._diagnostics.replace(self._owner, published)


def text_of(path: Path) -> str | None:
    """None where it is deleted: there is no place left to show anything at."""
    try:
        return read_text(path)
    except LocusError:
        return None
