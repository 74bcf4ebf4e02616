"""A move to GitHub that is interrupted goes on where it stopped, and makes nothing twice."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from locus import locks
from locus.engine import store
from locus.engine.moving import look
from locus.engine.moving import push as moving
from locus.errors import LocusError, OutOfReach, Refused
from locus.model.labels import LABELS, order_label
from locus.tracker.github import lost
from locus.tracker.github.place import GitHubPlace
from locus.workspace import Workspace
from support.github.direct import Killed, Line, line
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.house import labels
from support.github.moving import branch_with_pull, house, issues, push, some, text
from support.github.world import WORLD
from support.house import House, Nobody

__all__ = ["demo", "gh", "github", "house", "line", "short_folder", "wire"]


async def test_killed_at_any_request_it_goes_on_and_makes_nothing_twice(
    house: House, demo: Demo, github: GitHub, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each write arrives, and after each has been carried out."""
    github.issue(demo.repository, "Somebody else's")
    for label in (*LABELS[1:], order_label(1)):
        github.label(demo.repository, label.name, label.color, label.description)
    await house.issue(title="Before #2")
    await house.issue(title="Done")
    await house.sprint("Sprint 1", 2)
    await house.call("locus.issue.close", number=2)
    await house.ws.tracker.comment(1, "One")
    await house.call("locus.sprint.close", name="Sprint 1")
    await branch_with_pull(house, demo)
    found, at = await look.branches(house.ws), GitHubPlace("github.com", "octo", "demo", "octo")

    async def branches(_ws: Workspace) -> look.Branches:
        return found  # git has nothing to do with it, and takes much of the time

    async def place(*_: object) -> GitHubPlace:
        return at

    monkeypatch.setattr(look, "branches", branches)
    monkeypatch.setattr(moving, "place_to_move_to", place)
    start = WORLD.dump_json(github.world)

    def anew() -> None:
        github.world.__dict__.update(WORLD.validate_json(start).__dict__)
        for name in ("moving.json", "moved.json", "tracker.json"):
            (house.ws.state / name).unlink(missing_ok=True)
        line.alive()

    line.alive()
    await push(house, yes=True)
    whole, writes = shape(github), line.count
    assert writes == 10
    for arrives in (False, True):
        for last in range(writes):
            anew()
            line.kill_at, line.arrives = last, arrives
            with pytest.raises((Killed, asyncio.CancelledError)):
                await push(house, yes=True)
            line.alive()
            assert (await push(house, yes=True)).done
            assert shape(github) == whole, f"killed at write {last}, {'after it had arrived' if arrives else 'before it arrived'}"
            assert house.ws.tracker.keeper == "octo/demo" and (house.ws.state / "moved.json").exists()


def shape(github: GitHub) -> Any:
    """Everything there but for what differs from one time to another: ids, times, and the hidden mark of the move."""
    (repository,) = github.world.repositories.values()
    return (
        [
            (
                issue.number,
                issue.title,
                text(issue),
                sorted(label.name for label in repository.labels_of(issue)),
                (issue.state, issue.state_reason, issue.milestone),
                [re.sub("locus:moved [0-9a-f]+", "locus:moved", comment.body) for comment in issue.comments],
                issue.pull and (issue.pull.head, issue.pull.base),
            )
            for issue in repository.issues.values()
        ],
        [(milestone.title, milestone.state, milestone.due_on) for milestone in repository.milestones.values()],
        sorted((label.name, label.color, label.description) for label in repository.labels.values()),
    )


async def test_an_answer_that_is_lost_makes_nothing_twice(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    for path in ("/repos/*/issues", "/repos/*/milestones"):
        github.fail(method="POST", path=path, cut=True, after_effect=True)
    github.fail(containing="addComment", cut=True, after_effect=True)
    assert (await push(house, yes=True)).done
    assert len(issues(demo.repository)) == 5 and len(demo.repository.milestones) == 2
    assert len(demo.repository.issues[2].comments) == 2


async def test_others_may_make_many_issues_before_it_goes_on(
    house: House, demo: Demo, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was being made is looked for among all that came since, not among the newest only."""
    await some(house, github, demo)
    github.fail(method="POST", path="/repos/*/issues", cut=True, after_effect=True, skip=1)
    monkeypatch.setattr(lost, "_PAUSES", ())
    with pytest.raises(OutOfReach, match="after 1 of 4 issues"):
        await push(house, yes=True)
    for number in range(120):
        github.issue(demo.repository, f"Noise {number}")
    assert (await push(house, yes=True)).done
    assert [issue.title for issue in issues(demo.repository) if not issue.title.startswith("Noise")] == [
        "Somebody else's", "Fix the pager", "After #2 and #124", "Third", "Never",
    ]  # fmt: skip


async def test_what_is_changed_here_before_it_goes_on_is_brought_there(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    github.fail(method="PATCH", path="/repos/*/issues/*", status=403)
    with pytest.raises(LocusError, match="after 4 of 4 issues") as stopped:
        await push(house, yes=True)
    assert "`locus tracker push` goes on where this stopped" in (stopped.value.hint or "")
    assert house.ws.tracker.keeper == "local"
    (check,) = [check for check in await house.call("locus.doctor") if check.check == "tracker"]
    assert (check.ok, check.fix) == (False, "go on with `locus tracker push`")
    await house.call("locus.issue.update", number=1, title="Fix the pager at last", priority="low")
    await house.ws.tracker.comment(1, "One more")
    await house.call("locus.issue.create", title="Fifth")
    move = await push(house, dry_run=True)
    assert (move.tasks[0].changed, move.tasks[0].moved_to) == (True, 2)
    assert (await push(house, yes=True)).done
    first = demo.repository.issues[2]
    assert first.title == "Fix the pager at last" and "p:low" in labels(demo, first) and len(first.comments) == 3
    assert [issue.title for issue in issues(demo.repository)][-1] == "Fifth"
    with pytest.raises(Refused, match="on GitHub already, in octo/demo"):
        await push(house, yes=True)


async def test_what_was_deleted_there_before_it_goes_on_is_left_so(house: House, demo: Demo, github: GitHub) -> None:
    await some(house, github, demo)
    github.fail(containing="addComment", status=403)
    with pytest.raises(LocusError, match="after 4 of 4 issues"):
        await push(house, yes=True)
    github.delete(demo.repository, 2)
    assert (await push(house, yes=True)).done and demo.repository.issues[5].state == "closed"


async def test_a_run_that_begins_meanwhile_keeps_the_tasks_here(house: House, demo: Demo) -> None:
    number = await house.issue("true", title="a")
    run_id = await house.request(number)
    taken: list[locks.Lock] = []

    class Starts(Nobody):
        def say(self, text: str) -> None:
            if not taken and (lock := locks.try_lock(house.ws.runs / run_id / store.LOCK)) is not None:
                taken.append(lock)

    with pytest.raises(LocusError, match=f"a run is going on with tasks that are to be moved: {run_id}"):
        await house.call("locus.tracker.push", face=Starts(), yes=True)
    await house.ws.settle()
    assert taken and house.ws.tracker.keeper == "local"
    taken[0].close()
    assert (await push(house, yes=True)).done and len(issues(demo.repository)) == 1
