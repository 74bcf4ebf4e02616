"""A task with the real Claude Code, from the issue to the branch."""

from __future__ import annotations

import pytest

from support.claude import Claude
from support.house import House, done
from support.models.anthropic import says, uses
from support.repos import NewPerson

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
