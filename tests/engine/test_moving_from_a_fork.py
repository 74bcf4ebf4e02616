"""`locus tracker push` of somebody who works on a fork: the issues go where a fork's issues are, and that is said before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from locus.errors import Refused
from locus.model.body import closes
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.forks import Fork, fork, new_fork
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.moving import branch_with_pull, issues, push
from support.house import House, Somebody, done

__all__ = ["demo", "fork", "gh", "github", "new_fork", "short_folder", "wire"]

WARNING = (
    "octo/demo is not ada's fork but what it was made from, and its people see these issues; "
    "`gh repo set-default` chooses another repository"
)


@pytest.fixture
def tasks(demo: Demo) -> House:
    """Of the embedded tracker; made by one who has no fork yet."""
    made = House(demo.person)
    made.ws.state.mkdir(exist_ok=True)
    (made.ws.state / "locus.db").touch()
    return made


def anew(house: House) -> House:
    return House(house.person)


@pytest.mark.parametrize("remote", [True, False], ids=["a remote upstream", "only GitHub knows"])
async def test_to_the_original_with_a_warning(
    tasks: House, demo: Demo, new_fork: Callable[..., Fork], github: GitHub, remote: bool
) -> None:
    number = await tasks.issue("echo a > a.txt", title="Add a", labels=["area:ui"])
    fork = new_fork(remote=remote)
    house = anew(tasks)
    await branch_with_pull(house, demo, number)
    before = github.dump()
    move = await push(house, dry_run=True)
    assert (move.to, move.warnings, github.dump()) == ("octo/demo", (WARNING,), before)

    class Person(Somebody):
        async def choose(self, message: str, choices: list[str]) -> str | None:
            assert WARNING in message
            return choices[0]

    moved = await house.call("locus.tracker.push", face=Person())
    assert moved.done and not fork.own.issues
    (issue,) = issues(fork.upstream)
    assert issue.title == "Add a" and issue.user == "ada"
    (pull,) = [each for each in fork.upstream.issues.values() if each.pull is not None]
    assert pull.pull is not None and pull.pull.head_repository == fork.own.id and closes(pull.body or "") == (issue.number,)
    assert done(await house.run(issue.number)), "work goes on there"
    assert not fork.own.issues


async def test_to_the_fork_where_gh_was_told_so(tasks: House, new_fork: Callable[..., Fork], gh: Gh) -> None:
    await tasks.issue("true", title="Mine")
    fork = new_fork(issues=True)
    assert gh.run("repo", "set-default", "ada/demo", cwd=fork.person.path, env=fork.person.env).returncode == 0
    fork.person.retake()
    moved = await push(anew(tasks), yes=True)
    assert (moved.to, moved.warnings, moved.done) == ("ada/demo", (), True)
    assert [issue.title for issue in issues(fork.own)] == ["Mine"] and issues(fork.upstream) == []


async def test_who_may_not_write_to_the_original_is_told_of_the_fork(tasks: House, new_fork: Callable[..., Fork], github: GitHub) -> None:
    await tasks.issue("true", title="Mine")
    new_fork(role=None)
    before = github.dump()
    with pytest.raises(Refused, match="you may not write to octo/demo") as told:
        await push(anew(tasks), yes=True)
    assert "`gh repo set-default` chooses your fork instead" in str(told.value.hint) and github.dump() == before
