"""A worktree kept whole: files, HEAD and branch, each once, and for as long as if it were kept now."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from locus.errors import LocusError, Refused
from locus.repo import kept, records, restore
from locus.repo.keeping import keep_tip, keep_whole
from support.repos import Person, files_of, put
from support.trees import worktree

PREFIX = "refs/locus/keep/r1/1/"
DAY = 86400


def age(person: Person, ref: str, days: int) -> None:
    """The same snapshot, made so many days earlier."""
    text = person.look("cat-file", "commit", ref)
    stamp = next(line for line in text.splitlines() if line.startswith("committer ")).split()[-2]
    older = text.replace(f" {stamp} ", f" {int(stamp) - days * DAY} ") + "\n"
    made = person.home.git("hash-object", "-t", "commit", "-w", "--stdin", cwd=person.path, input=older.encode())
    person.home.git("update-ref", ref, made, cwd=person.path)


def commit(person: Person, path: Path, name: str) -> str:
    put(path, name, name)
    person.home.git("add", "--all", cwd=path)
    person.home.git("commit", "--quiet", "-m", name, cwd=path)
    return person.look("rev-parse", "HEAD", cwd=path)


async def test_files_head_and_branch_are_kept_once(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    start = person.head
    branch = commit(person, path, "on-the-branch")
    person.home.git("checkout", "--quiet", "--detach", start, cwd=path)
    head = commit(person, path, "on-no-branch")
    put(path, "new.txt", "new")
    made = await keep_whole(repo, path, PREFIX, reason="all of it", branch="locus/issue-1", known={start})
    assert [(each.ref, each.head) for each in made] == [(f"{PREFIX}1", head), (f"{PREFIX}2", branch)]
    assert await keep_whole(repo, path, PREFIX, reason="again", branch="locus/issue-1", known={start}) == []
    assert await keep_tip(repo, branch, PREFIX, reason="again") == []
    for number, expected in ((1, {"on-no-branch", "new.txt"}), (2, {"on-the-branch"})):
        await restore.restore(repo, f"{PREFIX}{number}", tmp_path / str(number))
        assert files_of(tmp_path / str(number)).keys() - {"README.md", "src/app.py", "src/util.py", ".gitignore"} == expected
    put(path, "new.txt", "newer")
    assert [each.ref for each in await keep_whole(repo, path, PREFIX, reason="changed", known={start, head})] == [f"{PREFIX}3"]
    await kept.drop(repo, await kept.keeps(repo))
    later = await keep_whole(repo, path, PREFIX, reason="after retention", known={start, head}, used=3)
    assert [each.ref for each in later] == [f"{PREFIX}4"], "a number that the journal names is not used again"


async def test_what_is_kept_again_begins_its_time_anew(person: Person) -> None:
    repo, path = await worktree(person)
    start = person.head
    head = commit(person, path, "committed")
    put(path, "new.txt", "new")
    await keep_whole(repo, path, PREFIX, reason="first", branch="locus/issue-1", known={start})
    age(person, f"{PREFIX}1", 29)
    assert await keep_whole(repo, path, PREFIX, reason="second", branch="locus/issue-1", known={start}) == []
    (only,) = await kept.keeps(repo)
    assert only.ref == f"{PREFIX}1" and only.reason == "second" and abs(only.at - time.time()) < 60
    age(person, f"{PREFIX}1", 29)
    assert [each.head for each in await keep_tip(repo, head, PREFIX, reason="the tip alone")] == [head]
    assert [each.ref for each in await kept.keeps(repo)] == [f"{PREFIX}1", f"{PREFIX}2"]


async def test_an_old_commit_is_kept_from_now_on(person: Person) -> None:
    repo, path = await worktree(person)
    put(path, "old.txt", "old")
    person.home.git("add", "--all", cwd=path)
    person.home.git("commit", "--quiet", "-m", "long ago", cwd=path, env={"GIT_COMMITTER_DATE": "2001-01-01T00:00:00Z"})
    await keep_whole(repo, path, PREFIX, reason="test")
    assert await kept.expire(repo) == [] and len(await kept.keeps(repo)) == 1


async def test_snapshots_that_share_files_count_them_once(person: Person) -> None:
    repo, path = await worktree(person)
    put(path, "large.bin", os.urandom(40_000))
    for number in range(4):
        put(path, "changing.bin", os.urandom(10_000))
        await keep_whole(repo, path, f"refs/locus/keep/r{number}/1/", reason="test", known={person.head})
    tomorrow = time.time() + 2 * DAY
    assert await kept.expired(repo, 30, 85_000, now=tomorrow) == []
    assert [each.run for each in await kept.expired(repo, 30, 65_000, now=tomorrow)] == ["r0", "r1"]
    assert [each.run for each in await kept.expired(repo, 30, 1, now=tomorrow)] == ["r0", "r1", "r2", "r3"]


@pytest.mark.parametrize("how", ["gone", "folder", "text", "init"])
async def test_a_git_file_that_is_gone_is_written_anew(person: Person, how: str) -> None:
    repo, path = await worktree(person)
    put(path, "new.txt", "new")
    (path / ".git").unlink()
    if how == "folder":
        put(path, ".git/precious", "precious")
    elif how == "text":
        put(path, ".git", "not a git file")
    elif how == "init":
        person.home.git("init", "--quiet", cwd=path)
    assert not records.intact(repo, path)
    assert len(await keep_whole(repo, path, PREFIX, reason="test", known={person.head})) == 1
    assert records.intact(repo, path) and "new.txt" in person.look("ls-tree", "--name-only", f"{PREFIX}1")
    if how == "folder":
        assert [file.read_text() for file in (repo.state_dir / "trash").rglob("precious")] == ["precious"]


async def test_another_repositorys_worktree_is_left_alone(person: Person, tmp_path: Path) -> None:
    repo, path = await worktree(person)
    path.rename(tmp_path / "away")
    other = tmp_path / "other"
    person.home.git("init", "--quiet", str(other), cwd=tmp_path)
    person.home.git("commit", "--quiet", "--allow-empty", "-m", "other", cwd=other)
    person.home.git("worktree", "add", "--quiet", str(path), cwd=other)
    before = (path / ".git").read_bytes()
    with pytest.raises(Refused, match="not a worktree of this repository"):
        await keep_whole(repo, path, PREFIX, reason="test")
    assert (path / ".git").read_bytes() == before
    with pytest.raises(LocusError):
        await keep_whole(repo, tmp_path / "nowhere", PREFIX, reason="test")
