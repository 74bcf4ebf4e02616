import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.model.anchor import parse_anchor, visible_body, with_anchor
from locus.model.task import Anchor, Position, Range
from support.properties import modest


def anchor(path: str = "src/a.py", **more: object) -> Anchor:
    place = Range(start=Position(line=3, character=0), end=Position(line=5, character=2))
    return Anchor.model_validate({"path": path, "range": place, "content_hash": "abc", **more})


good = st.builds(
    lambda path, start, extra, commit, content_hash, symbol: Anchor(
        path=path,
        range=Range(start=Position(line=start, character=0), end=Position(line=start + extra, character=7)),
        commit=commit,
        content_hash=content_hash,
        symbol=symbol,
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\\:\0"), min_size=1, max_size=10).filter(
        lambda name: name != ".."
    ),
    st.integers(0, 10**6),
    st.integers(0, 100),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.none() | st.sampled_from(["a-->b", "--!>", "<!-- x -->", "\n-->\n", "```", "C++::f<T>"]),
)
comment = f"<!-- locus:anchor {json.dumps(anchor('decoy.py').wire())} -->"
bodies = st.lists(
    st.sampled_from(
        [
            "text",
            "```",
            "````py",
            "~~~",
            "<!--",
            "-->",
            "<!-- locus:anchor",
            "<!-- locus:anchor {} -->",
            comment,
            f"    {comment}",
            "\r",
            "",
        ]
    )
    | st.text(max_size=10),
    max_size=7,
).map("\n".join)


@modest
@given(bodies, good)
def test_what_is_written_is_read_again(body: str, wanted: Anchor) -> None:
    assert parse_anchor(with_anchor(body, wanted)) == wanted


@modest
@given(bodies, good, good)
def test_a_second_anchor_takes_the_place_of_the_first(body: str, first: Anchor, second: Anchor) -> None:
    once = with_anchor(body, first)
    twice = with_anchor(once, second)
    assert parse_anchor(twice) == second
    assert visible_body(twice) == visible_body(once)


@modest
@given(st.text().filter(lambda text: "locus:anchor" not in text), good)
def test_the_text_stays_and_the_anchor_is_hidden(body: str, wanted: Anchor) -> None:
    written = with_anchor(body, wanted)
    assert written.startswith(body.rstrip())
    assert visible_body(written) == body.rstrip()
    assert parse_anchor(body) is None
    comment = written[len(body.rstrip()) :].strip()
    assert comment.startswith("<!--") and comment.endswith("-->")
    assert "--" not in comment[4:-3] and ">" not in comment[4:-3] and "\n" not in comment


def test_text_after_the_anchor_is_kept() -> None:
    body = with_anchor("before", anchor()) + "\r\n\r\nafter"
    assert visible_body(body) == "before\n\nafter"
    assert with_anchor(body, anchor("b.py")).endswith("\r\n\r\nafter")


def test_a_quoted_anchor_is_quoted_text() -> None:
    quoted = f"Look at this:\n```\n{comment}\n```\nIt is odd."
    assert parse_anchor(quoted) is None
    both = with_anchor(quoted, anchor())
    assert parse_anchor(both) == anchor()
    assert visible_body(both) == quoted


def test_what_belongs_to_machine_and_moment_is_not_written() -> None:
    written = with_anchor("", anchor(uri="file:///somewhere/a.py", state="moved"))
    assert "somewhere" not in written and "moved" not in written
    assert parse_anchor(written) == anchor()


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a", "a/../../b", "a//b", "", "C:/x", "..\\a", "a\0b", "a/.."], ids=lambda path: repr(path)
)
def test_paths_that_leave_the_repository_are_no_anchor(path: str) -> None:
    assert parse_anchor(f"<!-- locus:anchor {json.dumps(anchor(path).wire())} -->") is None


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{",
        "{]}",
        '{"path": 3}',
        '{"path":"a","range":{"start":{"line":-1,"character":0},"end":{"line":0,"character":0}},"contentHash":""}',
        '{"path":"a","range":{"start":{"line":2,"character":0},"end":{"line":1,"character":0}},"contentHash":""}',
        "{" + '"a":[' * 5000 + "}",
    ],
)
def test_what_is_not_an_anchor_is_none(text: str) -> None:
    assert parse_anchor(f"<!-- locus:anchor {text} -->") is None


@pytest.mark.parametrize("part", ["<!-- locus:anchor ", "<!-- locus:anchor {\n", "<!-- locus:anchor {} ", "{} -->", "`", "-->", "\t"])
def test_a_hostile_body_comes_to_an_end(part: str) -> None:
    """Trying every start with every end would take minutes: the suite's time limit is the assertion."""
    assert parse_anchor(part * (1_000_000 // len(part))) is None
