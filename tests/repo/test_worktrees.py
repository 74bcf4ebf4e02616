"""Worktrees: made whole or not at all, never in the person's way, removed without losing anything of others."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from locus.errors import LocusError, Refused
from locus.locks import lock
from locus.process import Completed
from locus.repo import adding, commits, facts, files, layout, records, work, worktrees
from locus.repo.discover import Repository, linked_git_dir
from locus.repo.git import git
from locus.repo.worktrees import Worktree
from support.procs import until_async
from support.repos import NewPerson, Person, all_refs, files_of, put


async def make(person: Person, number: int = 1) -> tuple[Repository, Worktree]:
    repo = facts.discover(person.path)
    return repo, await worktrees.create(repo, place(repo, number), f"locus/issue-{number}", start=await facts.require_commits(repo))


def place(repo: Repository, number: int = 1) -> Path:
    return repo.worktrees_dir / f"issue-{number}"


def nothing_is_left(person: Person, repo: Repository, number: int = 1) -> None:
    """No record, no branch, no folder."""
    assert not os.path.lexists(place(repo, number))
    assert f"refs/heads/locus/issue-{number}" not in all_refs(repo.common_dir)
    assert str(place(repo, number)) not in person.look("worktree", "list")
    person.check()


@pytest.mark.parametrize("kind", ["plain", "master", "sha256", "shallow", "bare", "submodule"])
async def test_a_worktree_is_a_whole_checkout_on_its_branch(new_person: NewPerson, kind: str) -> None:
    person = new_person(kind)
    repo, tree = await make(person)
    assert tree == await worktrees.adopt(repo, tree.path, "locus/issue-1")
    assert person.look("status", "--porcelain", "--branch", cwd=tree.path) == "## locus/issue-1"
    assert (tree.path / "README.md").read_text() == "# A small project\n"
    assert person.look("status", "--porcelain") == "" if kind != "bare" else True


async def test_from_a_dirty_detached_checkout_and_from_a_linked_one(person: Person, tmp_path: Path) -> None:
    person.git("switch", "--quiet", "--detach")
    person.write("README.md", "dirty")
    person.write("untracked.txt", "x")
    _, tree = await make(person)
    assert "dirty" not in (tree.path / "README.md").read_text()
    person.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    linked = facts.discover(tmp_path / "side")
    second = await worktrees.create(linked, place(linked, 2), "locus/issue-2", start=person.head)
    assert second.path.parent == tree.path.parent


async def test_git_in_the_checkout_does_not_see_our_folder(person: Person) -> None:
    repo, _ = await make(person)
    put(repo.locus_dir, "run-state.json", "{}")
    assert person.look("status", "--porcelain", "--untracked-files=all") == ""
    put(repo.locus_dir, "config.json", "{}")
    put(repo.locus_dir, "memory/notes.md", "x")
    put(repo.locus_dir, "LOCUS.md", "x")
    seen = person.look("status", "--porcelain", "--untracked-files=all").split("\n")
    assert seen == ["?? .locus/LOCUS.md", "?? .locus/config.json", "?? .locus/memory/notes.md"]


async def test_excluding_again_changes_nothing_and_keeps_the_persons_lines(person: Person) -> None:
    exclude = put(person.path, ".git/info/exclude", "mine")
    repo = facts.discover(person.path)
    layout.exclude(repo)
    layout.exclude(repo)
    assert exclude.read_text() == "mine\n/.locus/worktrees/\n"


async def test_an_existing_branch_is_continued(person: Person) -> None:
    repo, tree = await make(person)
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "ours", cwd=tree.path)
    await worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash")
    again = await worktrees.create(repo, place(repo), "locus/issue-1", start=None)
    assert again.commit == person.look("rev-parse", "locus/issue-1") != person.head


async def test_no_tracking_is_set_up(person: Person) -> None:
    person.git("config", "branch.autoSetupMerge", "always")
    repo = facts.discover(person.path)
    await worktrees.create(repo, place(repo), "locus/issue-1", start="refs/remotes/origin/main")
    person.check()


async def test_refused_where_the_branch_is_taken_or_missing(person: Person) -> None:
    repo = facts.discover(person.path)
    person.home.git("branch", "locus/issue-1", cwd=person.path)
    with pytest.raises(Refused, match="there is a branch"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    assert "refs/heads/locus/issue-1" in all_refs(repo.common_dir)
    with pytest.raises(Refused, match="no branch `locus/issue-2`"):
        await worktrees.create(repo, place(repo, 2), "locus/issue-2", start=None)
    nothing_is_left(person, repo, 2)


async def test_refused_where_the_person_has_our_branch_checked_out(person: Person) -> None:
    person.git("switch", "--quiet", "-c", "locus/issue-1")
    repo = facts.discover(person.path)
    with pytest.raises(Refused, match=f"checked out at {person.path}") as refused:
        await worktrees.create(repo, place(repo), "locus/issue-1", start=None)
    assert "git -C" in (refused.value.hint or "")
    assert "refs/heads/locus/issue-1" in all_refs(repo.common_dir)


async def test_refused_where_a_branch_is_named_locus(person: Person) -> None:
    person.git("branch", "locus")
    repo = facts.discover(person.path)
    with pytest.raises(Refused, match="leaves no room"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    nothing_is_left(person, repo)


async def test_a_bad_start_leaves_nothing(person: Person) -> None:
    repo = facts.discover(person.path)
    with pytest.raises(LocusError):
        await worktrees.create(repo, place(repo), "locus/issue-1", start="0123456789012345678901234567890123456789")
    nothing_is_left(person, repo)


async def test_a_failing_checkout_leaves_nothing(person: Person) -> None:
    person.commit({".gitattributes": "*.py filter=broken\n"})
    person.git("config", "filter.broken.smudge", "false")
    person.git("config", "filter.broken.required", "true")
    repo = facts.discover(person.path)
    with pytest.raises(LocusError, match="smudge filter broken failed"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    nothing_is_left(person, repo)


async def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands for a full disk: git may write no more than a few kilobytes to a file, and is killed when it does."""
    person.commit({"big.txt": "x" * 100_000})
    real = person.look("--exec-path")
    limited = f'#!/bin/sh\ncase "$*" in *checkout*) ulimit -f 8;; esac\nexec "{real}/git" "$@"\n'
    put(tmp_path, "bin/git", limited, executable=True)
    repo = facts.discover(person.path)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
        with pytest.raises(LocusError, match="git checkout failed"):
            await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    nothing_is_left(person, repo)


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "disk space"), (errno.EROFS, "read-only"), (errno.EACCES, "permissions")])
def test_file_errors_say_what_to_do(number: int, hint: str) -> None:
    with pytest.raises(LocusError, match="making the folder failed") as failed, files.explained("making the folder"):
        raise OSError(number, os.strerror(number), "/x")
    assert hint in (failed.value.hint or "")
    assert "/x" in failed.value.message


