"""Pushing with a lease, and why a push is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.repo import commits, facts, push
from locus.repo.git import GitFailed
from support.repos import NewPerson, Person, put
from support.trees import worktree

BRANCH = "locus/issue-1"


async def work(person: Person) -> tuple[Path, str]:
    """A worktree with one commit."""
    _, path = await worktree(person)
    put(path, "work.txt", "work\n")
    return path, await commits.commit_all(path, "work")


@pytest.mark.parametrize("kind", ["plain", "sha256", "shallow"])
async def test_a_push_moves_our_branch_and_nothing_else(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    person.git("config", "push.followTags", "true")
    path, commit = await work(person)
    person.home.git("tag", "-a", "-m", "v1", "v1", cwd=path)
    person.retake()
    assert await push.remote_tip(path, "origin", BRANCH) is None
    result = await push.push(path, "origin", BRANCH, expected=None)
    assert (result.ok, result.commit) == (True, commit)
    assert await push.remote_tip(path, "origin", BRANCH) == commit == person.tip(BRANCH)
    assert person.look("for-each-ref", "refs/tags", cwd=person.remote) == ""


async def test_pushing_what_is_there_already_is_success(person: Person) -> None:
    path, commit = await work(person)
    for expected in (None, None, commit):
        assert (await push.push(path, "origin", BRANCH, expected=expected)).ok


async def test_a_rewritten_branch_goes_with_its_lease(person: Person) -> None:
    path, commit = await work(person)
    await push.push(path, "origin", BRANCH, expected=None)
    person.home.git("commit", "--quiet", "--amend", "-m", "again", cwd=path)
    assert (await push.push(path, "origin", BRANCH, expected=commit)).ok


@pytest.mark.parametrize("expected", ["nothing", "what we pushed"])
async def test_a_branch_that_somebody_moved_is_not_overwritten(person: Person, expected: str) -> None:
    path, commit = await work(person)
    await push.push(path, "origin", BRANCH, expected=None)
    theirs = person.commit_on_remote({"theirs.txt": "theirs"}, branch=BRANCH)
    put(path, "more.txt", "more")
    await commits.commit_all(path, "more")
    result = await push.push(path, "origin", BRANCH, expected=None if expected == "nothing" else commit)
    assert (result.ok, result.reason) == (False, "rejected")
    assert "stale info" in result.message
    assert "somebody else" in (result.hint or "")
    assert person.tip(BRANCH) == theirs


async def test_the_persons_tracking_ref_is_not_what_the_lease_trusts(person: Person) -> None:
    path, commit = await work(person)
    await push.push(path, "origin", BRANCH, expected=None)
    theirs = person.commit_on_remote({"theirs.txt": "theirs"}, branch=BRANCH)
    person.git("fetch", "--quiet")
    put(path, "more.txt", "more")
    await commits.commit_all(path, "more")
    assert (await push.push(path, "origin", BRANCH, expected=commit)).reason == "rejected"
    assert person.tip(BRANCH) == theirs


async def test_a_remote_hook_that_declines(person: Person) -> None:
    assert person.remote is not None
    put(person.remote, "hooks/pre-receive", "#!/bin/sh\necho 'no pushes on Friday'\nexit 1\n", executable=True)
    path, _ = await work(person)
    result = await push.push(path, "origin", BRANCH, expected=None)
    assert result.reason == "hook"
    assert "no pushes on Friday" in result.message
    assert person.tip(BRANCH) is None


async def test_a_pre_push_hook_is_honoured(person: Person) -> None:
    person.hook("pre-push", "echo 'the tests fail' >&2\nexit 1")
    path, _ = await work(person)
    result = await push.push(path, "origin", BRANCH, expected=None)
    assert result.reason == "hook"
    assert "the tests fail" in result.message
    assert person.tip(BRANCH) is None


async def test_a_remote_that_is_gone(person: Person) -> None:
    assert person.remote is not None
    path, _ = await work(person)
    person.remote.rename(person.remote.with_suffix(".away"))
    result = await push.push(path, "origin", BRANCH, expected=None)
    with pytest.raises(GitFailed):
        await push.remote_tip(path, "origin", BRANCH)
    with pytest.raises(GitFailed):
        await push.fetch_own(facts.discover(person.path), "origin", BRANCH)
    person.remote.with_suffix(".away").rename(person.remote)
    assert result.reason == "network"
    assert "does not appear to be a git repository" in result.message
    assert result.hint


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("fatal: Authentication failed for 'https://host/x/'", "credentials"),
        ("fatal: could not read Username for 'https://host': terminal prompts disabled", "credentials"),
        ("git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.", "credentials"),
        (
            "remote: Permission to a/b denied to c.\nfatal: unable to access 'https://host/': The requested URL returned error: 403",
            "credentials",
        ),
        ("ERROR: Repository not found.\nfatal: Could not read from remote repository.", "credentials"),
        ("remote: Repository not found.\nfatal: repository 'https://host/x/' not found", "credentials"),
        ("ssh: Could not resolve hostname host\nfatal: Could not read from remote repository.", "network"),
        ("fatal: unable to access 'https://host/': Failed to connect to host port 443", "network"),
        ("something nobody has seen", "other"),
    ],
)
async def test_reasons_from_a_transport(person: Person, tmp_path: Path, words: str, reason: str) -> None:
    """The words of real transports, said by a program in place of ssh."""
    path, _ = await work(person)
    transport = put(tmp_path, "transport", f"#!/bin/sh\ncat >&2 <<'END'\n{words}\nEND\nexit 128\n", executable=True)
    person.git("config", "core.sshCommand", str(transport))
    person.git("remote", "set-url", "origin", "ssh://host/x")
    result = await push.push(path, "origin", BRANCH, expected=None)
    expected = "network" if reason == "other" else reason  # git itself adds that it could not read from the remote
    assert result.reason == expected
    assert words.splitlines()[0] in result.message


async def test_a_mirror_remote_takes_only_our_branch(person: Person) -> None:
    person.git("config", "remote.origin.mirror", "true")
    person.git("branch", "private")
    path, _ = await work(person)
    assert (await push.push(path, "origin", BRANCH, expected=None)).ok
    assert person.tip("private") is None


async def test_our_own_branch_is_fetched_aside(person: Person) -> None:
    path, commit = await work(person)
    repo = facts.discover(person.path)
    assert await push.fetch_own(repo, "origin", BRANCH) is None
    await push.push(path, "origin", BRANCH, expected=None)
    theirs = person.commit_on_remote({"theirs.txt": "theirs"}, branch=BRANCH)
    left = put(repo.common_dir, f"refs/locus/remote/{BRANCH}.lock", "")  # by a git that was killed
    assert await push.fetch_own(repo, "origin", BRANCH) == theirs and not left.exists()
    assert person.look("rev-parse", f"refs/locus/remote/{BRANCH}") == theirs
    assert person.look("rev-parse", BRANCH) == commit
