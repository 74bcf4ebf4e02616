"""Open documents follow the client's edits, whatever separates the lines."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from locus.lsp.documents import Documents
from support.raw_lsp import RawClient

texts = st.text(alphabet="ab\n\r\x0c\x0b\x1c\x85\u2028é😀", max_size=30)
URI = "file:///a.txt"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def position(text: str, index: int) -> types.Position:
    """LSP's position of a code point index, counted from the definition: lines end at LF, CRLF and CR."""
    if 0 < index < len(text) and text[index - 1 : index + 1] == "\r\n":
        index -= 1  # between CR and LF there is no position
    ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text[:index])]
    start = ends[-1] if ends else 0
    return types.Position(len(ends), units(text[start:index]))


def settle(text: str, index: int) -> int:
    return index - 1 if 0 < index < len(text) and text[index - 1 : index + 1] == "\r\n" else index


@settings(database=None, deadline=None)
@given(texts, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), texts), max_size=6))
def test_incremental_edits(text: str, edits: list[tuple[int, int, str]]) -> None:
    documents = Documents(None)
    documents.did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "x", 1, text)))
    for version, (one, two, new) in enumerate(edits, start=2):
        start, end = sorted((settle(text, min(one, len(text))), settle(text, min(two, len(text)))))
        change = types.TextDocumentContentChangePartial(types.Range(position(text, start), position(text, end)), new)
        documents.did_change(types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(version, URI), [change]))
        text = text[:start] + new + text[end:]
        assert documents.get_text_document(URI).source == text
        assert documents.get_text_document(URI).version == version


async def test_open_change_close(client: RawClient) -> None:
    async def text() -> Any:
        return (await client.command("text", {"uri": URI}))["result"]

    client.notify("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "c", "version": 1, "text": "one\x0c\ntwo\n"}})
    assert await text() == {"source": "one\x0c\ntwo\n", "lines": 2}
    edit = {"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 3}}, "text": "2"}
    client.notify("textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [edit]})
    assert await text() == {"source": "one\x0c\n2\n", "lines": 2}
    client.notify("textDocument/didChange", {"textDocument": {"uri": "file:///other", "version": 2}, "contentChanges": [edit]})
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert (await client.command("text", {"uri": URI}))["error"]["code"] == -32603, "closed, and not on the disk"


def test_folders_come_and_go() -> None:
    documents = Documents(None, workspace_folders=[types.WorkspaceFolder("file:///a", "a")])
    event = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder("file:///b", "b")], [types.WorkspaceFolder("file:///a", "a")])
    documents.did_change_folders(types.DidChangeWorkspaceFoldersParams(event))
    assert [folder.name for folder in documents.folders.values()] == ["b"]


async def test_there_are_no_documents_before_initialize(in_process: Any) -> None:
    with pytest.raises(RuntimeError):
        _ = in_process.server.documents
