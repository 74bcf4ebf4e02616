"""Thirty worktrees at once, made by three processes while the person's own git collects garbage, fetches and makes worktrees.

`LOCUS_ROUNDS=20` for the full measure; it prints the time of each round.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.errors import LocusError
from locus.locks import try_lock
from locus.repo import facts, worktrees
from locus.repo.base import BaseBranch, fetch_base
from locus.repo.discover import Repository
from support.busy_git import busy
from support.procs import until_async
from support.repos import Person, all_refs, files_of, put

MEASURED = "LOCUS_ROUNDS" in os.environ
ROUNDS = int(os.environ.get("LOCUS_ROUNDS", "2"))
PROCESSES, EACH = 3, 10
COUNT = PROCESSES * EACH

MAKER = """
import asyncio, sys
from pathlib import Path
from locus.repo import facts, worktrees

async def main(folder, start, first, count):
    repo = facts.discover(Path(folder))
    made = await asyncio.gather(
        *(worktrees.create(repo, repo.worktrees_dir / f"issue-{n}", f"locus/issue-{n}", start=start) for n in range(first, first + count)),
        return_exceptions=True,
    )
    for each in made:
        if isinstance(each, BaseException):
            print(repr(each), flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def make(person: Person, first: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", MAKER, str(person.path), person.head, str(first), str(EACH)]
    return subprocess.Popen(argv, env=person.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.timeout(60 + 60 * ROUNDS)
async def test_thirty_at_once_while_the_persons_git_is_busy(person: Person, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not one fails, and each is a whole checkout. The person's git may stumble over its own races, as it does without us."""
    repo = facts.discover(person.path)
    expected = files_of(person.path, skip=(".locus",))
    told, failures = [], []
    for round in range(ROUNDS):
        with person.changing(), busy(person, tmp_path / f"stop-{round}") as said:
            begun = time.perf_counter()
            makers = [make(person, number * EACH) for number in range(PROCESSES)]
            answers = [maker.communicate(timeout=60) for maker in makers]
            made = time.perf_counter() - begun
            failures += [line for out, error in answers for line in [*out.splitlines(), *error.splitlines()]]
            ours = await all_of(repo)
            seen = {tree.path.name: (tree.branch, tree.commit, files_of(tree.path)) for tree in ours}
            removed = [worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash") for tree in ours]
            failures += [repr(each) for each in await asyncio.gather(*removed, return_exceptions=True) if each is not None]
        told.append(
            f"round {round + 1}: made in {made:.2f} s; {len(failures)} failures so far; the person's git: {said or 'no complaints'}"
        )
        assert not failures, failures
        assert seen == {f"issue-{n}": (f"locus/issue-{n}", person.head, expected) for n in range(COUNT)}
        assert not await all_of(repo, 0)
        person.git("branch", "--quiet", "-D", *(f"locus/issue-{n}" for n in range(COUNT)))
    if MEASURED:
        with capsys.disabled():
            print("", *told, sep="\n")


async def all_of(repo: Repository, count: int = COUNT) -> list[worktrees.Worktree]:
    """A listing may miss one for a moment, while the person's git writes there; for no longer."""
    for _ in range(20):
        ours = [tree for tree in await worktrees.listed(repo) if tree.path.parent == repo.worktrees_dir]
        if len(ours) == count:
            break
    return ours


def half_made(person: Person) -> Path:
    """As another git has it for a moment: the record of a worktree whose last file is still empty. Returns that file."""
    record = person.path / ".git" / "worktrees" / "theirs"
    put(record, "gitdir", f"{person.path.parent}/theirs/.git\n")
    put(record, "HEAD", f"{person.head}\n")
    put(record, "locked", "initializing")
    return put(record, "commondir", "")


async def test_a_worktree_that_somebody_is_just_making_is_waited_for(person: Person) -> None:
    repo = facts.discover(person.path)
    start = await facts.require_commits(repo)
    unfinished = half_made(person)

    async def finish_when(seen: Callable[[], bool]) -> None:
        await until_async(seen)
        unfinished.write_text("../..\n")

    branch = repo.common_dir / "refs/heads/locus/issue-1"  # git makes it first, then stumbles
    tree, _ = await asyncio.gather(
        worktrees.create(repo, repo.worktrees_dir / "issue-1", "locus/issue-1", start=start), finish_when(branch.exists)
    )
    assert person.look("status", "--porcelain", "--branch", cwd=tree.path) == "## locus/issue-1"

    unfinished.write_text("")
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, passed.set)
    fetched, _ = await asyncio.gather(fetch_base(repo, BaseBranch("main", "origin")), finish_when(passed.is_set))
    assert fetched.fresh and fetched.commit == start
    shutil.rmtree(unfinished.parent)


async def test_a_worktree_that_stays_half_made_is_said_to_be(person: Person) -> None:
    """A git that was killed has left it: every git command about worktrees fails until somebody removes it."""
    repo = facts.discover(person.path)
    unfinished = half_made(person)
    with pytest.raises(LocusError, match="worktrees/theirs/commondir") as caught:
        await worktrees.create(repo, repo.worktrees_dir / "issue-1", "locus/issue-1", start=person.head)
    assert "left half-made" in str(caught.value.hint)
    shutil.rmtree(unfinished.parent)
    assert "refs/heads/locus/issue-1" not in all_refs(repo.common_dir)
    assert [tree.path for tree in await worktrees.listed(repo)] == [person.path]
    assert not (repo.worktrees_dir / "issue-1").exists()


async def test_a_record_that_the_person_prunes_while_its_worktree_is_removed(person: Person) -> None:
    repo = facts.discover(person.path)
    tree = await worktrees.create(repo, repo.worktrees_dir / "issue-1", "locus/issue-1", start=person.head)
    with try_lock(repo.state_dir / "locks" / "worktrees") or pytest.fail():
        removing = asyncio.create_task(worktrees.remove(repo, tree.path, trash=repo.state_dir / "trash"))
        await until_async(lambda: not tree.path.exists())  # moved aside, its record not dropped yet
        person.git("worktree", "prune")
    assert await removing is None
    assert len(await worktrees.listed(repo)) == 1
