"""Which lines two texts have in common: right whatever they are, and found in a moment."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from locus.model.matching import blocks

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "d1", "d2", "d3", "d4"]), max_size=25)


@given(TEXTS, TEXTS)
def test_what_is_common_is_equal_and_in_order(before: list[str], after: list[str]) -> None:
    found = blocks(before, after)
    for start, opposite, length in found:
        assert length > 0
        assert before[start : start + length] == after[opposite : opposite + length] and start + length <= len(before)
    for (start, opposite, length), (next_start, next_opposite, _) in pairwise(found):
        assert start + length <= next_start and opposite + length <= next_opposite
        assert (start + length, opposite + length) != (next_start, next_opposite)  # else they would be one


@given(TEXTS)
def test_the_same_is_one_block(text: list[str]) -> None:
    assert blocks(text, text) == ([(0, 0, len(text))] if text else [])


@given(TEXTS, st.integers(0, 25), st.lists(st.just("new"), max_size=3), st.integers(0, 3))
def test_a_change_at_one_place_leaves_the_rest_common(text: list[str], at: int, new: list[str], gone: int) -> None:
    after = [*text[:at], *new, *text[at + gone :]]
    assert sum(length for _, _, length in blocks(text, after)) == len(text) - len(text[at : at + gone])


def test_without_lines_that_stand_once_it_is_as_difflib_sees_it() -> None:
    before, after = ["a", "a", "b", "b", "c", "c"], ["b", "b", "c", "c", "a", "a"]
    assert blocks(before, after) == [tuple(block) for block in SequenceMatcher(None, before, after).get_matching_blocks() if block.size]
