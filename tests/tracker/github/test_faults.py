"""What a person is told when GitHub, the way there or gh is not as it should be: what is wrong, and what mends it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.errors import LocusError, NotFound, NotSetUp, OutOfReach, Refused
from locus.model.task import TaskDraft, TaskFilter, TaskStatus
from locus.tracker.github import client, lost
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub

NewTracker = Callable[..., GitHubTracker]


@pytest.fixture
def gh(each_gh: Gh) -> Gh:
    """Each version has words of its own for what goes wrong."""
    return each_gh


@pytest.fixture
def tracker(new_tracker: NewTracker, monkeypatch: pytest.MonkeyPatch) -> GitHubTracker:
    monkeypatch.setattr(lost, "_PAUSES", (0.02, 0.02))
    return new_tracker()


async def told(tracker: GitHubTracker, kind: type[LocusError], *words: str) -> None:
    """The same for what is read by REST, by GraphQL, and for what is written."""
    for asked in (tracker.pulls("locus/issue-1"), tracker.tasks(TaskFilter()), tracker.create(TaskDraft(title="One"))):
        with pytest.raises(kind) as raised:
            await asked
        said = f"{raised.value.message} / {raised.value.hint}"
        assert all(word in said for word in words), said


async def test_an_expired_login_names_the_command(tracker: GitHubTracker, github: GitHub) -> None:
    github.log_out()
    await told(tracker, NotSetUp, "expired at github.com", "gh auth login --hostname github.com")


async def test_no_login_at_all(tracker: GitHubTracker, gh: Gh) -> None:
    gh.log_out()
    await told(tracker, NotSetUp, "nobody is logged in at github.com", "gh auth login --hostname github.com")


async def test_github_is_down(tracker: GitHubTracker, github: GitHub) -> None:
    with github.unreachable():
        await told(tracker, OutOfReach, "github.com cannot be reached", "check the network")


@pytest.mark.parametrize(("status", "bare"), [(500, False), (502, True), (503, False)])
async def test_github_is_in_trouble(tracker: GitHubTracker, github: GitHub, status: int, bare: bool) -> None:
    github.fail(next=100, status=status, bare=bare)
    await told(tracker, OutOfReach, "github.com is in trouble", "try again later")


async def test_a_passing_trouble_is_not_even_noticed(tracker: GitHubTracker, github: GitHub) -> None:
    github.fail(status=502, bare=True)
    assert await tracker.pulls("locus/issue-1") == []
    github.fail(torn=True)
    assert await tracker.tasks(TaskFilter()) == []


async def test_a_proxy_that_wants_a_login(tracker: GitHubTracker, github: GitHub) -> None:
    github.fail(next=100, status=407, bare=True)
    await told(tracker, NotSetUp, "the proxy before github.com wants a login", "HTTPS_PROXY")


async def test_a_person_waits_for_a_slow_github_no_longer_than_promised(
    new_tracker: NewTracker, github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SHORT", 0.5)
    gates = [github.hold(path="/repos/*"), github.hold(path="/repos/*")]
    began = time.monotonic()
    with pytest.raises(OutOfReach, match=r"has not answered for 0.5 s"):
        await new_tracker().pulls("locus/issue-1")
    assert time.monotonic() - began < 5
    for gate in gates:
        gate.release()


async def test_a_run_waits_for_a_slow_github(new_tracker: NewTracker, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SHORT", 0.2)

    async def patient(_moment: float, _reason: str) -> None:
        await asyncio.sleep(0)

    github.fail(delay=0.6)
    assert await new_tracker(patient).pulls("locus/issue-1") == []


async def test_a_repository_that_may_only_be_read(new_tracker: NewTracker, github: GitHub, demo: Demo) -> None:
    github.user("somebody")
    number = github.issue(demo.repository, "One", user="somebody").number
    demo.repository.owner, demo.repository.permissions = "somebody", {"octo": "read"}
    theirs = new_tracker(owner="somebody")
    assert (await theirs.get(number)).title == "One"
    for change in (theirs.set_status(number, TaskStatus.DONE), theirs.close(number, "completed"), theirs.prepare()):
        with pytest.raises((Refused, NotFound)) as raised:
            await change
        assert raised.value.hint and ("write access" in raised.value.hint or "gh auth status" in raised.value.hint), raised.value


async def test_a_repository_that_is_not_shown_to_this_login(new_tracker: NewTracker) -> None:
    tracker = new_tracker(owner="nobody")
    for asked in (tracker.tasks(TaskFilter()), tracker.pulls("locus/issue-1")):
        with pytest.raises(NotFound, match="nobody/demo") as raised:
            await asked
        assert "gh auth status" in str(raised.value.hint)


async def test_a_renamed_repository_is_found_under_its_old_name(tracker: GitHubTracker, github: GitHub, demo: Demo) -> None:
    github.rename(demo.repository, "octo/other")
    made = await tracker.create(TaskDraft(title="One"))
    await tracker.set_status(made.number, TaskStatus.DONE)
    await tracker.comment(made.number, "Done", marker="locus:done x 1 1")
    assert (await tracker.close(made.number, "completed")).state == "closed"
    assert [task.title for task in await tracker.tasks(TaskFilter(state="all"))] == ["One"]
    assert await tracker.pulls("locus/issue-1") == []


async def test_issues_that_are_switched_off(tracker: GitHubTracker, demo: Demo) -> None:
    demo.repository.has_issues = False
    with pytest.raises(Refused, match="has no issues") as raised:
        await tracker.create(TaskDraft(title="One"))
    assert "settings" in str(raised.value.hint)


async def test_gh_is_missing(tracker: GitHubTracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    await told(tracker, NotSetUp, "`gh` is not installed", "https://cli.github.com")


async def test_gh_is_too_old(tracker: GitHubTracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old" / "gh"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'unknown flag: --hostname' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    await told(tracker, NotSetUp, "too old", "2.23 or newer", "gh --version")
