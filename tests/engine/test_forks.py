"""Whole runs of a person who works on a fork: the branch is theirs, issue and pull request are upstream's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from locus.tracker.github import lost
from support.github.fixtures import demo, gh, github, short_folder, wire
from support.github.forks import Fork, fork, new_fork
from support.github.github import GitHub
from support.github.world import Issue
from support.house import House, done
from support.repos import all_refs

__all__ = ["demo", "fork", "gh", "github", "new_fork", "short_folder", "wire"]


@pytest.fixture
def new_house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., House]]:
    monkeypatch.setattr(lost, "_PAUSES", (0.05,))
    made: list[House] = []

    def make(fork: Fork, **config: object) -> House:
        made.append(House(fork.person, config))
        return made[-1]

    yield make
    for each in made:
        each.end_runs()


def only_pull(fork: Fork) -> Issue:
    assert not fork.own.issues
    (pull,) = [issue for issue in fork.upstream.issues.values() if issue.pull is not None]
    return pull


async def test_issue_and_pull_request_are_upstream_and_the_branch_is_on_the_fork(
    new_house: Callable[..., House], fork: Fork, github: GitHub
) -> None:
    house = new_house(fork)
    await house.ws.settle()
    assert house.ws.tracker.keeper == "octo/demo" and house.ws.tracker_reason.endswith("pull requests come from ada's fork")
    fork.person.commit_on_remote({"newer.txt": "upstream's\n"})
    number = await house.issue("cat newer.txt > a.txt", title="Add a")
    view = await house.run(number)
    assert done(view), view
    pull = only_pull(fork)
    assert pull.user == "ada" and pull.pull is not None
    assert (pull.pull.head_repository, pull.pull.head, pull.pull.base) == (fork.own.id, "locus/issue-1", "main")
    assert {label.name for label in fork.upstream.labels_of(pull)} == {"agent:managed"}
    assert "refs/heads/locus/issue-1" in all_refs(fork.bare)
    assert fork.upstream.bare is not None and "refs/heads/locus/issue-1" not in all_refs(fork.upstream.bare)
    assert house.branch_files("locus/issue-1")["a.txt"] == "upstream's", "the work began on upstream's newest"
    assert [request.body["head"] for request in github.asked("pulls/create")] == ["ada:locus/issue-1"]

    github.edit(fork.upstream, number, body="RUN: echo again > b.txt")
    assert done(await house.run(number))
    assert only_pull(fork).number == pull.number, "found by its head"
    assert {request.query["head"] for request in github.asked("pulls/list")} == {"ada:locus/issue-1"}
    assert len(github.asked("repos/get")) == 1, "asked once, then it is on record"


async def test_a_sprint_of_a_fork_goes_on_where_its_draft_is(new_house: Callable[..., House], fork: Fork) -> None:
    house = new_house(fork, sprint_draftPR=True)
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in "ab"]
    await house.sprint("S", *numbers)
    assert done(await house.run(sprint="S"))
    pull = only_pull(fork)
    assert pull.pull is not None and not pull.pull.draft, "its author may say that it is ready"


async def test_upstream_is_known_from_github_where_it_is_no_remote(new_house: Callable[..., House], new_fork: Callable[..., Fork]) -> None:
    fork = new_fork(remote=False)
    house = new_house(fork)
    assert done(await house.run(await house.issue("echo a > a.txt")))
    assert only_pull(fork).user == "ada"


async def test_who_may_only_read_upstream_works_without_labels(new_house: Callable[..., House], new_fork: Callable[..., Fork]) -> None:
    fork = new_fork(role=None)
    house = new_house(fork, agent_autoLabel=False)
    await house.ws.settle()
    fork.upstream.permissions["ada"] = "write"
    number = await house.issue("echo a > a.txt")
    del fork.upstream.permissions["ada"]
    view = await house.run(number)
    assert done(view), view
    assert only_pull(fork).user == "ada"
    said = [warning for warning in view.warnings if "could not be labelled" in warning or "could not be told about #2" in warning]
    assert len(said) == 2, view.warnings


async def test_the_base_is_fetched_from_upstream_before_each_task(new_house: Callable[..., House], fork: Fork) -> None:
    house = new_house(fork)
    one = await house.issue("echo a > a.txt")
    two = await house.issue("cat theirs.txt > b.txt")
    await house.sprint("S", one, two)
    run_id = await house.request(sprint="S")
    fork.person.commit_on_remote({"theirs.txt": "merged meanwhile\n"})
    assert done(await house.carry_on(run_id))
    assert house.branch_files("locus/sprint-s")["b.txt"] == "merged meanwhile"
