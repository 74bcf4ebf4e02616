"""The fixtures themselves: a change that nobody of the test made is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.repos import KINDS, NewPerson, Person, put


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_made(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    assert person.look("rev-parse", "--is-bare-repository") == ("true" if kind == "bare" else "false")
    if kind not in ("bare", "no-commits"):
        assert person.look("status", "--porcelain") == ""


DAMAGE: dict[str, Callable[[Person], object]] = {
    "HEAD": lambda person: person.home.git("switch", "--quiet", "--detach", cwd=person.path),
    "a tracked file": lambda person: put(person.path, "README.md", "other"),
    "an untracked file": lambda person: put(person.path, "new.txt", "new"),
    "an executable bit": lambda person: (person.path / "README.md").chmod(0o755),
    "the index": lambda person: person.home.git("update-index", "--assume-unchanged", "README.md", cwd=person.path),
    "a branch": lambda person: person.home.git("branch", "other", cwd=person.path),
    "a tag": lambda person: person.home.git("tag", "v1", cwd=person.path),
    "a remote-tracking ref": lambda person: person.home.git("update-ref", "-d", "refs/remotes/origin/main", cwd=person.path),
    "the stash": lambda person: person.home.git("update-ref", "--create-reflog", "refs/stash", "HEAD", cwd=person.path),
    "configuration": lambda person: person.home.git("config", "some.key", "value", cwd=person.path),
    "FETCH_HEAD": lambda person: person.home.git("fetch", "--quiet", cwd=person.path),
    "a worktree": lambda person: person.home.git("worktree", "add", "--quiet", "--detach", "../elsewhere", cwd=person.path),
    "the remote": lambda person: person.home.git("branch", "other", cwd=person.remote or person.path),
    "a hook": lambda person: put(person.path, ".git/hooks/pre-commit", "#!/bin/sh\n", executable=True),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_seen(person: Person, what: str) -> None:
    (person.path / ".git" / "FETCH_HEAD").unlink(missing_ok=True)
    person.retake()
    DAMAGE[what](person)
    with pytest.raises(AssertionError, match="somebody changed"):
        person.check()
    with pytest.raises(AssertionError, match="somebody changed"):
        person.commit()
    person.retake()


def test_our_own_refs_and_folder_are_not_the_persons(person: Person) -> None:
    person.home.git("branch", "locus/issue-1", cwd=person.path)
    person.home.git("update-ref", "refs/locus/keep/r/1/1", "HEAD", cwd=person.path)
    person.home.git("update-ref", "refs/remotes/origin/locus/issue-1", "HEAD", cwd=person.path)
    put(person.path, ".locus/worktrees/x", "x")
    person.check()


def test_what_the_person_does_is_not_damage(person: Person) -> None:
    person.commit({"more.txt": "more"})
    person.write("dirty.txt", "dirty")
    person.git("stash", "--include-untracked")
    person.commit_on_remote({"theirs.txt": "theirs", "README.md": None})
    person.check()
    assert person.look("rev-list", "--count", "HEAD") == "2"
    assert person.tip("main") != person.head
