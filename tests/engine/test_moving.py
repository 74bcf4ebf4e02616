"""`locus tracker push`: the tasks of the embedded tracker become issues on GitHub, once, whatever comes between."""

from __future__ import annotations

import json

import pytest

from locus import locks
from locus.engine import store
from locus.errors import LocusError, NotFound, Refused
from locus.model.body import closes
from locus.model.task import TaskFilter
from support.github.direct import line
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import TOKEN, GitHub
from support.github.house import labels, pulls
from support.github.moving import branch_with_pull, house, issues, push, some, text
from support.house import House, Nobody, Somebody, done

__all__ = ["demo", "gh", "github", "house", "line", "short_folder", "wire"]


async def test_everything_becomes_an_issue_with_all_it_had(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    await house.call("locus.sprint.activate", name="Sprint 1")
    moved = await push(house, yes=True)
    assert moved.done and [(task.number, task.moved_to) for task in moved.tasks] == [(1, 2), (2, 3), (3, 4), (4, 5)]

    _, first, second, third, never = issues(demo.repository)
    assert (first.title, labels(demo, first)) == ("Fix the pager", {"area:ui", "locus:in-review", "p:high", "type:bug"})
    assert (second.title, text(second)) == ("After #2 and #4", "See #2, #4 and #77, not `#1`.")
    assert text(third) == "```\n#1\n```\nafter #3"
    assert (labels(demo, third), labels(demo, second)) == ({"locus:queued", "order:1"}, {"locus:queued", "order:2"})
    assert (never.state, never.state_reason, first.state) == ("closed", "not_planned", "open")
    said = [comment.body.split("\n\n")[1:] for comment in first.comments]
    assert [words[0] for words in said] == ["Is #3 the same?", "No."] and "<!-- locus:done r 1 1 -->" in said[1]
    sprint, old = demo.repository.milestones.values()
    assert (sprint.title, sprint.state, {second.milestone, third.milestone}) == ("Sprint 1", "open", {sprint.number})
    assert (old.title, old.state, (old.due_on or "")[:10], old.description) == ("Old", "closed", "2026-01-31", "What was")

    assert house.ws.tracker.keeper == "octo/demo" and house.ws.active_sprint() == "Sprint 1"
    assert (await house.call("locus.sprint.show", name="Sprint 1")).tasks == (4, 3)
    assert len(await house.ws.embedded.tasks(TaskFilter(state="all"))) == 4
    kept = json.loads((house.ws.state / "moved.json").read_text())
    assert {number: task["there"] for number, task in kept["tasks"].items()} == {"1": 2, "2": 3, "3": 4, "4": 5}


async def test_a_preview_says_it_all_and_writes_nothing(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    before = github.dump()
    with github.counting() as counted:
        move = await push(house, dry_run=True)
    assert not counted.writes and github.dump() == before and not list(house.ws.state.glob("mov*.json"))
    assert (move.to, move.done, [sprint.name for sprint in move.sprints]) == ("octo/demo", False, ["Sprint 1", "Old"])
    first = move.tasks[0]
    assert (first.status, first.priority, first.type, first.labels, first.comments, first.moved_to) == (
        "in-review", "high", "bug", ("area:ui",), 2, None,
    )  # fmt: skip
    assert {"locus:queued", "area:ui", "order:2"} <= set(move.labels) and len(move.labels) == 15 + 3
    assert house.ws.tracker.keeper == "local"


async def test_what_is_on_the_remote_gets_its_pull_request(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    opened, here, merged = [await branch_with_pull(house, demo, number, pushed=number != 2) for number in (1, 2, 3)]
    await house.ws.tracker.update_pull(merged, state="merged")
    await house.ws.tracker.comment(1, f"Pull request: #{opened}, not #{merged}")
    move = await push(house, dry_run=True)
    assert [(pull.number, pull.stays) for pull in move.pulls] == [
        (opened, None),
        (here, "its branch is not on origin: `git push origin locus/issue-2`, then `locus tracker push`"),
        (merged, "it is merged"),
    ]
    assert move.branches == ("locus/issue-1", "locus/issue-2", "locus/issue-3")
    moved = await push(house, yes=True)
    (pull,) = pulls(demo)
    assert (pull.title, text(pull), labels(demo, pull)) == ("Work (#2)", "Closes #2\n\nafter #3", {"agent:managed"})
    assert [each.moved_to for each in moved.pulls] == [pull.number, None, None]
    comment = demo.repository.issues[2].comments[-1].body
    assert comment.endswith(f"Pull request: #{pull.number}, not `#{merged}`\n\n{comment[comment.rindex('<!--') :]}")
    task = await house.call("locus.issue.show", number=2)
    assert task.pull_request is not None and task.pull_request.branch == "locus/issue-1"
    assert demo.person.look("for-each-ref", "--format=%(refname)", "refs/heads/locus").split() == [
        f"refs/heads/locus/issue-{number}" for number in (1, 2, 3)
    ]


async def test_a_milestone_of_the_same_branch_is_joined(house: House, demo: Demo, github: GitHub) -> None:
    there = github.milestone(demo.repository, "sprint-1")
    github.issue(demo.repository, "Theirs", labels=["order:3"], milestone=there.number)
    numbers = [await house.issue(title=title) for title in ("a", "b")]
    await house.sprint("Sprint 1", *reversed(numbers))
    await house.call("locus.sprint.activate", name="Sprint 1")
    move = await push(house, yes=True)
    assert [(sprint.joins, sprint.after) for sprint in move.sprints] == [("sprint-1", 3)]
    assert len(demo.repository.milestones) == 1
    assert [(number, (await house.call("locus.issue.show", number=number)).order) for number in (1, 3, 2)] == [(1, 3), (3, 4), (2, 5)]
    assert house.ws.active_sprint() == "sprint-1"


async def test_the_person_is_asked_where_that_is_possible(house: House, demo: Demo) -> None:
    await house.issue(title="a")

    class Person(Somebody):
        def __init__(self, answer: str | None) -> None:
            self.answer = answer

        async def choose(self, message: str, choices: list[str]) -> str | None:
            assert "Move the task of this repository to octo/demo" in message and choices == ["Move them"]
            return self.answer

    assert not (await house.call("locus.tracker.push", face=Person(None))).done and issues(demo.repository) == []
    with pytest.raises(Refused, match="needs a yes"):
        await house.call("locus.tracker.push", face=Nobody())
    assert (await house.call("locus.tracker.push", face=Person("Move them"))).done and len(issues(demo.repository)) == 1


async def test_what_keeps_it_from_moving_is_said_before_anything_is_written(house: House, demo: Demo, github: GitHub) -> None:
    await house.issue(title="a")

    async def refused(words: str, hint: str = "") -> None:
        for given in ({"dry_run": True}, {"yes": True}):
            with github.counting() as counted, pytest.raises(LocusError) as error:
                await push(house, **given)
            assert words in error.value.message and hint in (error.value.hint or ""), error.value
            assert not counted.writes and not (house.ws.state / "moving.json").exists()

    demo.person.git("remote", "set-url", "origin", "https://git.example.org/octo/demo.git")
    await refused("git.example.org, which is not known to be a GitHub", "gh auth login --hostname git.example.org")
    demo.person.git("remote", "remove", "origin")
    await refused("this repository has no remote", "git remote add origin")
    demo.person.git("remote", "add", "origin", "https://github.com/octo/demo.git")
    house.configure(tracker="local")
    await refused('the configuration says that tasks live here ("tracker": "local")', 'set "tracker" to "auto"')
    house.configure()
    github.log_out()
    await refused("gh has no valid login at github.com", "gh auth login")
    github.log_in()
    demo.repository.has_issues = False
    await refused("octo/demo has its issues switched off", "--enable-issues")
    demo.repository.has_issues, demo.repository.archived = True, True
    await refused("octo/demo is archived")
    demo.repository.archived = False
    github.user("eve", token="of-eve")
    github.world.tokens[TOKEN] = "eve"
    await refused("you may not write to octo/demo", "ask for write access")
    github.world.tokens[TOKEN] = "octo"
    run_id = await house.request(1)
    with await locks.lock(house.ws.runs / run_id / store.LOCK):
        await refused(f"a run is going on with tasks that are to be moved: {run_id}", "locus stop")
    await house.call("locus.issue.update", number=1, body="x" * 70_000)
    with pytest.raises(Refused, match="the text of #1 has 70000 characters"):
        await push(house, yes=True)
    await house.call("locus.issue.update", number=1, body="x")
    assert (await push(house, yes=True)).done


async def test_a_run_of_before_is_not_taken_for_one_of_the_issue_with_its_number(house: House, demo: Demo, github: GitHub) -> None:
    github.issue(demo.repository, "Somebody else's")
    number = await house.issue("exit 3", title="Bad")
    failed = await house.run(number)
    assert failed.keeper == "local"
    (warning,) = (await push(house, yes=True)).warnings
    assert f"`locus run --resume {failed.id}` finishes it first" in warning
    with pytest.raises(Refused, match="is of tasks that were in this repository; they are in octo/demo now"):
        await house.call("locus.run.resume", run_id=failed.id)
    with pytest.raises(Refused, match="no unfinished run"):
        await house.call("locus.run.resume")
    with pytest.raises(NotFound, match="has not been run yet"):
        await house.call("locus.task.diff", number=1)


async def test_work_goes_on_there(house: House, demo: Demo, github: GitHub) -> None:
    """The issue of another one's old number has another one's branch in its way."""
    github.issue(demo.repository, "Somebody else's", "RUN: echo b > b.txt")
    assert done(await house.run(await house.issue("echo a > a.txt", title="Add a")))
    await push(house, yes=True)
    view = await house.run(1, 2)
    assert done(view), view
    assert [task.branch for task in view.tasks] == ["locus/issue-1-2", "locus/issue-2"]
    made = {pull.pull.head: closes(pull.body or "") for pull in pulls(demo) if pull.pull is not None}
    assert made == {"locus/issue-1": (2,), "locus/issue-1-2": (1,), "locus/issue-2": (2,)}


async def test_a_sprint_that_is_half_done_goes_on_on_its_branch(house: House, demo: Demo, github: GitHub) -> None:
    github.issue(demo.repository, "Somebody else's")
    numbers = [await house.issue(f"echo {name} > {name}.txt", title=f"Add {name}") for name in "ab"]
    await house.sprint("Sprint 1", numbers[0])
    assert done(await house.run(sprint="Sprint 1"))
    await house.call("locus.sprint.order", name="Sprint 1", tasks=numbers)
    await push(house, yes=True)
    (pull,) = pulls(demo)
    assert closes(pull.body or "") == (2,)
    assert done(await house.run(sprint="Sprint 1"))
    assert pulls(demo) == [pull] and closes(pull.body or "") == (2, 3)
    assert house.subjects("locus/sprint-sprint-1") == ["Add a (#1)", "Add b (#3)"]
