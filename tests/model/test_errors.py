"""Expected failures are told from bugs, also where several things were done at once."""

from __future__ import annotations

import pytest

from locus.errors import LocusError, expected

FULL, GONE = LocusError("the disk is full"), LocusError("it is gone")


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (FULL, FULL),
        (ExceptionGroup("tasks", [FULL, GONE]), FULL),
        (ExceptionGroup("tasks", [ExceptionGroup("commands", [GONE]), FULL]), GONE),
        (KeyError("a bug"), None),
        (ExceptionGroup("tasks", [FULL, KeyError("a bug")]), None),
        (ExceptionGroup("tasks", [FULL, ExceptionGroup("commands", [GONE, KeyError("a bug")])]), None),
    ],
)
def test_an_expected_failure_is_found_unless_there_is_a_bug_as_well(error: Exception, found: LocusError | None) -> None:
    assert expected(error) is found
