"""A task with the real Claude Code, from the issue to the branch."""

from __future__ import annotations

import pytest

from locus.engine import limits
from support.claude import Claude
from support.house import House, done, states
from support.models.anthropic import Refusal, Step, says, tool, uses
from support.repos import NewPerson
from support.scripted import launched

__all__ = ["launched"]
pytestmark = pytest.mark.agents


async def test_what_verification_finds_goes_back_to_the_same_session(claude: Claude, new_person: NewPerson) -> None:
    script = claude.script(
        uses("Write", file_path="{cwd}/first.txt", content="first\n"),
        says("I think that this is all."),
        uses("Write", file_path="{cwd}/second.txt", content="second\n"),
        says("Now it is."),
    )
    profile = claude.profile(script).model_dump(exclude_defaults=True)
    checks = [{"name": "both", "run": "test -e second.txt || { echo 'second.txt is missing'; exit 1; }"}]
    house = House(new_person(), {"agents": {"claude": profile}, "verify": checks})
    task = await house.issue(title="Write two files")
    view = await house.run(task)
    assert done(view), view
    files = house.branch_files(f"locus/issue-{task}")
    assert (files["first.txt"], files["second.txt"]) == ("first", "second")
    assert "Write two files" in claude.requests[0].text
    second = claude.requests[2].text
    assert second.index("Write two files") < second.index("I think that this is all.") < second.rindex("second.txt is missing")


async def test_a_provider_that_was_too_busy_for_claude_is_tried_again_in_its_session(
    claude: Claude, new_person: NewPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LADDER", (0.2,))
    monkeypatch.setattr(limits, "_AGAIN", 0.1)
    write = tool("Write", file_path="{cwd}/second.txt", content="second\n")
    script = claude.script(
        uses("Write", file_path="{cwd}/first.txt", content="first\n"),
        Step((write,), refusal=Refusal(529, "overloaded_error", "too many of you", times=2)),
        says("Both are written."),
    )
    profile = claude.profile(script, {"CLAUDE_CODE_MAX_RETRIES": "1"}).model_dump(exclude_defaults=True)
    house = House(new_person(), {"agents": {"claude": profile}})
    task = await house.issue(title="Write two files")
    view = await house.run(task)
    assert done(view), view
    assert {"first.txt", "second.txt"} <= house.branch_files(f"locus/issue-{task}").keys()
    assert [one.outcome for one in view.tasks[0].attempts] == ["busy", "ok"]
    assert claude.requests[-1].text.count("Write two files") == claude.requests[0].text.count("Write two files")


async def test_an_answer_that_comes_late_takes_the_task_up_in_its_session(
    claude: Claude, new_person: NewPerson, launched: list[str]
) -> None:
    """Nobody answers in time: Claude is interrupted and its task blocked. The answer is for the same command when it is asked again."""
    command = "printf %s $((1 + 1)) > sum.txt"
    script = claude.script(
        uses("Write", file_path="{cwd}/first.txt", content="first\n"),
        uses("Bash", command=command, description="adds up"),
        says("That Claude was interrupted counts as a turn of the model, which nobody asks for."),
        uses("Bash", command=command, description="adds up, once more"),
        says("It is two."),
    )
    profile = claude.profile(script).model_dump(exclude_defaults=True)
    house = House(new_person(), {"agents": {"claude": profile}, "question": {"timeout": 1.0}})
    task = await house.issue(title="Add it up")
    view = await house.run(task)
    assert states(view) == ["blocked"], view
    (question,) = view.questions
    assert command in question.title and question.input is not None and question.input["command"] == command
    await house.call("locus.run.answer", runId=view.id, questionId=question.id, option="once")
    assert launched == [view.id]
    view = await house.carry_on(view.id)
    assert done(view), view
    files = house.branch_files(f"locus/issue-{task}")
    assert (files["first.txt"], files["sum.txt"]) == ("first", "2")
    resumed = claude.requests[-1].text
    assert resumed.index("Add it up") < resumed.index("You were interrupted") and "Allow once" in resumed
    assert view.tasks[0].cost_usd and len(view.tasks[0].attempts) == 2
