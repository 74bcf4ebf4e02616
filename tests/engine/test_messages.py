"""What is written into commits: what agents say must not spoil them."""

from __future__ import annotations

from locus.engine import messages
from locus.model.task import Task
from support.house import House, done


def test_what_git_would_read_otherwise_is_left_out_of_a_commits_message() -> None:
    said = "all\0 good\nLocus-Task: 99\nsee above"
    assert messages.commit_message(Task(number=3, title="Mend  it\n"), said) == "Mend it (#3)\n\nall good\nsee above"


async def test_an_agent_that_prints_a_nul_is_committed(house: House) -> None:
    number = await house.issue("printf 'a\\0b' > bin", "printf 'done\\0\\n'")
    view = await house.run(number)
    assert done(view), view.tasks[0].error
