"""Which repository has the tasks, read from remotes, from what gh was told, and from what GitHub says; on which host."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from locus.repo.facts import discover
from locus.tracker import choosing
from locus.tracker.choosing import Choice, Memory, choose, record
from locus.tracker.github import forks
from locus.tracker.github.place import GitHubPlace, place_of
from support.github.fixtures import Demo
from support.github.forks import Fork, fork, new_fork
from support.github.gh import Gh
from support.github.github import GitHub
from support.repos import Person

__all__ = ["fork", "new_fork"]

ODD = [
    ("https://github.com/octo/demo", "github.com", "octo", "demo"),
    ("https://github.com/octo/demo.js.git/", "github.com", "octo", "demo.js"),
    ("https://user:secret@GitHub.com/octo-org/.github.git", "github.com", "octo-org", ".github"),
    ("https://www.github.com/octo/a-b_c.d", "github.com", "octo", "a-b_c.d"),
    ("git@github.com:octo/demo.git", "github.com", "octo", "demo"),
    ("org-123@github.com:octo/demo.git.git", "github.com", "octo", "demo.git"),
    ("github.com:octo/demo", "github.com", "octo", "demo"),
    ("git@github.com:/octo/demo.git", "github.com", "octo", "demo"),
    ("ssh://git@github.com/octo/demo.git", "github.com", "octo", "demo"),
    ("ssh://git@ssh.github.com:443/octo/demo.git", "github.com", "octo", "demo"),
    ("git@ssh.github.com:443/octo/demo.git", "github.com", "octo", "demo"),
    ("git@ssh.github.com:octo/demo.git", "github.com", "octo", "demo"),
    ("ssh://git@ghe.example:2222/octo/demo.git", "ghe.example", "octo", "demo"),
    ("git+ssh://git@ghe.example/octo/443", "ghe.example", "octo", "443"),
    ("git://ghe.example/443/demo", "ghe.example", "443", "demo"),
    ("https://octo.ghe.com/octo/demo.git", "octo.ghe.com", "octo", "demo"),
]


@pytest.mark.parametrize(("url", "host", "owner", "name"), ODD, ids=[each[0] for each in ODD])
def test_addresses_with_odd_names(url: str, host: str, owner: str, name: str) -> None:
    assert place_of(url) == GitHubPlace(host, owner, name, owner)


@pytest.mark.parametrize(
    "url", ["/srv/git/octo/demo.git", "C:/octo/demo", "https://github.com/demo", "https://github.com/a/b/c", "ssh://[", ""]
)
def test_what_is_no_repository_of_anybody(url: str) -> None:
    assert place_of(url) is None


async def chosen(person: Person, wanted: choosing.Wanted = "auto", memory: Memory | None = None) -> Choice:
    return await choose(discover(person.path), wanted, memory)


def at(choice: Choice) -> tuple[str, str]:
    assert choice.place is not None, choice.why
    return choice.place.full_name, choice.place.head_owner


@pytest.mark.parametrize("wanted", ["auto", "github"])
async def test_a_clone_is_its_own(demo: Demo, gh: Gh, wanted: choosing.Wanted) -> None:
    assert at(await chosen(demo.person, wanted)) == ("octo/demo", "octo")


@pytest.mark.parametrize("wanted", ["auto", "github"])
async def test_a_fork_with_a_remote_for_upstream(fork: Fork, github: GitHub, wanted: choosing.Wanted) -> None:
    assert at(await chosen(fork.person, wanted)) == ("octo/demo", "ada")


@pytest.mark.parametrize("wanted", ["auto", "github"])
async def test_a_fork_of_which_only_github_knows(new_fork: Callable[..., Fork], github: GitHub, wanted: choosing.Wanted) -> None:
    fork = new_fork(remote=False)
    memory = Memory()
    first = await chosen(fork.person, wanted, memory)
    assert at(first) == ("octo/demo", "ada") and "ada/demo is a fork of octo/demo" in first.why
    assert await chosen(fork.person, wanted, memory) == first
    assert len(github.asked("repos/get")) == 1
    assert first.place is not None
    record(discover(fork.person.path).state_dir, first.place)
    assert at(await chosen(fork.person, wanted)) == ("octo/demo", "ada")
    assert len(github.asked("repos/get")) == 1, "it is on record"


async def test_a_fork_with_issues_of_its_own_has_its_own_tasks(new_fork: Callable[..., Fork]) -> None:
    assert at(await chosen(new_fork(remote=False, issues=True).person)) == ("ada/demo", "ada")


async def test_gh_was_told_which_one(fork: Fork, gh: Gh) -> None:
    assert gh.run("repo", "set-default", "ada/demo", cwd=fork.person.path, env=fork.person.env).returncode == 0
    fork.person.retake()
    assert at(await chosen(fork.person)) == ("ada/demo", "ada")
    fork.person.git("config", "--unset", "remote.origin.gh-resolved")
    fork.person.git("config", "remote.origin.gh-resolved", "third/demo")
    assert at(await chosen(fork.person)) == ("third/demo", "ada")


async def test_where_is_pushed_to_decides_whose_fork_it_is(fork: Fork) -> None:
    fork.person.git("remote", "set-url", "--push", "origin", "git@github.com:other/demo.git")
    assert at(await chosen(fork.person)) == ("octo/demo", "other")
    fork.person.git("remote", "add", "mine", "https://github.com/mine/demo")
    fork.person.git("config", "remote.pushDefault", "mine")
    assert at(await chosen(fork.person)) == ("octo/demo", "mine")


async def test_a_fork_made_later_is_seen_by_its_remotes(demo: Demo, gh: Gh, new_fork: Callable[..., Fork]) -> None:
    record(discover(demo.person.path).state_dir, GitHubPlace("github.com", "octo", "demo", "octo"))
    assert at(await chosen(new_fork().person)) == ("octo/demo", "ada")


async def test_what_github_did_not_answer_is_asked_again(new_fork: Callable[..., Fork], github: GitHub) -> None:
    fork = new_fork(remote=False)
    github.fail(path="/repos/ada/demo", status=502)
    unsure = await chosen(fork.person)
    assert at(unsure) == ("ada/demo", "ada") and unsure.place is not None
    record(discover(fork.person.path).state_dir, unsure.place)
    assert at(await chosen(fork.person)) == ("octo/demo", "ada")


async def test_a_silent_github_is_not_waited_for(demo: Demo, gh: Gh, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_PATIENCE", 0.2)
    gate = github.hold(path="/repos/octo/demo")
    assert at(await chosen(demo.person)) == ("octo/demo", "octo")
    gate.release()


async def test_who_is_not_logged_in(demo: Demo, gh: Gh, github: GitHub) -> None:
    github.log_out()
    assert (await chosen(demo.person)).place is None
    gh.log_out()
    assert "not logged in" in (await chosen(demo.person)).why


# GitHub Enterprise


@pytest.fixture
def enterprise(demo: Demo, gh: Gh, github: GitHub) -> Person:
    """A clone from ghe.example; gh is logged in nowhere."""
    github.world.host = gh.host = "ghe.example"
    gh.log_out()
    demo.person.git("remote", "set-url", "origin", "ssh://git@ghe.example:2222/octo/demo.git")
    return demo.person


async def test_a_host_where_gh_is_logged_in_is_a_github(enterprise: Person, gh: Gh, github: GitHub) -> None:
    gh.log_in()
    found = await chosen(enterprise)
    assert found.place == GitHubPlace("ghe.example", "octo", "demo", "octo")
    assert [request.headers["host"] for request in github.requests] == ["ghe.example"]


async def test_no_other_host_is_sent_anything(enterprise: Person, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "secret")
    assert (await chosen(enterprise)).place is None
    assert not github.requests


async def test_gh_host_names_a_github(enterprise: Person, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_HOST", "ghe.example")
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "gho_of-the-tests")
    assert at(await chosen(enterprise)) == ("octo/demo", "octo")
