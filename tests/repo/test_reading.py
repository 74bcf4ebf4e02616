"""What GitPython reads in this process is what git says, in every kind of repository; and it starts nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from locus.errors import LocusError
from locus.repo import facts, reading
from locus.repo.discover import Repository, discover
from support.repos import KINDS, Home, NewPerson, Person

Starts = list[str]

WATCHED = {"subprocess.Popen", "os.posix_spawn", "os.fork", "os.system", "os.exec"}


class Watch:
    """An audit hook cannot be taken away again: one for all tests, on only while a test wants it."""

    def __init__(self) -> None:
        self.starts: Starts | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.starts is not None and event in WATCHED:
            self.starts.append(f"{event}: {arguments[1] if len(arguments) > 1 else arguments}")


@pytest.fixture(scope="session")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def starts(watch: Watch) -> Iterator[Starts]:
    """The processes that are started from here on, GitPython being loaded."""
    reading._load()
    watch.starts = []
    yield watch.starts
    watch.starts = None


async def same(repo: Repository) -> tuple[object, ...]:
    """What is read, which must be what git says."""
    read = (await reading.head_of(repo.here), name := await reading.remote(repo), await reading.remote_url(repo, name or "origin"))
    said = (await facts.head_of(repo.here), name := await facts.remote(repo), await facts.remote_url(repo, name or "origin"))
    assert read == said
    return read


@pytest.mark.parametrize("remote", [True, False])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_repository(new_person: NewPerson, kind: str, remote: bool) -> None:
    await same(discover(new_person(kind, remote=remote).path))


@pytest.mark.parametrize("kind", ["plain", "submodule", "shallow"])
async def test_nothing_is_started(new_person: NewPerson, starts: Starts, kind: str) -> None:
    person = new_person(kind)
    repo = discover(person.path)
    starts.clear()
    assert (await reading.head_of(repo.here)).branch == "main"
    assert await reading.remote(repo) == "origin"
    assert await reading.remote_url(repo, "origin")
    assert starts == []


async def test_what_is_started_would_be_seen(person: Person, starts: Starts) -> None:
    starts.clear()
    await facts.head_of(person.path)
    assert starts
    starts.clear()
    from git import Repo

    with Repo(person.path) as repo:
        assert not repo.is_dirty()
    assert starts


def _worktree(person: Person, home: Home) -> Path:
    home.git("worktree", "add", "--quiet", "-b", "side/branch", "../linked", cwd=person.path)
    home.git("commit", "--quiet", "--allow-empty", "-m", "aside", cwd=person.path.parent / "linked")
    return person.path.parent / "linked"


def _run(*args: str) -> Callable[[Person, Home], Path]:
    def change(person: Person, home: Home) -> Path:
        home.git(*args, cwd=person.path)
        return person.path

    return change


def _write(name: str, text: str) -> Callable[[Person, Home], Path]:
    def change(person: Person, home: Home) -> Path:
        file = home.gitconfig if name == "global" else person.path / ".git" / name
        with file.open("a") as out:
            out.write(text)
        return person.path

    return change


IN_PROCESS = {
    "a linked worktree": _worktree,
    "packed refs": _run("pack-refs", "--all", "--prune"),
    "detached": _run("switch", "--quiet", "--detach"),
    "a branch with a tag's name": _run("tag", "main", "HEAD"),
    "two remotes": _run("remote", "add", "fork", "git@example.invalid:fork.git"),
    "the branch's own remote": _write("config", '[remote "fork"]\n\turl = ssh://example.invalid/x.git\n[branch "main"]\n\tremote = fork\n'),
    "odd case": _write("config", '[remote "Fork"]\n\tURL = https://example.invalid/x.git # why\n[branch "main"]\n\tReMote = "Fork"\n'),
    "no remote": _run("remote", "remove", "origin"),
}
BY_GIT = {
    "no commit on this branch": _run("symbolic-ref", "HEAD", "refs/heads/fresh"),
    "an alias of a branch": _run("symbolic-ref", "HEAD", "refs/heads/alias"),
    "a rewritten URL": _write("global", '[url "https://example.invalid/"]\n\tinsteadOf = /\n'),
    "an own rewritten URL": _write("config", '[url "/elsewhere/"]\n\tinsteadOf = /\n'),
    "an include": _write("config", "[include]\n\tpath = more\n"),
    "a condition": _write("global", '[includeIf "gitdir:/"]\n\tpath = more\n'),
    "two URLs": _run("remote", "set-url", "--add", "origin", "https://example.invalid/second.git"),
    "a URL from elsewhere": _write("global", '[remote "origin"]\n\turl = https://example.invalid/first.git\n'),
    "a URL with a space": _run("remote", "set-url", "origin", "/a b/c.git"),
    "a URL with a quote": _run("remote", "set-url", "origin", '/a"b\\c.git'),
    "a header with more behind it": _write("config", '[branch "main"] remote = fork\n[remote "fork"] url = /fork.git\n'),
    "the old spelling": _write("config", "[remote.fork]\n\turl = /fork.git\n[branch.main]\n\tremote = fork\n"),
    "worktree configuration": _run("config", "extensions.worktreeConfig", "true"),
    "what is not UTF-8": _run("remote", "set-url", "origin", os.fsdecode(b"/caf\xe9.git")),
}


@pytest.mark.parametrize("case", IN_PROCESS)
async def test_read_in_process(person: Person, home: Home, starts: Starts, case: str) -> None:
    with person.changing():
        repo = discover(IN_PROCESS[case](person, home))
    answer = await same(repo)
    starts.clear()
    name = await reading.remote(repo)
    assert (await reading.head_of(repo.here), name) == answer[:2]
    if name is not None:
        assert await reading.remote_url(repo, name) == answer[2]
    assert starts == []


@pytest.mark.parametrize("case", BY_GIT)
async def test_what_only_git_can_tell_is_asked_of_git(person: Person, home: Home, starts: Starts, case: str) -> None:
    with person.changing():
        if case == "an alias of a branch":
            home.git("symbolic-ref", "refs/heads/alias", "refs/heads/main", cwd=person.path)
        for folder in (person.path / ".git", home.path):
            (folder / "more").write_text('[remote "fork"]\n\turl = https://example.invalid/fork.git\n[branch "main"]\n\tremote = fork\n')
        repo = discover(BY_GIT[case](person, home))
    await same(repo)


async def test_configuration_by_environment(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COUNT": "1", "KEY_0": "url.https://example.invalid/.insteadOf", "VALUE_0": "/"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert str((await same(discover(person.path)))[2]).startswith("https://example.invalid/")


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"])
async def test_another_repositorys_environment(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    expected = await same(discover(person.path))
    monkeypatch.setenv(name, str(tmp_path))
    assert await same(discover(person.path)) == expected


async def test_refs_that_are_no_files_are_gits_to_read(person: Person, home: Home) -> None:
    with person.changing():  # git fails: there is no table. GitPython would read the files that are there.
        home.git("config", "core.repositoryFormatVersion", "1", cwd=person.path)
        home.git("config", "extensions.refStorage", "reftable", cwd=person.path)
    with pytest.raises(LocusError):
        await reading.head_of(person.path)


async def test_a_folder_inside_a_checkout_and_one_outside(person: Person, tmp_path: Path) -> None:
    assert await reading.head_of(person.path / "src") == await facts.head_of(person.path)
    (tmp_path / "outside").mkdir()
    with pytest.raises(LocusError):
        await reading.head_of(tmp_path / "outside")


LOADS = """
import os, sys, threading
from locus.repo import reading
assert "git" not in sys.modules, "loaded before it is needed"
threads = [threading.Thread(target=reading._load) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
import git
print(git.GIT_OK, os.environ.get("GIT_PYTHON_REFRESH"))
"""


@pytest.mark.parametrize(
    ("before", "path", "said"), [(None, None, "True None"), ("raise", None, "True raise"), (None, "/nowhere", "False None")]
)
def test_it_is_loaded_once_when_needed_with_git_or_without(home: Home, before: str | None, path: str | None, said: str) -> None:
    env = home.env | ({"GIT_PYTHON_REFRESH": before} if before else {}) | ({"PATH": path} if path else {})
    done = subprocess.run([sys.executable, "-c", LOADS], env=env, cwd=home.path, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (said, "")


async def test_many_at_once(person: Person) -> None:
    expected = await facts.head_of(person.path)
    assert await asyncio.gather(*(reading.head_of(person.path) for _ in range(20))) == [expected] * 20