async def test_an_existing_branch_survives_a_failing_checkout(person: Person) -> None:
    person.home.git("branch", "locus/issue-1", cwd=person.path)
    person.hook("post-checkout", "echo 'not today' >&2; exit 1")
    repo = facts.discover(person.path)
    with pytest.raises(LocusError, match="not today"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=None)
    assert "refs/heads/locus/issue-1" in all_refs(repo.common_dir)
    assert not place(repo).exists()


async def test_the_post_checkout_hook_runs_in_the_new_worktree(person: Person) -> None:
    person.hook("post-checkout", "touch made-by-hook")
    _, tree = await make(person)
    assert (tree.path / "made-by-hook").exists()


@pytest.mark.parametrize("when", ["waiting", "checking out"])
async def test_cancelling_leaves_nothing(person: Person, tmp_path: Path, when: str) -> None:
    repo = facts.discover(person.path)
    started = tmp_path / "started"
    person.hook("post-checkout", f"touch '{started}'; exec sleep 60")
    held = await lock(repo.state_dir / "locks" / "worktrees") if when == "waiting" else None
    task = asyncio.create_task(worktrees.create(repo, place(repo), "locus/issue-1", start=person.head))
    if held is None:
        await until_async(started.exists)
    else:
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if held:
        held.close()
    nothing_is_left(person, repo)


