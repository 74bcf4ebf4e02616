"""Anchors found again: exact, moved, lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.anchors.locate import content_hash, lines_of, locate, split_lines
from locus.model.task import Anchor, Position, Range


def span(first: int, last: int, *, start: int = 0, end: int = 5) -> Range:
    return Range(start=Position(line=first, character=start), end=Position(line=last, character=end))


def anchor(lines: list[str], first: int, last: int) -> Anchor:
    return Anchor(path="a.py", range=span(first, last), content_hash=content_hash(lines[first : last + 1]))


CODE = ["one", "two", "three", "four", "five", "six"]


def test_code_at_its_place_is_exact() -> None:
    given = anchor(CODE, 1, 3)
    assert locate(given, "\n".join(CODE)) == given


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_trailing_white_space_do_not_count(end: str) -> None:
    assert locate(anchor(CODE, 1, 3), end.join(f"{line} \t" for line in CODE)).state == "exact"


def test_leading_white_space_counts() -> None:
    assert locate(anchor(CODE, 1, 1), "one\n  two\nthree").state == "lost"


def test_code_below_inserted_lines_has_moved() -> None:
    found = locate(anchor(CODE, 1, 3), "\n".join(["new", "newer", *CODE]))
    assert found.state == "moved"
    assert found.range == span(3, 5)


def test_changed_code_is_lost_and_keeps_its_range() -> None:
    found = locate(anchor(CODE, 1, 3), "\n".join(CODE).replace("three", "drei"))
    assert found.state == "lost"
    assert found.range == span(1, 3)


def test_the_order_of_lines_counts() -> None:
    assert locate(anchor(CODE, 0, 2), "two\none\nthree").state == "lost"


def test_the_nearest_of_equal_places_counts() -> None:
    text = ["x = 1", *["pad"] * 10, "x = 1", *["pad"] * 2, "old", *["pad"] * 4, "x = 1"]
    found = locate(Anchor(path="a", range=span(14, 14), content_hash=content_hash(["x = 1"])), "\n".join(text))
    assert (found.state, found.range.start.line) == ("moved", 11)


def test_a_place_that_is_exact_wins_over_equal_ones() -> None:
    assert locate(anchor(["a", "a", "a"], 1, 1), "a\na\na").range.start.line == 1


def test_a_range_to_the_start_of_a_line_leaves_that_line_out() -> None:
    assert lines_of(span(2, 4, end=0)) == (2, 3)
    assert lines_of(span(2, 2, end=0)) == (2, 2)
    assert lines_of(span(2, 4, end=1)) == (2, 4)


@pytest.mark.parametrize("wanted", ["", "zz", "0" * 31, "g" * 32, "0" * 32])
def test_a_hash_of_another_hand_is_lost(wanted: str) -> None:
    assert locate(Anchor(path="a", range=span(0, 0), content_hash=wanted), "a\nb").state == "lost"


@pytest.mark.parametrize("range", [span(0, 10**9), span(10**9, 10**9), span(5, 2), span(-4, -2)])
def test_an_impossible_range_is_lost(range: Range) -> None:
    assert locate(Anchor(path="a", range=range, content_hash=content_hash(["a"])), "b\nc").state == "lost"


def test_lines_end_as_lsp_says() -> None:
    assert split_lines("a\r\nb\rc\nd\x0ce\u2028f") == ["a", "b", "c", "d\x0ce\u2028f"]


@given(
    st.lists(st.sampled_from(["", "a", "b", "}", "😀"]), max_size=12),
    st.lists(st.sampled_from(["a", "}", "c"]), min_size=1, max_size=4),
    st.data(),
)
def test_what_is_there_is_found_and_what_is_not_is_lost(text: list[str], wanted: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 12))
    given = Anchor(path="a", range=span(first, first + len(wanted) - 1), content_hash=content_hash(wanted))
    found = locate(given, "\n".join(text))
    places = [at for at in range(len(text)) if text[at : at + len(wanted)] == wanted]
    if not places:
        assert found.state == "lost"
    else:
        assert found.range.start.line in places
        assert abs(found.range.start.line - first) == min(abs(at - first) for at in places)
        assert (found.state == "exact") == (first in places)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("line", ["    return value + N", "}"])
def test_work_grows_with_the_text_and_not_with_the_selection(line: str) -> None:
    """Takes a blink; comparing every window line by line would take hours."""
    lines = [line.replace("N", str(number)) for number in range(200_000)]
    lost = Anchor(path="a", range=span(0, 99_999), content_hash=content_hash([*lines[:99_999], "gone"]))
    assert locate(lost, "\n".join(lines)).state == "lost"
