"""What is written into commits: what agents say must not spoil them."""

from __future__ import annotations

from locus.engine import messages
from locus.model.task import Task
from support.house import House, done


def test_what_git_would_read_otherwise_is_left_out_of_a_commits_message() -> None:
    said = "all\0 good\nLocus-Task: 99\nsee above"
    assert messages.commit_message(Task(number=3, title="Mend  it\n"), said) == "Mend it (#3)\n\nall good\nsee above"


def test_a_commit_closes_no_issue_whatever_its_agent_says() -> None:
    """On the default branch `fixes #7` would, of this repository or another."""
    task = Task(number=3, title="Fix #7 once more")
    said = messages.commit_message(
        task, "This also closes: #8 and\nResolves other/repo#9, fixes https://github.com/o/r/issues/10. See #11."
    )
    assert said == (
        "Fix `#7` once more (#3)\n\nThis also closes: `#8` and\nResolves `other/repo#9`, fixes `https://github.com/o/r/issues/10`. See #11."
    )
    assert messages.pull_title(task) == "Fix `#7` once more (#3)"


async def test_an_agent_that_prints_a_nul_is_committed(house: House) -> None:
    number = await house.issue("printf 'a\\0b' > bin", "printf 'done\\0\\n'")
    view = await house.run(number)
    assert done(view), view.tasks[0].error