@pytest.mark.parametrize("how", ["with force", "clean"])
async def test_a_cancelled_removal_leaves_no_half_of_a_record(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    repo, tree = await make(person)
    slow = f'#!/bin/sh\ncase "$*" in *remove*) touch "{tmp_path}/begun"; sleep 0.2;; esac\nexec "{person.look("--exec-path")}/git" "$@"\n'
    put(tmp_path, "bin/git", slow, executable=True)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
        removal = work.put_away(repo, tree.path) if how == "clean" else worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash")
        task = asyncio.ensure_future(removal)
        await until_async((tmp_path / "begun").exists)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not tree.path.exists() and not list((repo.common_dir / "worktrees").glob("*"))


async def test_a_cancelled_wait_does_not_touch_the_worktree_that_stands_there(person: Person) -> None:
    repo, tree = await make(person)
    with await lock(repo.state_dir / "locks" / "worktrees"):
        task = asyncio.create_task(worktrees.create(repo, tree.path, "locus/issue-9", start=person.head))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await worktrees.adopt(repo, tree.path, "locus/issue-1")).path == tree.path


async def test_a_leftover_folder_is_moved_aside(person: Person) -> None:
    repo = facts.discover(person.path)
    put(place(repo), "precious.txt", "precious")
    await make(person)
    assert not (place(repo) / "precious.txt").exists()
    assert [path.read_text() for path in (repo.state_dir / "trash").rglob("precious.txt")] == ["precious"]


async def test_a_leftover_file_and_a_dangling_link_too(person: Person) -> None:
    repo = facts.discover(person.path)
    put(place(repo, 1).parent, "issue-1", "a file")
    place(repo, 2).symlink_to("/nowhere/at/all")
    await make(person, 1)
    await make(person, 2)
    assert len(list((repo.state_dir / "trash").iterdir())) == 2


async def test_a_worktree_that_stands_there_is_not_taken(person: Person) -> None:
    repo, tree = await make(person)
    put(tree.path, "work.txt", "work")
    with pytest.raises(Refused, match="a worktree at"):
        await worktrees.create(repo, tree.path, "locus/issue-2", start=person.head)
    assert (tree.path / "work.txt").exists()
    assert "refs/heads/locus/issue-2" not in all_refs(repo.common_dir)


async def test_a_record_whose_folder_was_deleted_by_hand(person: Person) -> None:
    repo, tree = await make(person)
    tree.path.rename(tree.path.with_name("moved-by-hand"))
    with pytest.raises(Refused, match="is gone"):
        await worktrees.adopt(repo, tree.path, "locus/issue-1")
    again = await worktrees.create(repo, place(repo), "locus/issue-1", start=None)
    assert again == await worktrees.adopt(repo, again.path, "locus/issue-1")
    again.path.rename(tree.path.with_name("moved-again"))
    assert await worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash") is None
    assert len(await worktrees.listed(repo)) == 1


async def test_adopting_says_what_is_wrong(person: Person, new_person: NewPerson) -> None:
    repo, tree = await make(person)
    with pytest.raises(Refused, match="not on `locus/other`"):
        await worktrees.adopt(repo, tree.path, "locus/other")
    person.home.git("switch", "--quiet", "--detach", cwd=tree.path)
    with pytest.raises(Refused, match="detached"):
        await worktrees.adopt(repo, tree.path, "locus/issue-1")
    put(repo.worktrees_dir, "plain/file", "x")
    with pytest.raises(Refused, match="not a worktree"):
        await worktrees.adopt(repo, repo.worktrees_dir / "plain", "locus/issue-1")
    other = new_person(name="other")
    tree.path.rename(tree.path.with_name("away"))
    other.home.git("worktree", "add", "--quiet", "-b", "locus/issue-1", str(tree.path), cwd=other.path)
    with pytest.raises(Refused, match=r"another repository|not on"):
        await worktrees.adopt(repo, tree.path, "locus/issue-1")
    other.home.git("worktree", "remove", str(tree.path), cwd=other.path)


