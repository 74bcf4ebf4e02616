"""Lines of one version of a file in another: equal ones are found, others are pointed at from near by, and nothing is out of bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from locus.anchors.carried import Carried, Carrier

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "}"]), max_size=12)


def test_lines_move_with_what_stands_above_them() -> None:
    carrier = Carrier(["one", "two", "three", "four", "five"], ["zero", "one", "two", "THREE", "four", "five"])
    assert [carrier.line(at) for at in range(5)] == [
        Carried(1, same=True),
        Carried(2, same=True),
        Carried(3, same=False),
        Carried(4, same=True),
        Carried(5, same=True),
    ]


def test_what_only_the_other_version_has_is_shown_where_it_would_stand() -> None:
    assert Carrier(["a", "new", "newer", "b"], ["a", "b"]).line(2) == Carried(1, same=False)
    assert Carrier(["a"], []).line(0) == Carried(0, same=False)
    assert Carrier(["a", "b"], ["a", "b"]).line(99) == Carried(1, same=True)


def test_files_that_have_little_in_common_are_not_compared_for_long() -> None:
    before, after = [f"before {at}" for at in range(50_000)], [f"after {at}" for at in range(50_000)]
    assert Carrier(["head", *before, "foot"], ["head", *after, "foot"]).line(50_001) == Carried(50_001, same=True)


@given(LINES, LINES, st.integers(-3, 15))
def test_it_is_always_a_line_of_the_other_version(before: list[str], after: list[str], line: int) -> None:
    found = Carrier(before, after).line(line)
    assert 0 <= found.line < max(1, len(after))
    if found.same:
        assert after[found.line] == before[min(max(0, line), len(before) - 1)]
    assert all(Carrier(before, before).line(at) == Carried(at, same=True) for at in range(len(before)))
