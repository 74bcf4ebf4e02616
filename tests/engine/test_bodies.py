"""What a pull request says of very many tasks: GitHub takes no body that is longer than its limit."""

from __future__ import annotations

import pytest

from locus.engine.bodies import LIMIT, Entry, Part
from locus.model.body import closes
from locus.model.events import Accepted

ACCEPTED = Accepted(
    attempt=2, tree="t", verified=("pytest",), agent="claude", agent_kind="claude", model="m-1", tokens=123_456, cost_usd=1.25
)


def part(run: str, count: int, title: str = "Fix it", accepted: Accepted | None = ACCEPTED) -> Part:
    return Part(run, tuple(Entry(number, title, "claude", accepted) for number in range(1, count + 1)), heading="Sprint: s")


@pytest.mark.parametrize(("count", "length"), [(3, 250), (330, 80), (500, 256), (3000, 256)])
def test_a_sprint_of_many_tasks_closes_all_of_them_within_the_limit(count: int, length: int) -> None:
    title = "x" * length
    first = part("run-1", count, title).fresh(None)
    again = part("run-2", count + 1, title).into(f"{first}\n\nA person's words.")
    for body, number in ((first, count), (again, count + 1)):
        assert len(body) <= LIMIT
        assert closes(body) == tuple(range(1, number + 1))
    assert again.endswith("A person's words.")
    assert ("Verified: pytest" in first) == (count < 100)
    assert (title in first) == (count < 400)


def test_what_a_person_has_written_takes_room_too() -> None:
    first = part("run-1", 100, "x" * 100).fresh(None)
    assert "Verified: pytest" in first
    again = part("run-2", 100, "x" * 100).into(f"{first}\n\n{'words ' * 7500}")
    assert len(again) <= LIMIT and "Verified: pytest" not in again and closes(again) == tuple(range(1, 101))
