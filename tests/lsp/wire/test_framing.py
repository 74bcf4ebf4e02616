"""Frames without a server: whatever the chunks, the same messages; whatever the bytes, nothing but FramingError."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locus.lsp.wire import MAX_BODY, FrameReader, FramingError, ParseError, decode, encode

free = settings(database=None, deadline=None)
bodies = st.lists(st.binary(max_size=200), max_size=6)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def read(chunks: list[bytes], reader: FrameReader | None = None) -> tuple[list[bytes], str | None]:
    """What comes out before the stream ends or breaks, and how it breaks."""
    reader = reader or FrameReader()
    out: list[bytes] = []
    try:
        for chunk in chunks:
            for body in reader.feed(chunk):
                out.append(body)  # noqa: PERF402 - what came before an error counts
    except FramingError as error:
        return out, str(error)
    return out, None


headers = st.sampled_from(
    [
        "Content-Length: %d\r\n\r\n",
        "content-length:%d\r\n\r\n",
        "CONTENT-LENGTH:   %d \r\n\r\n",
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        "Content-Length: %d\r\nContent-Type: x\r\nContent-Length: 00%d\r\n\r\n",
    ]
)


@free
@given(bodies, st.data(), st.lists(st.integers(0, 5000), max_size=30))
def test_any_chunking_gives_the_same_messages(sent: list[bytes], data: st.DataObject, places: list[int]) -> None:
    stream = b""
    for body in sent:
        header = data.draw(headers)
        stream += (header.replace("%d", str(len(body)))).encode() + body
    assert read(cut(stream, places)) == (sent, None)


@free
@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=20), bodies)
def test_arbitrary_bytes_raise_only_framing_errors_and_the_same_for_any_chunking(
    garbage: bytes, places: list[int], before: list[bytes]
) -> None:
    stream = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in before) + garbage
    whole, error = read([stream])
    assert whole[: len(before)] == before
    pieces, piecewise = read(cut(stream, places))
    assert (pieces, piecewise is None) == (whole, error is None)


@pytest.mark.parametrize(
    "stream",
    [
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: +5\r\n\r\n{}",
        b"Content-Length: 1_0\r\n\r\n{}",
        b"Content-Length: five\r\n\r\n{}",
        b"Content-Length:\r\n\r\n{}",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1),
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"Content-Length: 2\n\n{}",
        b"Content-Length: 2\r\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Type: x\r\n\r\n{}",
        b"\r\n\r\n",
        b"print() output without an end",
        b'"}}',
        b"no-colon-here\r\n\r\n",
        b"X" * 65,
        b"A: " + b"x" * 9000,
        b"A: x\r\n" * 2000,
    ],
)
def test_a_stream_that_cannot_be_read_says_so_at_once_and_for_good(stream: bytes) -> None:
    reader = FrameReader()
    with pytest.raises(FramingError):
        list(reader.feed(stream))
    with pytest.raises(FramingError):
        list(reader.feed(b"Content-Length: 2\r\n\r\n{}"))


def test_a_partial_header_is_waited_for() -> None:
    assert read([b"Content-Len", b"gth: 2\r", b"\n\r\n{", b"}"]) == ([b"{}"], None)


def test_a_body_of_the_greatest_size_is_read() -> None:
    reader = FrameReader(max_body=1000)
    assert read([b"Content-Length: 1000\r\n\r\n" + b"x" * 1000], reader) == ([b"x" * 1000], None)
    assert read([b"Content-Length: 1001\r\n\r\n"], reader)[1] is not None


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@free
@given(json_values)
def test_what_is_encoded_can_be_decoded(value: Any) -> None:
    assert [decode(body) for body in read([encode(value)])[0]] == [value]


@pytest.mark.parametrize(
    "body",
    [b"", b"{abc}", b"\xff\xfe", b'{"a": NaN}', b"-Infinity", b"[" * 200_000, b"9" * 10_000, '{"a":1}'.encode("utf-16"), b'"\x00"'],
)
def test_what_is_not_json_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        decode(body)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"a": {"b": float("-inf")}}])
def test_what_json_cannot_say_is_not_encoded(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode(value)


def test_a_lone_surrogate_survives() -> None:
    (body,) = FrameReader().feed(encode({"text": "\ud800"}))
    assert json.loads(body) == {"text": "\ud800"}