async def test_adopting_removes_the_locks_a_killed_git_left(person: Person) -> None:
    repo, tree = await make(person)
    ours = [f"{refs}/locus/issue-1.lock" for refs in ("refs/heads", "refs/locus/own", "refs/remotes/origin")]
    left = [linked_git_dir(tree.path) / "index.lock", *(put(repo.common_dir, name, "") for name in ours)]
    left[0].touch()
    foreign = put(repo.common_dir, "refs/heads/main.lock", "")
    await worktrees.adopt(repo, tree.path, "locus/issue-1")
    assert not any(file.exists() for file in left)
    foreign.unlink()
    await commits.commit_all(tree.path, "it can be committed again")


async def test_removing_drops_only_this_record(person: Person, tmp_path: Path) -> None:
    person.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "usb"))
    (tmp_path / "usb").rename(tmp_path / "unplugged")
    repo, tree = await make(person)
    assert await worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash") is None
    assert [(w.path, w.prunable) for w in await worktrees.listed(repo)] == [(person.path, False), (tmp_path / "usb", True)]
    assert list((repo.state_dir / "trash").iterdir()) == []
    assert "refs/heads/locus/issue-1" in all_refs(repo.common_dir)
    (tmp_path / "unplugged").rename(tmp_path / "usb")


async def test_removing_a_locked_or_foreign_worktree_is_refused(person: Person, tmp_path: Path) -> None:
    repo, tree = await make(person)
    person.home.git("worktree", "lock", str(tree.path), cwd=person.path)
    with pytest.raises(Refused, match="locked"):
        await worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash")
    assert tree.path.exists()
    with pytest.raises(Refused, match="not a worktree"):
        await worktrees.remove(repo, tmp_path, trash=repo.state_dir / "trash")
    person.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "mine"))
    for path in (person.path, tmp_path / "mine"):
        with pytest.raises(Refused, match="not one of Locus' worktrees"):
            await worktrees.remove(repo, path, trash=repo.state_dir / "trash")


async def test_removing_deletes_read_only_folders_and_follows_no_link(person: Person, tmp_path: Path) -> None:
    precious = put(tmp_path, "outside/precious.txt", "precious")
    repo, tree = await make(person)
    put(tree.path, "cache/deep/file", "x")
    (tree.path / "cache/deep").chmod(0o500)
    (tree.path / "cache").chmod(0o500)
    (tree.path / "link").symlink_to(tmp_path / "outside")
    assert await worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash") is None
    assert not list((repo.state_dir / "trash").iterdir())
    assert precious.exists()


async def test_thirty_at_once(person: Person) -> None:
    repo = facts.discover(person.path)
    start = person.head
    trees = await asyncio.gather(
        *(worktrees.create(repo, place(repo, n), f"locus/issue-{n}", start=start) for n in range(30)), return_exceptions=True
    )
    assert [tree for tree in trees if not isinstance(tree, Worktree)] == []
    expected = files_of(person.path, skip=(".locus",))
    assert all(files_of(place(repo, n)) == expected for n in range(30))
    assert len(await worktrees.listed(repo)) == 31
    removed = await asyncio.gather(*(worktrees.remove(repo, place(repo, n), trash=repo.state_dir / "trash") for n in range(30)))
    assert set(removed) == {None}
    assert len(await worktrees.listed(repo)) == 1


async def test_submodules_are_checked_out_without_touching_configuration_or_network(new_person: NewPerson) -> None:
    person = new_person("submodule")
    assert not (person.path.parent / "sources").exists()  # where .gitmodules says the submodules come from
    _, tree = await make(person)
    assert (tree.path / "vendor/lib/lib.txt").read_text() == "lib\n"
    assert (tree.path / "vendor/lib/inner/deep/deep.txt").read_text() == "deep\n"
    assert person.look("status", "--porcelain", cwd=tree.path) == ""
    theirs = person.look("config", "remote.origin.url", cwd=person.path / "vendor/lib")
    assert person.look("config", "remote.origin.url", cwd=tree.path / "vendor/lib") == theirs


