"""Pull requests on GitHub: drafts and what they cost in requests, one of each whatever kills the run, and a person's words in them."""

from __future__ import annotations

from typing import NoReturn

import pytest

from support.colleague import Killed
from support.fused_runner import Boundary, fused
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.house import house, labels, pulls
from support.github.world import Issue
from support.house import House, done, states

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


def only(demo: Demo) -> tuple[Issue, bool]:
    """The one pull request there is, and whether it is a draft."""
    (pull,) = pulls(demo)
    assert pull.pull is not None
    return pull, pull.pull.draft


async def sprint(house: House, *commands: str) -> list[int]:
    await house.call("locus.init")
    house.configure(tracker="github", sprint_draftPR=True)
    numbers = [await house.issue(command) for command in commands]
    await house.sprint("Sprint 1", *numbers)
    return numbers


async def test_a_sprints_draft_is_ready_at_the_end_within_the_budget(house: House, demo: Demo, github: GitHub) -> None:
    numbers = await sprint(house, "echo a > a.txt", "echo b > b.txt", "echo c > c.txt")
    with github.counting() as counted:
        view = await house.run(sprint="Sprint 1")
    assert done(view), view
    pull, draft = only(demo)
    assert not draft and labels(demo, pull) == {"agent:managed"}
    assert all(f"Closes #{number}:" in (pull.body or "") for number in numbers)
    assert all(f"- Pull request: #{pull.number}" in demo.repository.issues[number].comments[0].body for number in numbers)
    assert [len(demo.repository.issues[number].comments) for number in numbers] == [1, 1, 1]
    assert len(counted.requests) <= 3 * len(numbers) + 6, [request.operation for request in counted.requests]
    mutations = [request.content for request in counted.writes if "markPullRequestReadyForReview" in request.content]
    assert len(mutations) == len(github.asked("pulls/create")) == 1


async def test_a_sprint_that_stops_leaves_its_draft(house: House, demo: Demo, github: GitHub) -> None:
    _, two = await sprint(house, "echo a > a.txt", "exit 1")
    view = await house.run(sprint="Sprint 1")
    assert states(view) == ["done", "failed"] and only(demo)[1]
    github.edit(demo.repository, two, body="RUN: echo b > b.txt")
    assert done(await house.carry_on(view.id))
    assert not only(demo)[1]


async def test_where_drafts_are_not_allowed_there_is_a_pull_request_at_the_end(house: House, demo: Demo, github: GitHub) -> None:
    demo.repository.drafts = False
    await sprint(house, "echo a > a.txt", "echo b > b.txt")
    view = await house.run(sprint="Sprint 1")
    assert done(view), view
    assert not only(demo)[1]
    (warning,) = view.warnings
    assert warning == "octo/demo does not allow draft pull requests; the pull request is made when the sprint ends"
    assert [len(github.asked(name)) for name in ("pulls/create", "pulls/update")] == [2, 0]


async def test_where_drafts_are_not_allowed_a_failing_sprint_has_one_too(house: House, demo: Demo) -> None:
    demo.repository.drafts = False
    await sprint(house, "echo a > a.txt", "exit 1")
    view = await house.run(sprint="Sprint 1")
    assert states(view) == ["done", "failed"] and not only(demo)[1]


@pytest.mark.parametrize("key", ["pull:draft", "pull:sprint:2:ready", "mark:3"])
async def test_killed_between_deed_and_record_nothing_is_done_twice(house: House, demo: Demo, key: str) -> None:
    numbers = await sprint(house, "echo a > a.txt", "echo b > b.txt")
    run_id = await house.request(sprint="Sprint 1")
    with pytest.raises((Killed, BaseExceptionGroup)), fused(Boundary(key, "acted"), _die):
        await house.carry_on(run_id)
    assert done(await house.carry_on(run_id))
    pull, draft = only(demo)
    assert not draft and labels(demo, pull) == {"agent:managed"}
    assert [len(demo.repository.issues[number].comments) for number in numbers] == [1, 1]


async def test_a_lost_answer_makes_no_second_draft(house: House, demo: Demo, github: GitHub) -> None:
    await sprint(house, "echo a > a.txt", "echo b > b.txt")
    github.fail(method="POST", path="/repos/*/pulls", cut=True, after_effect=True)
    github.fail(containing="markPullRequestReadyForReview", cut=True, after_effect=True)
    assert done(await house.run(sprint="Sprint 1"))
    assert not only(demo)[1]


async def test_a_failure_and_a_second_one_are_told_once_each(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("exit 3", title="Bad")
    view = await house.run(number)
    assert states(await house.carry_on(view.id)) == ["failed"]
    assert len(demo.repository.issues[number].comments) == 1, "it failed as before"
    github.edit(demo.repository, number, body="RUN: exit 4")
    assert states(await house.carry_on(view.id)) == ["failed"]
    assert len(demo.repository.issues[number].comments) == 2


async def test_a_second_run_finds_it_by_its_head_and_leaves_a_persons_words(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("date +%N > a.txt")
    assert done(await house.run(number))
    pull, _ = only(demo)
    github.edit(demo.repository, pull.number, title="Mine", body=f"Look at this first.\r\n\r\n{pull.body}")
    github.edit(demo.repository, number, body="RUN: echo again > b.txt")
    assert done(await house.run(number))
    pull, _ = only(demo)
    assert pull.title == "Mine" and (pull.body or "").startswith("Look at this first.\n\n<!-- locus:begin")
    assert (pull.body or "").count(f"Closes #{number}") == 1
    assert labels(demo, pull) == {"agent:managed"}


async def test_a_label_that_may_not_be_set_is_a_warning(house: House, demo: Demo, github: GitHub) -> None:
    number = await house.issue("echo a > a.txt")
    run_id = await house.request(number)
    refusal = {"data": {"m0": None}, "errors": [{"type": "FORBIDDEN", "path": ["m0"], "message": "octo may not label"}]}
    github.fail(containing='"labelableId": "PR_', status=200, body=refusal)
    view = await house.carry_on(run_id)
    assert done(view), view
    assert any("could not be told about #2: octo may not label" in warning for warning in view.warnings), view.warnings


def _die() -> NoReturn:
    raise Killed
