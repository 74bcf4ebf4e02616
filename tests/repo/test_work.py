"""One of our own worktrees after an agent has worked in it: staged, committed, set back, put away."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.errors import Refused
from locus.repo import work
from locus.repo.facts import Head, head_of
from locus.repo.git import GitFailed
from support.repos import Home, NewPerson, Person, files_of, put
from support.trees import worktree

KINDS = ["plain", "sha256", "submodule", "shallow", "bare"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_staged_is_everything_present_that_is_not_ignored(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    _, path = await worktree(person)
    put(path, "new/file.txt", "new\n")
    put(path, "noise.log", "ignored\n")
    (path / "README.md").unlink()
    staged = await work.stage(path)
    assert staged.head == Head("locus/issue-1", person.head)
    names = person.look("ls-tree", "-r", "--name-only", staged.tree, cwd=path).splitlines()
    assert "new/file.txt" in names
    assert not {"noise.log", "README.md"} & set(names)
    assert person.look("write-tree", cwd=path) == staged.tree


@pytest.mark.parametrize("how", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("kind, index", [("plain", "2"), ("plain", "3"), ("plain", "4"), ("plain", "split"), ("sha256", "4")])
async def test_files_that_git_was_told_not_to_look_at_are_not_removed_unseen_and_are_set_back(
    new_person: NewPerson, kind: str, index: str, how: str
) -> None:
    person = new_person(kind)
    repo, path = await worktree(person)
    before = files_of(path)
    person.home.git("update-index", how, "src/util.py", cwd=path)
    person.home.git("update-index", *(["--split-index"] if index == "split" else ["--index-version", index]), cwd=path)
    put(path, "src/util.py", "LIMIT = 11\n")
    assert person.look("status", "--porcelain", cwd=path) == ""
    assert not await work.put_away(repo, path) and (path / "src/util.py").exists()
    await work.set_back(path, person.head)
    assert files_of(path) == before
    person.home.git("update-index", "--no-split-index", cwd=path)
    assert await work.put_away(repo, path) and not path.exists()


async def test_nothing_changed_is_the_tree_of_head(person: Person) -> None:
    _, path = await worktree(person)
    assert (await work.stage(path)).tree == person.look("rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_staged_is_committed_with_its_trailers_and_counted(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    _, path = await worktree(person)
    put(path, "one.txt", "1\n")
    put(path, "two.txt", "2\n")
    staged = await work.stage(path)
    put(path, "three.txt", "after staging\n")
    commit, changed = await work.commit(path, "Two files", {"Locus-Task": "1"})
    assert changed == 2
    assert person.look("rev-parse", "HEAD", "HEAD^{tree}", cwd=path).splitlines() == [commit, staged.tree]
    assert person.look("show", "-s", "--format=%s|%(trailers:key=Locus-Task,valueonly,separator=%x2C)", commit) == "Two files|1"


async def test_a_commit_of_nothing_is_one_too(person: Person) -> None:
    _, path = await worktree(person)
    await work.stage(path)
    commit, changed = await work.commit(path, "Nothing was to be done", {})
    assert changed == 0
    assert person.look("rev-parse", f"{commit}^") == person.head


async def test_a_refusing_hook_leaves_everything_staged(person: Person) -> None:
    person.hook("pre-commit", "echo 'no tests' >&2; exit 1")
    _, path = await worktree(person)
    put(path, "one.txt", "1\n")
    await work.stage(path)
    with pytest.raises(GitFailed, match="no tests"):
        await work.commit(path, "One file", {})
    assert await work.head_in(path) == Head("locus/issue-1", person.head)
    assert person.look("diff", "--cached", "--name-only", cwd=path) == "one.txt"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("refs", ["loose", "packed", "packed and moved"])
async def test_head_is_what_git_says_wherever_it_keeps_it(new_person: NewPerson, home: Home, kind: str, refs: str) -> None:
    person = new_person(kind)
    _, path = await worktree(person)
    if refs != "loose":
        with person.changing():
            home.git("pack-refs", "--all", "--prune", cwd=path)
        assert not (Path(person.look("rev-parse", "--path-format=absolute", "--git-common-dir", cwd=path)) / "refs/heads/locus").is_dir()
    if refs == "packed and moved":
        home.git("commit", "--quiet", "--allow-empty", "-m", "more", cwd=path)
    found = await work.head_in(path)
    assert found == await head_of(path)
    assert found == Head("locus/issue-1", person.look("rev-parse", "HEAD", cwd=path))


async def test_a_head_that_is_detached_unborn_or_an_alias(person: Person, home: Home) -> None:
    _, path = await worktree(person)
    home.git("switch", "--quiet", "--detach", cwd=path)
    assert await work.head_in(path) == Head(None, person.head)
    home.git("switch", "--quiet", "--orphan", "locus/fresh", cwd=path)
    assert await work.head_in(path) == Head("locus/fresh", None)
    home.git("symbolic-ref", "refs/heads/locus/alias", "refs/heads/locus/issue-1", cwd=path)
    home.git("symbolic-ref", "HEAD", "refs/heads/locus/alias", cwd=path)
    assert (await work.head_in(path)).commit == person.head


async def test_a_worktree_whose_repository_is_gone_has_no_head(person: Person) -> None:
    _, path = await worktree(person)
    (path / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(Refused, match="does not lead"):
        await work.head_in(path)


async def test_set_back_it_is_as_the_commit_but_for_what_is_ignored(person: Person, home: Home) -> None:
    _, path = await worktree(person)
    before = files_of(path)
    put(path, "README.md", "changed\n")
    put(path, "new/file.txt", "new\n")
    put(path, "build/cache", "slow to make\n")
    (path / "src/util.py").unlink()
    home.git("init", "--quiet", "nested", cwd=path)
    await work.stage(path)
    await work.commit(path, "More", {})
    put(path, "new/other.txt", "untracked\n")
    await work.set_back(path, person.head)
    assert await work.head_in(path) == Head("locus/issue-1", person.head)
    assert person.look("status", "--porcelain", cwd=path) == ""
    assert not (path / "nested").exists()
    assert {name: value for name, value in files_of(path).items() if not name.startswith("build/")} == before
    assert (path / "build/cache").read_text() == "slow to make\n"


async def test_a_clean_worktree_is_put_away_with_its_ignored_files(person: Person) -> None:
    repo, path = await worktree(person)
    put(path, "noise.log", "ignored\n")
    assert await work.put_away(repo, path)
    assert not path.exists()
    assert str(path) not in person.look("worktree", "list", "--porcelain")
    assert person.look("rev-parse", "locus/issue-1") == person.head


@pytest.mark.parametrize("difference", ["changed", "untracked", "staged", "deleted"])
async def test_a_dirty_worktree_is_not_put_away(person: Person, home: Home, difference: str) -> None:
    repo, path = await worktree(person)
    if difference == "deleted":
        (path / "README.md").unlink()
    else:
        put(path, "README.md" if difference == "changed" else "new.txt", "not kept anywhere\n")
    if difference == "staged":
        home.git("add", "--all", cwd=path)
    before = files_of(path)
    assert not await work.put_away(repo, path)
    assert files_of(path) == before
    assert str(path) in person.look("worktree", "list", "--porcelain")


async def test_a_locked_worktree_is_not_put_away(person: Person, home: Home) -> None:
    repo, path = await worktree(person)
    home.git("worktree", "lock", str(path), cwd=path)
    before = files_of(path)
    assert not await work.put_away(repo, path)
    assert files_of(path) == before
