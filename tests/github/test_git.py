"""git's side: the clone's URLs are GitHub's, what they lead to is on this machine."""

from __future__ import annotations

import json

import pytest

from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.wire import Wire


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/octo/demo.git",
        "https://github.com/octo/demo",
        "https://octo@github.com/octo/demo.git",
        "git@github.com:octo/demo.git",
        "ssh://git@github.com/octo/demo.git",
    ],
)
def test_fetch_and_push(demo: Demo, url: str) -> None:
    person = demo.person
    person.git("remote", "set-url", "origin", url)
    tip = person.commit_on_remote({"theirs.txt": "theirs\n"})
    person.git("fetch", "--quiet", "origin")
    assert person.look("rev-parse", "origin/main") == tip
    person.git("checkout", "--quiet", "-b", "feat", "origin/main")
    commit = person.commit({"mine.txt": "mine\n"})
    person.git("push", "--quiet", "origin", "feat")
    assert person.tip("feat") == commit
    assert person.look("remote", "get-url", "origin") == person.look("remote", "get-url", "--push", "origin") == url
    assert person.look("ls-remote", "origin", "refs/heads/feat").startswith(commit)


@pytest.mark.parametrize("url", ["https://github.com/octo/demo.git", "git@github.com:octo/demo.git"])
def test_what_can_go_wrong(demo: Demo, wire: Wire, url: str) -> None:
    def said(*args: str) -> str:
        git = demo.person.home.git
        with demo.person.changing(), pytest.raises(AssertionError) as refused:
            git(*args, cwd=demo.person.path)
        return str(refused.value)

    demo.person.git("remote", "set-url", "origin", url)
    with wire.unreachable():
        assert "Could not resolve host" in said("fetch", "origin")
    with wire.denied():
        assert "denied" in said("push", "origin", "main:refs/heads/other")
        demo.person.git("fetch", "--quiet", "origin")
    demo.person.git("remote", "set-url", "origin", url.replace("demo", "none"))
    assert "not found" in said("fetch", "origin")


def test_a_renamed_repository_is_found_under_both_names(demo: Demo, wire: Wire) -> None:
    wire.serve("octo/new", demo.bare)
    heads = {demo.person.look("ls-remote", f"https://github.com/octo/{name}.git", "refs/heads/main") for name in ("demo", "new")}
    assert len(heads) == 1


@pytest.mark.parametrize("url", ["https://github.com/octo/demo.git", "git@github.com:octo/demo.git"])
def test_gh_finds_the_repository_by_the_remote(github: GitHub, demo: Demo, each_gh: Gh, url: str) -> None:
    github.issue(demo.repository, "One")
    demo.person.git("remote", "set-url", "origin", url)
    done = each_gh.run("api", "repos/{owner}/{repo}/issues/1", cwd=demo.person.path)
    assert json.loads(done.stdout)["title"] == "One"


def test_clone(demo: Demo) -> None:
    demo.person.home.git("clone", "--quiet", "https://github.com/octo/demo.git", "copy", cwd=demo.bare.parent)
    assert (demo.bare.parent / "copy" / "README.md").exists()
