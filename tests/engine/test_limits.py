"""An agent that takes too long, or says nothing for too long, is ended, and the message says what to do."""

from __future__ import annotations

import pytest

from locus import process
from support.house import House, states


@pytest.mark.parametrize(
    ("settings", "script", "words"),
    [
        ({"agent_idleTimeout": 0.3}, "sleep 600", "said nothing for 0.3 s"),
        ({"agent_timeout": 0.5, "agent_idleTimeout": 60}, "while :; do echo still here; sleep 0.1; done", "still working after 0.5 s"),
    ],
)
async def test_an_agent_out_of_time_is_ended(house: House, settings: dict[str, object], script: str, words: str) -> None:
    house.configure(**settings)
    number = await house.issue("echo half > half.txt", script)
    view = await house.run(number)
    assert states(view) == ["failed"] and words in str(view.tasks[0].error)
    assert "agent." in str(view.tasks[0].hint)
    assert not process.leftovers(view.id)
    assert (house.ws.repo.worktrees_dir / f"issue-{number}" / "half.txt").exists()


async def test_a_verification_out_of_time_has_failed(house: House) -> None:
    house.configure(verify=[{"name": "slow", "run": "echo begun; sleep 600", "timeout": 0.3}], agent_maxAttempts=1)
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "slow" in str(view.tasks[0].error)
    assert not process.leftovers(view.id)