async def test_a_submodule_the_person_does_not_have_is_left_alone(new_person: NewPerson) -> None:
    person = new_person("submodule")
    person.git("submodule", "--quiet", "deinit", "--force", "vendor/lib")
    with person.changing():
        (person.path / ".git/modules/lib").rename(person.path.parent / "gone")
    _, tree = await make(person)
    assert list((tree.path / "vendor/lib").iterdir()) == []


async def test_a_submodule_commit_that_nobody_has_is_a_clear_error(new_person: NewPerson) -> None:
    person = new_person("submodule")
    person.git("update-index", "--cacheinfo", "160000,0123456789012345678901234567890123456789,vendor/lib")
    person.git("commit", "--quiet", "-m", "broken")
    repo = facts.discover(person.path)
    with pytest.raises(LocusError, match="submodule `lib` cannot be checked out"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    nothing_is_left(person, repo)


async def test_a_sparse_checkout_stays_sparse(person: Person) -> None:
    person.git("sparse-checkout", "set", "--cone", "docs")
    _, tree = await make(person)
    assert (tree.path / "README.md").exists()
    assert not (tree.path / "src").exists()


async def test_an_unwritable_place_is_refused_clearly(person: Person) -> None:
    repo = facts.discover(person.path)
    put(person.path, ".locus", "a file where the folder should be")
    with pytest.raises(LocusError, match=r"hiding .locus|worktree's folder"):
        await worktrees.create(repo, place(repo), "locus/issue-1", start=person.head)
    assert "refs/heads/locus/issue-1" not in all_refs(repo.common_dir)
    (person.path / ".locus").unlink()


@pytest.mark.parametrize("during", ["worktree", "checkout"])
@pytest.mark.parametrize("taken", ["gitdir", "HEAD", "commondir", "all of it"])
async def test_a_prune_takes_a_new_record_for_a_broken_one(
    person: Person, monkeypatch: pytest.MonkeyPatch, taken: str, during: str
) -> None:
    """It has seen the record before git had written its first file, and deletes what it finds, whatever git writes meanwhile."""
    repo = facts.discover(person.path)
    record = repo.common_dir / "worktrees/issue-1"
    swept = False

    async def with_a_prune(*args: str | Path, cwd: Path, **more: Any) -> Completed:
        nonlocal swept
        done = await git(*args, cwd=cwd, **more)
        if during in args and record.exists() and not swept:
            swept = True
            shutil.rmtree(record) if taken == "all of it" else (record / taken).unlink()
        return done

    for module in (adding, worktrees):
        monkeypatch.setattr(module, "git", with_a_prune)
    if during == "checkout" and taken != "gitdir":
        with pytest.raises(LocusError):
            await make(person)
        assert swept
        nothing_is_left(person, repo)
    else:
        _, tree = await make(person)
        assert swept
        person.git("worktree", "prune")
        assert tree == await worktrees.adopt(repo, tree.path, "locus/issue-1")
        assert person.look("status", "--porcelain", "--branch", cwd=tree.path) == "## locus/issue-1"


async def test_no_other_repositorys_record_is_discarded(person: Person, new_person: NewPerson, tmp_path: Path) -> None:
    repo = facts.discover(person.path)
    other = new_person(name="other")
    linked = tmp_path / "linked"
    other.git("worktree", "add", "--quiet", "--no-checkout", "--detach", linked)
    full = tmp_path / "full"
    full.mkdir()
    (full / "theirs.txt").touch()
    for path in (other.path, linked, full):
        records.discard(repo, path)
    assert (other.path / ".git/worktrees/linked").is_dir() and (linked / ".git").is_file() and (full / "theirs.txt").exists()
