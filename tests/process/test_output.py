from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.process.output import Lines, LineSplitter


def split(chunks: list[bytes], cap: int) -> list[bytes]:
    splitter = LineSplitter(cap)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + splitter.finish()


pieces = st.lists(st.lists(st.sampled_from([b"a", b"bcd", b"\n", b"\r\n"]), max_size=8).map(b"".join), max_size=8)


@given(pieces)
def test_lines_do_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    assert split(chunks, 100) == (expected if expected[-1] else expected[:-1])


@given(pieces, st.integers(1, 5))
def test_a_long_line_is_cut_once_and_its_rest_skipped(chunks: list[bytes], cap: int) -> None:
    expected = b"".join(chunks).split(b"\n")
    if not expected[-1]:
        expected.pop()
    marker = b" [... cut after %d bytes]" % cap
    assert split(chunks, cap) == [line if len(line) <= cap else line[:cap] + marker for line in expected]


def test_a_line_that_never_ends_is_seen_at_once_and_costs_nothing_more() -> None:
    splitter = LineSplitter(1000)
    seen = [line for _ in range(10_000) for line in splitter.feed(b"x" * 1000)]
    assert [len(line) for line in seen] == [1000 + len(b" [... cut after 1000 bytes]")]
    assert splitter.feed(b"\nnext\n") == [b"next"]


async def test_a_slow_reader_holds_the_writer_back() -> None:
    asked: list[bool] = []
    lines = Lines(1000, asked.append)
    fed = 0
    while not asked:
        lines.feed("stdout", b"x" * 999 + b"\n")
        fed += 1
        assert fed < 10_000
    assert asked == [True]
    lines.end("stdout")
    lines.end("stderr")
    seen = [line async for line in lines]
    assert len(seen) == fed
    assert asked == [True, False]


async def test_empty_lines_count_too() -> None:
    asked: list[bool] = []
    lines = Lines(1000, asked.append)
    lines.feed("stdout", b"\n" * 100_000)
    assert asked == [True]


async def test_a_flood_leaves_others_their_turn() -> None:
    lines = Lines(1000, lambda _: None)
    lines.feed("stdout", b"and on\n" * 5000)
    lines.end("stdout")
    lines.end("stderr")
    turns: list[int] = []
    read = 0

    async def others() -> None:
        while True:
            turns.append(read)
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    async for _ in lines:
        read += 1
    beside.cancel()
    assert read == 5000
    assert max(later - sooner for sooner, later in itertools.pairwise(turns)) <= 200


async def test_the_end_is_the_end_of_both() -> None:
    lines = Lines(1000, lambda _: None)
    lines.feed("stderr", b"last words")
    lines.end("stderr")
    assert await anext(lines) == ("stderr", b"last words")
    waiting = asyncio.ensure_future(anext(lines))
    await asyncio.sleep(0)
    assert not waiting.done()
    lines.end("stdout")
    with pytest.raises(StopAsyncIteration):
        await waiting
