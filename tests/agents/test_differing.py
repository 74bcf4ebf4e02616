"""Diffs of what agents write: right, and in a moment however large the file is."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from locus.agents.differing import diff

LONG = [f"line {number}" for number in range(20_000)]


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LONG, [*LONG[:9000], "new", *LONG[9001:]]),
        (LONG, [*LONG[:5], "a", "b", *LONG[5:12_000], *LONG[12_003:12_500], *LONG[12_500:]]),
        (LONG[:40], ["first", *LONG[:40]]),
        (LONG[:40], [*LONG[:40], "last"]),
        (["a", "b", "a"], ["a", "b", "a", "b", "a"]),
        (["a", "b"], []),
        ([], ["a", "b"]),
    ],
    ids=["middle", "two places", "before it", "behind it", "repeated", "emptied", "filled"],
)
def test_what_is_shown_is_what_git_would_apply(tmp_path: Path, before: list[str], after: list[str]) -> None:
    file = tmp_path / "a.txt"
    file.write_text(text(before))
    shown = diff(text(before), text(after), "a.txt")
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=tmp_path, input=f"{shown}\n".encode(), check=True)
    assert file.read_text() == text(after)
    assert shown.count("\n") < 40


def test_the_same_is_no_difference() -> None:
    assert diff("a\nb\n", "a\nb\n", "a.txt") == ""


def test_a_new_file_comes_from_nowhere() -> None:
    assert diff(None, "a\n", "a.txt") == "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+a"


EVERYWHERE = [line if number % 5 else f"new {number}" for number, line in enumerate(LONG)]


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        (LONG, EVERYWHERE, 4000),
        (LONG, LONG[::-1], 19_999),
        ([f"{number % 150}" for number in range(20_000)], [f"{number % 149}" for number in range(20_000)], 19_851),
    ],
    ids=["changed everywhere", "turned around", "the same lines over and over"],
)
def test_a_large_file_takes_a_moment(before: list[str], after: list[str], added: int) -> None:
    """The runner's event loop stands still meanwhile: it did for two minutes."""
    began = time.process_time()
    shown = diff(text(before), text(after), "a.txt")
    assert time.process_time() - began < 5
    assert shown.count("\n+") == added + 1
