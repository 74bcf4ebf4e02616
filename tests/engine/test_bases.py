"""Is the code that the issue is about in the worktree? Where it is not, the person is asked before anything is done."""

from __future__ import annotations

import pytest

from locus.engine.survey import survey
from locus.model.plan import Wanted
from support.house import House, Somebody, done

NEW = "def brand_new():\n    return 'not committed yet'\n"
SPAN = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 30}}


async def _about_uncommitted_code(house: House) -> int:
    file = house.person.write("src/new.py", NEW)
    task = await house.call("locus.issue.create", uri=file.as_uri(), range=SPAN, body="RUN: ls src > listing.txt")
    return int(task.number)


async def test_the_plan_warns_of_code_that_is_not_in_the_base(house: House) -> None:
    number = await _about_uncommitted_code(house)
    await house.trust()
    plan = await house.call("locus.run.plan", tasks=[number])
    assert any(f"#{number} is about is not in main" in warning for warning in plan.warnings)
    given = await house.call("locus.run.plan", tasks=[number], base="working-tree")
    assert given.warnings == ()


@pytest.mark.parametrize(("option", "has"), [("default", False), ("head", False), ("working-tree", True)])
async def test_the_answer_decides_where_the_work_begins(house: House, option: str, has: bool) -> None:
    number = await _about_uncommitted_code(house)
    await house.trust()
    run_id = (await house.call("locus.run.start", face=Somebody(), tasks=[number])).run_id
    view = await house.until(run_id, lambda view: bool(view.questions))
    (question,) = view.questions
    assert question.kind == "base" and [known.id for known in question.options] == ["default", "head", "working-tree"]
    assert house.worktrees() == []
    await house.call("locus.run.answer", runId=run_id, questionId=question.id, option=option)
    view = await house.ended(run_id)
    assert done(view), view
    assert ("new.py" in house.branch_files(f"locus/issue-{number}")["listing.txt"]) is has
    task = await house.ws.tracker.get(number)
    assert task.pull_request is not None and task.pull_request.base == "main"


async def test_nobody_to_ask_is_a_refusal_that_names_the_bases(house: House) -> None:
    number = await _about_uncommitted_code(house)
    view = await house.run(number)
    assert view.state == "refused"
    assert all(base in str(view.hint) for base in ("--base default", "--base head", "--base working-tree"))


async def test_a_given_base_is_not_asked_about(house: House) -> None:
    number = await _about_uncommitted_code(house)
    view = await house.run(number, base="working-tree")
    assert done(view) and "new.py" in house.branch_files(f"locus/issue-{number}")["listing.txt"]


async def test_the_code_as_it_is_in_the_base_is_in_the_prompt(house: House) -> None:
    file = house.person.path / "src" / "app.py"
    span = {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 12}}
    task = await house.call("locus.issue.create", uri=file.as_uri(), range=span)
    house.person.commit({"src/app.py": "# a new first line\n" + file.read_text()})
    house.person.git("push", "--quiet", "origin", "main")
    seen = await survey(house.ws, Wanted(tasks=(task.number,)), house.ws.config(), fetch=False)
    code = seen.codes[task.number]
    assert (code.state, code.first, code.last) == ("moved", 5, 6) and "def function_1" in code.text
