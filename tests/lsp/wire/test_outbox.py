"""The queue before the writer: order, the latest of each key, a bound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locus.lsp.connection import Connection
from locus.lsp.conversion import Conversion
from locus.lsp.lifecycle import Lifecycle
from locus.lsp.outbox import Outbox, Overflow


def drain(box: Outbox) -> list[bytes]:
    box.close()
    out = []
    while (frame := box.take()) is not None:
        out.append(frame)
    return out


def test_short_queues_keep_every_message() -> None:
    box = Outbox(coalesce_from=10)
    for number in range(9):
        box.put(b"%d" % number, key="k")
    assert len(drain(box)) == 9


def test_long_queues_keep_the_latest_of_a_key_at_the_end() -> None:
    box = Outbox(coalesce_from=0)
    box.put(b"begin")
    box.put(b"old", key="k")
    box.put(b"other", key="other")
    box.put(b"new", key="k")
    box.put(b"end")
    assert drain(box) == [b"begin", b"other", b"new", b"end"]


@settings(database=None, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(0, 99)), max_size=60), st.integers(0, 20))
def test_nothing_without_a_key_is_lost_and_the_latest_of_each_key_arrives_in_order(
    messages: list[tuple[str | None, int]], threshold: int
) -> None:
    box = Outbox(coalesce_from=threshold)
    frames = [b"%d %s %d" % (index, repr(key).encode(), value) for index, (key, value) in enumerate(messages)]
    for frame, (key, _) in zip(frames, messages, strict=True):
        box.put(frame, key)
    out = drain(box)
    assert out == [frame for frame in frames if frame in out]
    assert all(frame in out for frame, (key, _) in zip(frames, messages, strict=True) if key is None)
    for wanted in ("a", "b"):
        keyed = [frame for frame, (key, _) in zip(frames, messages, strict=True) if key == wanted]
        assert not keyed or keyed[-1] in out


def test_a_queue_beyond_its_bound_overflows_and_coalescing_makes_room() -> None:
    box = Outbox(coalesce_from=0, max_bytes=10_000)
    for _ in range(1000):
        box.put(b"x" * 1000, key="k")
    box.put(b"x" * 50_000)
    with pytest.raises(Overflow):
        box.put(b"y")


def test_after_the_end_nothing_is_accepted() -> None:
    box = Outbox()
    box.put(b"a")
    assert drain(box) == [b"a"]
    box.put(b"b")
    assert drain(box) == []


def test_an_overflow_stops_the_server() -> None:
    lifecycle = Lifecycle()
    connection = Connection(Outbox(max_bytes=1000), Conversion(), lifecycle.stop)
    for _ in range(4):
        connection.notify("test/said", {"text": "x" * 1000})
    assert lifecycle.stopped.is_set()
    assert lifecycle.exit_code == 1
