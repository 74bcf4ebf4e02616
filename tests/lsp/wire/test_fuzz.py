"""Arbitrary JSON at every method: one reply for each request, and the server lives."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.raw_lsp import RawClient, connected, frame

KEYS = ["jsonrpc", "id", "method", "params", "command", "arguments", "workDoneToken", "textDocument", "uri", "position", "line", "text"]

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "command": st.sampled_from(["echo", "fail", "reject"]) | values,
        "arguments": values | st.lists(values, max_size=2),
        "workDoneToken": values,
        "textDocument": values | st.fixed_dictionaries({"uri": values, "version": values, "text": values, "languageId": values}),
        "position": values | st.fixed_dictionaries({"line": values, "character": values}),
        "contentChanges": st.lists(st.fixed_dictionaries({"text": values}, optional={"range": values}), max_size=2) | values,
        "event": values | st.fixed_dictionaries({"added": values, "removed": values}),
        "uri": values,
        "id": values,
        "token": values,
        "capabilities": values,
    },
)
params = values | near_misses
requests = st.sampled_from(
    ["initialize", "textDocument/hover", "workspace/textDocumentContent", "workspace/executeCommand", "locus/runs", "locus/nothing", "$/x"]
)
notifications = st.sampled_from(
    [
        "initialized",
        "$/cancelRequest",
        "window/workDoneProgress/cancel",
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/didClose",
        "workspace/didChangeWorkspaceFolders",
        "locus/unsubscribe",
        "locus/nothing",
        "shutdown",
    ]
)
many = settings(database=None, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def test_requests_notifications_and_what_is_neither(argv: list[str], tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        context = connected(argv, tmp_path)
        client: RawClient = runner.run(context.__aenter__())
        runner.run(client.initialize())

        @many
        @given(requests, params)
        def request(method: str, given: Any) -> None:
            reply = runner.run(client.request(method, given))
            assert ("result" in reply) != ("error" in reply)
            assert reply.get("error", {}).get("code") != -32603, reply

        @many
        @given(notifications, params)
        def notify(method: str, given: Any) -> None:
            client.notify(method, given)
            assert "result" in runner.run(client.request("locus/runs"))

        @many
        @given(
            values
            | st.fixed_dictionaries(
                {"jsonrpc": st.just("2.0")}, optional={"id": values, "params": values, "method": values, "result": values}
            )
        )
        def message(given: Any) -> None:
            client.send_bytes(frame(given))
            id = f"after {len(client.messages)}"
            assert "result" in runner.run(client.reply(client.post("locus/runs", None, id)))

        request()
        notify()
        message()
        client.messages[:] = [message for message in client.messages if "method" not in message and message["id"] in client._asked]
        runner.run(context.__aexit__(None, None, None))
