"""From which commit a run starts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from locus.errors import InvalidArguments, Refused
from locus.repo import base, facts
from locus.repo.base import BaseBranch
from support.repos import NewPerson, Person, put


async def branch(person: Person, configured: str | None = None) -> BaseBranch:
    return await base.base_branch(facts.discover(person.path), configured)


async def test_the_remotes_head_decides(person: Person) -> None:
    person.on_remote("branch", "develop")
    person.git("fetch", "--quiet")
    person.git("remote", "set-head", "origin", "develop")
    assert await branch(person) == BaseBranch("develop", "origin")


async def test_then_the_only_one_of_main_and_master(new_person: NewPerson) -> None:
    for kind, name in (("plain", "main"), ("master", "master")):
        person = new_person(kind, name=name)
        person.git("remote", "set-head", "origin", "--delete")
        person.git("switch", "--quiet", "-c", "feature")
        assert await branch(person) == BaseBranch(name, "origin")


async def test_then_the_current_branch(new_person: NewPerson) -> None:
    person = new_person(remote=False)
    person.git("branch", "master")
    person.git("switch", "--quiet", "-c", "feature")
    assert await branch(person) == BaseBranch("feature", None)
    person.git("switch", "--quiet", "--detach")
    with pytest.raises(Refused) as refused:
        await branch(person)
    assert "--base" in (refused.value.hint or "")


async def test_configured_wins(person: Person) -> None:
    assert await branch(person, "release/1") == BaseBranch("release/1", "origin")
    assert await branch(person, "origin/release/1") == BaseBranch("release/1", "origin")
    assert await branch(person, "refs/heads/release/1") == BaseBranch("release/1", "origin")
    with pytest.raises(InvalidArguments):
        await branch(person, "--upload-pack=touch")


async def test_a_fetch_moves_nothing_of_the_person(person: Person) -> None:
    new = person.commit_on_remote({"theirs.txt": "theirs"})
    person.on_remote("tag", "v1", "main")
    repo = facts.discover(person.path)
    put(repo.common_dir, "refs/locus/base/main.lock", "")  # left by a git that was killed
    result = await base.fetch_base(repo, BaseBranch("main", "origin"))
    assert (result.commit, result.fresh) == (new, True)
    person.check()
    assert person.look("tag") == ""
    assert person.look("rev-parse", "refs/locus/base/main") == new


async def test_the_persons_fetch_settings_do_not_matter(person: Person) -> None:
    for key, value in (
        ("fetch.prune", "true"),
        ("fetch.pruneTags", "true"),
        ("remote.origin.tagOpt", "--tags"),
        ("remote.origin.prune", "true"),
        ("fetch.all", "true"),
    ):
        person.git("config", key, value)
    person.git("update-ref", "refs/remotes/origin/gone", "HEAD")
    person.git("tag", "mine")
    person.on_remote("tag", "v1", "main")
    assert (await base.fetch_base(facts.discover(person.path), BaseBranch("main", "origin"))).fresh


async def test_many_fetches_at_once(person: Person) -> None:
    new = person.commit_on_remote({"theirs.txt": "theirs"})
    repo = facts.discover(person.path)
    results = await asyncio.gather(*(base.fetch_base(repo, BaseBranch("main", "origin")) for _ in range(8)))
    assert {(result.commit, result.problem) for result in results} == {(new, None)}


async def test_a_failed_fetch_is_a_result_with_the_last_known_commit(person: Person) -> None:
    assert person.remote is not None
    person.remote.rename(person.remote.with_suffix(".away"))
    result = await base.fetch_base(facts.discover(person.path), BaseBranch("main", "origin"))
    person.remote.with_suffix(".away").rename(person.remote)
    assert not result.fresh
    assert result.commit == person.head
    assert "does not appear to be a git repository" in (result.problem or "")
    assert result.hint


async def test_a_base_that_the_remote_lacks(person: Person) -> None:
    result = await base.fetch_base(facts.discover(person.path), BaseBranch("nowhere", "origin"))
    assert (result.commit, result.fresh) == (None, False)
    assert "couldn't find remote ref" in (result.problem or "")


async def test_a_base_forced_backwards_is_followed(person: Person) -> None:
    repo, main = facts.discover(person.path), BaseBranch("main", "origin")
    old = person.tip("main")
    person.commit_on_remote({"x": "x"})
    await base.fetch_base(repo, main)
    person.on_remote("update-ref", "refs/heads/main", old or "")
    assert (await base.fetch_base(repo, main)).commit == old


async def test_without_a_remote_the_local_branch(new_person: NewPerson) -> None:
    person = new_person(remote=False)
    result = await base.fetch_base(facts.discover(person.path), BaseBranch("main", None))
    assert (result.commit, result.fresh) == (person.head, True)


async def test_of_two_copies_the_newer_is_known(person: Person) -> None:
    repo, main = facts.discover(person.path), BaseBranch("main", "origin")
    await base.fetch_base(repo, main)
    newer = person.commit_on_remote({"x": "x"})
    person.git("fetch", "--quiet")
    assert await base.known_base(repo, main) == newer


async def test_resolve_default_head_and_ref(person: Person) -> None:
    repo, main = facts.discover(person.path), BaseBranch("main", "origin")
    start = person.head
    person.git("switch", "--quiet", "-c", "feature")
    mine = person.commit({"mine.txt": "mine"})
    person.git("tag", "-a", "-m", "v1", "v1")
    default, head, ref, tag = [await base.resolve(repo, name, main) for name in ("default", "head", "feature~1", "v1")]
    assert (default.kind, default.commit, default.label) == ("default", start, "main")
    assert (head.kind, head.commit, head.label) == ("head", mine, f"feature at {mine[:10]}")
    assert (ref.kind, ref.commit) == ("ref", start)
    assert tag.commit == mine
    for wrong in ("nothing", "HEAD:README.md"):
        with pytest.raises(Refused, match="no commit"):
            await base.resolve(repo, wrong, main)
    with pytest.raises(InvalidArguments):
        await base.resolve(repo, "--help", main)
    with pytest.raises(Refused, match="does not exist"):
        await base.resolve(repo, "default", BaseBranch("nowhere", "origin"))


async def test_a_repository_without_commits_is_refused(new_person: NewPerson) -> None:
    repo = facts.discover(new_person("no-commits", remote=False).path)
    for name in ("default", "head", "working-tree"):
        with pytest.raises(Refused, match="no commits"):
            await base.resolve(repo, name, BaseBranch("main", None))


async def test_the_working_tree_as_a_commit(person: Person) -> None:
    repo = facts.discover(person.path)
    person.write("src/app.py", "changed\n")
    person.git("add", "--all")
    person.write("src/app.py", "changed again\n")
    person.write("new/untracked.txt", "new\n")
    person.write("noise.log", "ignored\n")
    person.delete("src/util.py")
    taken = await base.resolve(repo, "working-tree", BaseBranch("main", "origin"), snapshot_ref="refs/locus/snapshot/r1")
    person.check()
    assert person.look("rev-parse", "refs/locus/snapshot/r1") == taken.commit
    assert person.look("rev-parse", f"{taken.commit}^") == person.head
    assert person.look("show", f"{taken.commit}:src/app.py") == "changed again"
    assert person.look("ls-tree", "-r", "--name-only", taken.commit).split() == [
        ".gitignore",
        "README.md",
        "new/untracked.txt",
        "src/app.py",
    ]
    assert list((person.path / ".git").glob("locus-index*")) == []


async def test_a_clean_working_tree_is_head(person: Person) -> None:
    taken = await base.resolve(facts.discover(person.path), "working-tree", BaseBranch("main", "origin"))
    assert taken.commit == person.head
    assert person.look("rev-parse", taken.snapshot_ref or "") == person.head


async def test_the_snapshot_ignores_the_persons_staged_conflict_and_crlf_settings(person: Person) -> None:
    person.git("config", "core.autocrlf", "input")
    person.git("config", "core.safecrlf", "true")
    person.git("switch", "--quiet", "-c", "other")
    person.commit({"README.md": "theirs\n"})
    person.git("switch", "--quiet", "main")
    person.commit({"README.md": "mine\n"})
    person.git("merge", "other", check=False)
    person.write("windows.txt", "a\r\nb\r\n")
    taken = await base.snapshot_working_tree(facts.discover(person.path), "refs/locus/snapshot/r1")
    assert "<<<<<<<" in person.look("show", f"{taken}:README.md")
    person.check()


async def test_nested_repositories_do_not_hinder_a_snapshot(person: Person) -> None:
    with person.changing():
        for name in ("empty", "full"):
            (person.path / name).mkdir()
            person.home.git("init", "--quiet", cwd=person.path / name)
            put(person.path, f"{name}/file.txt", "x")
        person.home.git("add", "--all", cwd=person.path / "full")
        person.home.git("commit", "--quiet", "-m", "x", cwd=person.path / "full")
    person.write("new.txt", "new")
    taken = await base.snapshot_working_tree(facts.discover(person.path), "refs/locus/snapshot/r1")
    names = person.look("ls-tree", "-r", "--name-only", taken).split()
    assert "new.txt" in names
    assert not any(name.startswith(("empty", "full")) for name in names)


async def test_a_bare_repository_has_no_working_tree(new_person: NewPerson) -> None:
    with pytest.raises(Refused, match="bare"):
        await base.snapshot_working_tree(facts.discover(new_person("bare").path))


async def test_a_snapshot_from_a_linked_worktree(person: Person, tmp_path: Path) -> None:
    person.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    put(tmp_path, "side/new.txt", "new")
    taken = await base.snapshot_working_tree(facts.discover(tmp_path / "side"), "refs/locus/snapshot/r1")
    assert person.look("show", f"{taken}:new.txt") == "new"
    assert not (person.path / "new.txt").exists()
