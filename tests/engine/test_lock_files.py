"""Lock files that somebody deletes or a power cut leaves, ours and git's: runs go on, or say what is in the way."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from pathlib import Path

import pytest

from locus import locks, process
from locus.engine import store
from locus.errors import Refused
from locus.model import naming
from locus.repo import collecting
from locus.repo.names import OWN_REFS
from support.busy_git import busy
from support.gates import came, waits
from support.house import House, done, states
from support.procs import until_async
from support.repos import Person, put


async def test_deleted_lock_files_are_put_back_while_the_run_goes_on(house: House, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    run_id = await house.start(number)
    await until_async(lambda: came(tmp_path) == {number}, 30)
    own, branch = house.ws.runs / run_id / store.LOCK, house.ws.branch_lock(f"locus/issue-{number}")
    own.unlink()
    shutil.rmtree(house.ws.locks)
    await until_async(lambda: locks.is_held(own) and locks.is_held(branch), 30)
    with pytest.raises(Refused, match="another run is working on"):
        await house.start(number)
    with pytest.raises(Refused, match="is going on"):
        await house.call("locus.run.resume", runId=run_id)
    (tmp_path / "go").touch()
    assert done(await house.ended(run_id))


async def test_a_run_whose_deleted_lock_somebody_else_has_taken_ends(house: House, tmp_path: Path) -> None:
    """Its branch: it stops, the work is kept. Its own: as in a crash, for the other writes its journal now."""
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    run_id = await house.start(number)
    await until_async(lambda: came(tmp_path) == {number}, 30)
    own, branch = house.ws.runs / run_id / store.LOCK, house.ws.branch_lock(f"locus/issue-{number}")
    branch.unlink()
    with locks.try_lock(branch) or pytest.fail():
        view = await house.ended(run_id)
        assert (view.state, states(view)) == ("stopped", ["interrupted"]) and not process.leftovers(run_id)

    (tmp_path / f"came-{number}").unlink()
    await house.call("locus.run.resume", runId=run_id)
    await until_async(lambda: came(tmp_path) == {number}, 30)
    own.unlink()
    with locks.try_lock(own) or pytest.fail():
        seq = house.view(run_id).seq
        await until_async(lambda: not process.leftovers(run_id) and not locks.is_held(branch), 30)
        assert house.view(run_id).seq == seq
    assert house.view(run_id).state == "lost"
    (tmp_path / "go").touch()
    await house.call("locus.run.resume", runId=run_id)
    assert done(await house.until(run_id, done))


async def test_the_lock_files_that_a_power_cut_left_keep_nobody_out(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    for name in (f"branch-locus-issue-{number}", "slots/slot-0", "slots/slot-1", "slots/slot-2", "worktrees", "fetch", "run-state", "keep"):
        left = house.ws.locks / name
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_text(f"{os.getppid()}\n")
    assert done(await house.run(number))


LEFT = ("index.lock", "HEAD.lock", "packed-refs.lock", "config.lock", "shallow.lock", "FETCH_HEAD.lock", "refs/heads/main.lock", "gc.pid")


@pytest.mark.parametrize("name", LEFT)
async def test_whatever_git_locks_in_the_persons_checkout_runs_go_on(house: House, tmp_path: Path, name: str) -> None:
    """The lock is held, or was left by a git that was killed: a run fails meanwhile, is resumed, and ends well."""
    number = await house.issue("echo half > half.txt", f"test -e {tmp_path}/go || exit 3", "echo a > a.txt")
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    with house.person.changing():
        lock = put(house.ws.repo.common_dir, name, f"{gone.pid} {socket.gethostname()}\n" if name == "gc.pid" else "")
    view = await asyncio.wait_for(house.run(number), 30)
    assert states(view) == ["failed"] and not view.warnings
    (tmp_path / "go").touch()
    assert done(await asyncio.wait_for(house.carry_on(view.id), 30))
    with house.person.changing():
        lock.unlink()  # it was the person's to remove


async def test_runs_go_on_while_the_persons_git_does_everything_at_once(house: House, tmp_path: Path) -> None:
    """Collects garbage, fetches, prunes, makes and removes worktrees of its own, again and again."""
    numbers = [await house.issue("echo a > $LOCUS_TASK.txt") for _ in range(5)]
    await house.sprint("S", *numbers[3:])
    with house.person.changing(), busy(house.person, tmp_path / "stop"):
        views = [await house.run(*numbers[:3]), await house.run(sprint="S")]
    assert all(done(view) and not view.warnings for view in views), views


async def test_the_lock_that_a_killed_git_left_on_our_branch_is_removed(house: House, tmp_path: Path) -> None:
    """Whoever has the branch knows that no git works on it: when it is made, and when both it and its worktree are made again."""
    number = await house.issue(f"test -e {tmp_path}/go || exit 3", "echo a > a.txt")
    lock = f"refs/heads/locus/issue-{number}.lock"
    left = put(house.ws.repo.common_dir, lock, "")
    view = await house.run(number)
    assert states(view) == ["failed"] and house.worktrees() and not left.exists()
    (tmp_path / "go").touch()
    shutil.rmtree(house.ws.repo.worktrees_dir / f"issue-{number}")
    house.person.git("update-ref", "-d", f"refs/heads/locus/issue-{number}")
    put(house.ws.repo.common_dir, lock, "")
    assert done(await house.carry_on(view.id))


async def test_the_locks_that_killed_gits_left_on_refs_of_our_own_are_removed(house: House, tmp_path: Path) -> None:
    """Of a snapshot, and of where an attempt was left."""
    number = await house.issue("echo half > half.txt", f"test -e {tmp_path}/go || exit 3", "echo a > a.txt")
    run_id = await house.request(number)
    names = [f"{naming.KEEP_REFS}{run_id}/{number}/1", f"{OWN_REFS}locus/issue-{number}"]
    left = [put(house.ws.repo.common_dir, f"{name}.lock", "") for name in names]
    view = await house.carry_on(run_id)
    assert states(view) == ["failed"] and not view.warnings and house.keeps() == names[:1]
    (tmp_path / "go").touch()
    for lock in left:
        lock.touch()
    view = await house.carry_on(run_id)
    assert done(view) and not view.warnings and not any(lock.exists() for lock in left)


async def test_a_garbage_collection_is_waited_for_while_it_goes_on(person: Person) -> None:
    """As git judges it: not when its process is gone, nor after twelve hours, nor when nobody can tell whose the mark is."""
    here, gone = socket.gethostname(), await asyncio.create_subprocess_exec("true")
    await gone.wait()
    with person.changing():
        mark = put(person.path / ".git", "gc.pid", "")
        for content, age, going_on in (
            (f"{os.getpid()} {here}\n", 0, True),
            (f"{os.getpid()} {here}\n", 13 * 3600, False),
            (f"{os.getppid()} elsewhere.example\n", 0, True),
            (f"{gone.pid} {here}\n", 0, False),
            ("", 0, False),
            ("nonsense\n", 0, False),
        ):
            mark.write_text(content)
            os.utime(mark, (time.time() - age,) * 2)
            waiting = asyncio.create_task(collecting.ended(person.path))
            done, _ = await asyncio.wait([waiting], timeout=0.1 if going_on else 5)
            assert bool(done) is not going_on, content
            mark.unlink()
            await asyncio.wait_for(waiting, 5)
