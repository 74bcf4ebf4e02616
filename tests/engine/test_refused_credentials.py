"""git's login is not gh's: what GitHub does not take is kept, the task says what gives git a login, and a resumed run publishes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.model.run import RunView
from locus.model.states import RunState
from locus.tracker.github.pushing import login_for
from support.github.fixtures import Demo, demo, each_gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import TOKEN, GitHub
from support.github.house import house, labels, pulls
from support.github.wire import Wire
from support.house import House, done, states
from support.repos import all_refs

__all__ = ["demo", "each_gh", "github", "house", "short_folder", "wire"]


@pytest.fixture
def gh(each_gh: Gh) -> Gh:
    """Both versions have to know the commands that are named."""
    return each_gh


def issue(folder: Path, name: str) -> str:
    return f"echo x >> {folder}/ran && echo {name} > {name}.txt"


def kept(house: House, view: RunView, branch: str, name: str) -> None:
    """Committed on the branch, which the remote has not got; the worktree stays."""
    assert house.branch_files(branch)[f"{name}.txt"] == name
    assert house.person.remote is not None and f"refs/heads/{branch}" not in all_refs(house.person.remote)
    assert Path(str(view.tasks[0].worktree)).is_dir()


async def test_git_has_no_login_and_is_given_ghs(house: House, demo: Demo, wire: Wire, gh: Gh, tmp_path: Path) -> None:
    """The command that the task names is the one that mends it."""
    number = await house.issue(issue(tmp_path, "a"))
    with wire.locked(TOKEN):
        view = await house.run(number)
        assert (view.state, states(view)) == (RunState.FAILED, ["blocked"]), view
        (task,) = view.tasks
        assert "did not accept the credentials" in str(task.error) and "could not read Username" in str(task.error)
        for words in ("`gh auth setup-git --hostname github.com`", "`gh auth login --hostname github.com`", "`locus run --resume`"):
            assert words in str(task.hint)
        kept(house, view, f"locus/issue-{number}", "a")
        assert pulls(demo) == [] and "locus:failed" in labels(demo, demo.repository.issues[number])
        assert states(await house.carry_on(view.id)) == ["blocked"], "nothing has been put right"
        given = gh.run("auth", "setup-git", "--hostname", "github.com", env=house.person.env)
        assert given.returncode == 0, given.stderr
        assert done(await house.carry_on(view.id))
    assert len(pulls(demo)) == 1 and labels(demo, demo.repository.issues[number]) == {"agent:managed", "locus:done"}
    assert (tmp_path / "ran").read_text() == "x\n"


async def test_somebody_who_may_not_push(house: House, demo: Demo, wire: Wire, tmp_path: Path) -> None:
    number = await house.issue(issue(tmp_path, "a"))
    with wire.denied():
        view = await house.run(number)
    (task,) = view.tasks
    assert (view.state, task.state) == (RunState.FAILED, "blocked"), view
    assert "Permission to octo/demo.git denied to octo" in str(task.error)
    assert "log in as somebody who may write to octo/demo: `gh auth login --hostname github.com`" in str(task.hint)
    kept(house, view, f"locus/issue-{number}", "a")
    assert done(await house.carry_on(view.id))
    assert (tmp_path / "ran").read_text() == "x\n" and len(pulls(demo)) == 1


async def test_a_sprint_stops_there_and_goes_on_from_there(house: House, demo: Demo, wire: Wire, github: GitHub, tmp_path: Path) -> None:
    numbers = [await house.issue(issue(tmp_path, name)) for name in "ab"]
    await house.sprint("Sprint 1", *numbers)
    with wire.locked(TOKEN):
        view = await house.run(sprint="Sprint 1")
    assert states(view) == ["blocked", "pending"] and "gh auth setup-git" in str(view.tasks[0].hint), view
    kept(house, view, "locus/sprint-sprint-1", "a")
    assert done(await house.carry_on(view.id))
    (pull,) = pulls(demo)
    assert all(f"Closes #{number}" in (pull.body or "") for number in numbers)
    assert (tmp_path / "ran").read_text() == "x\nx\n"


async def test_with_ssh_it_is_the_key(house: House, demo: Demo, wire: Wire, tmp_path: Path) -> None:
    demo.person.git("remote", "set-url", "origin", "git@github.com:octo/demo.git")
    number = await house.issue(issue(tmp_path, "a"))
    with wire.denied():
        view = await house.run(number)
    assert states(view) == ["blocked"] and "`ssh -T git@github.com`" in str(view.tasks[0].hint), view
    assert done(await house.carry_on(view.id))


@pytest.mark.parametrize(
    ("url", "said", "words"),
    [
        ("https://ghe.example/o/r", "fatal: could not read Username", "let git use gh's login: `gh auth setup-git --hostname ghe.example`"),
        ("https://x:y@github.com/o/r", "HTTP 403", "somebody who may write to o/r: `gh auth login --hostname github.com`"),
        ("https://github.com/o/r.git", "remote: Repository not found.", "somebody who may write to o/r"),
        ("ssh://git@ssh.github.com:443/o/r", "Permission denied (publickey)", "`ssh -T git@github.com`"),
    ],
)
def test_what_is_said(url: str, said: str, words: str) -> None:
    found = login_for(url, said)
    assert found is not None and words in found and "y@" not in found


def test_nothing_is_said_of_a_folder() -> None:
    assert login_for("/srv/git/demo.git", "fatal: Authentication failed") is None
