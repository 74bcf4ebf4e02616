"""What others wrote is harmless on a terminal, and fits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.cli.text import age, cut, duration, harmless, one_line, size, table, width_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07after", "after"),
        ("\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;c2VjcmV0\x07", ""),
        ("\x9b2Jgone", "gone"),
        ("\x1b[2J\x1b[H\x1bcstart", "start"),
        ("never ended \x1b]0;title", "never ended "),
        ("bell\x07 back\x08space", "bell backspace"),
        ("over\rwritten", "overwritten"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("two\r\nlines", "two\nlines"),
        ("a\tb", "a   b"),
        ("Ünïcode 漢字 ✓", "Ünïcode 漢字 ✓"),
    ],
)
def test_terminal_sequences_are_removed(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(st.text(st.one_of(st.characters(), st.sampled_from("\x1b[]0;m\x07\x9b\x9d\\HJ"))))
def test_nothing_that_acts_is_left(text: str) -> None:
    assert not [char for char in harmless(text) if char != "\n" and unicodedata.category(char) == "Cc"]
    assert "\n" not in one_line(text)


@given(st.text(), st.integers(0, 30))
def test_cutting_keeps_to_the_width(text: str, width: int) -> None:
    shown = cut(one_line(text), width)
    assert width_of(shown) <= width


def test_cutting_says_so() -> None:
    assert cut("pagination", 6) == "pagin…"
    assert cut("pagination", 6, "...") == "pag..."
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("short", 6) == "short"


def test_a_table_fits_the_width_and_leaves_out_empty_columns() -> None:
    rows = [("#1", "", "A title that is much too long for this terminal", "Sprint 1"), ("#20", "", "Short", "")]
    assert table(rows, width=30, flexible=2) == ["#1   A title that i…  Sprint 1", "#20  Short"]
    assert table([], width=30, flexible=0) == []


def test_durations() -> None:
    assert [duration(seconds) for seconds in (-1, 0.4, 59, 60, 3599, 3600, 7500)] == [
        "0 s",
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h 0 min",
        "2 h 5 min",
    ]


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (1536, "1.5 KB"), (20_000, "20 KB"), (3_000_000, "2.9 MB"), (5 * 1024**3, "5 GB")],
)
def test_bytes_as_a_person_says_them(count: int, said: str) -> None:
    assert size(count) == said


def test_an_age_is_told_in_days_from_two_days_on() -> None:
    assert [age(hours * 3600) for hours in (1, 47, 48, 24 * 40)] == ["1 h 0 min", "47 h 0 min", "2 days", "40 days"]
