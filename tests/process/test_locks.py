from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from locus import locks
from locus.errors import InvalidArguments, LocusError
from locus.locks import Lock, LockTimeout, Slots, is_held, lock, try_lock
from support.procs import until
from support.unprivileged import open_folder, run_as_somebody


def test_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "branch"
    assert not is_held(path)
    held = try_lock(path)
    assert held is not None
    with held:
        assert held.path == path
        assert is_held(path)
        assert try_lock(path) is None
    assert not is_held(path)
    assert path.exists()
    held.close()  # once more is nothing


def test_a_crash_frees_it_and_a_child_keeps_it(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "lock"
    held = try_lock(path)
    assert held is not None
    child = subprocess.Popen(["sleep", "600"], env=env, pass_fds=[held.fd])
    try:
        held.close()
        assert is_held(path)
        assert try_lock(path) is None
    finally:
        child.kill()
        child.wait()
    assert not is_held(path)


def test_children_do_not_inherit_it_unasked(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "lock"
    held = try_lock(path)
    assert held is not None
    child = subprocess.Popen(["sleep", "600"], env=env, close_fds=False)
    try:
        held.close()
        assert not is_held(path)
    finally:
        child.kill()
        child.wait()


def test_an_inherited_lock_is_adopted(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "lock"
    held = try_lock(path)
    assert held is not None
    code = (
        "import os, sys; from pathlib import Path; from locus.locks import Lock, is_held, try_lock\n"
        "path = Path(sys.argv[2]); lock = Lock.adopt(int(sys.argv[1]), path)\n"
        "print(is_held(path), try_lock(path), os.get_inheritable(lock.fd), flush=True); sys.stdin.read(); lock.close()\n"
    )
    argv = [sys.executable, "-c", code, str(held.fd), str(path)]
    with subprocess.Popen(argv, env=env, pass_fds=[held.fd], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout and child.stdout.readline() == "True None False\n"
        held.close()
        assert is_held(path)
        child.communicate("")
    assert child.returncode == 0
    assert not is_held(path)


def test_something_else_is_not_adopted(tmp_path: Path) -> None:
    path, other = tmp_path / "lock", tmp_path / "other"
    other.touch()
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        with pytest.raises(LocusError, match="is not the lock"):
            Lock.adopt(fd, other)
        held = try_lock(path)
        assert held is not None
        with held, pytest.raises(LocusError, match="is not the lock"):
            Lock.adopt(fd, path)
    finally:
        os.close(fd)
    with pytest.raises(LocusError, match="was not handed down"):
        Lock.adopt(fd, path)


LOOKER = """
import sys; from pathlib import Path; from locus.locks import is_held
path = Path(sys.argv[1])
print(is_held(path), flush=True)
while True:
    is_held(path)
"""


def test_looking_does_not_get_in_the_way(tmp_path: Path, env: dict[str, str]) -> None:
    """A look takes the lock shared for a moment, which an attempt to lock must not take for a holder."""
    path = tmp_path / "lock"
    path.touch()
    with subprocess.Popen([sys.executable, "-c", LOOKER, str(path)], env=env, stdout=subprocess.PIPE) as looker:
        assert looker.stdout and looker.stdout.readline() == b"False\n"
        missed = 0
        for _ in range(2000):
            held = try_lock(path)
            missed += held is None
            if held is not None:
                held.close()
        looker.kill()
    assert missed == 0


@contextmanager
def looking(path: Path, count: int) -> Iterator[None]:
    """Threads that look at a lock all the time: their open files count as those of other processes do."""
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_held(path)

    threads = [threading.Thread(target=look) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_of_several_that_try_at_once_one_gets_it(tmp_path: Path) -> None:
    """Also while others look: those that try must not take one another for holders and all go away empty."""
    path = tmp_path / "lock"
    path.touch()
    got: Counter[int] = Counter()
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads that take turns as processes on several cores do
    try:
        with looking(path, 2):
            for _ in range(100):
                ready, taken = threading.Barrier(4), list[Lock]()

                def attempt(ready: threading.Barrier, taken: list[Lock]) -> None:
                    ready.wait()
                    if (lock := try_lock(path)) is not None:
                        taken.append(lock)
                    ready.wait()

                threads = [threading.Thread(target=attempt, args=(ready, taken)) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                got[len(taken)] += 1
                for lock in taken:
                    lock.close()
    finally:
        sys.setswitchinterval(usual)
    assert got == {1: 100}


def test_what_a_power_cut_left_is_no_lock(tmp_path: Path) -> None:
    """Lock files stay for good; a pid of a living process in one means nothing."""
    for name, content in (("empty", ""), ("pid", f"{os.getppid()}\n"), ("init", "1")):
        path = tmp_path / name
        path.write_text(content)
        assert not is_held(path)
        with try_lock(path) or pytest.fail(f"{name} is not to be had"):
            assert is_held(path)
        assert path.read_text() == content


GRANDCHILD = "import os, sys, time; os.fork() and os._exit(0); open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"


def test_a_surviving_grandchild_keeps_what_it_was_handed(tmp_path: Path, env: dict[str, str]) -> None:
    """Wanted: the lock of a branch goes to an agent's supervisor, and whoever of them lives may still write there."""
    path, pid = tmp_path / "lock", tmp_path / "pid"
    with try_lock(path) or pytest.fail() as held:
        subprocess.run([sys.executable, "-c", GRANDCHILD, str(pid)], env=env, pass_fds=[held.fd], check=True)
        until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    try:
        assert is_held(path) and try_lock(path) is None
    finally:
        os.kill(int(pid.read_text()), 9)
    until(lambda: not is_held(path))


def test_a_deleted_lock_file_is_noticed_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "lock"
    with try_lock(path) or pytest.fail() as held:
        assert held.intact
        before = held.fd
        path.unlink()
        assert not held.intact
        assert held.mend() and held.intact and held.fd == before
        assert is_held(path) and try_lock(path) is None
        assert not os.get_inheritable(held.fd)
        path.unlink()
        path.parent.rmdir()
        with try_lock(path) or pytest.fail() as faster:
            assert not held.mend() and not held.intact
            assert faster.intact
        assert held.mend()
    assert not is_held(path)


def test_a_file_that_is_deleted_before_it_is_locked_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock on it would keep nobody out."""
    path = tmp_path / "lock"
    opened = os.open
    opens: list[int] = []

    def opens_and_loses(name: Path, *how: int) -> int:
        fd = opened(name, *how)
        opens.append(fd)
        if len(opens) == 1:
            path.unlink()
        return fd

    monkeypatch.setattr(os, "open", opens_and_loses)
    with try_lock(path) or pytest.fail() as held:
        assert held.intact and len(opens) == 2
        monkeypatch.undo()
        assert is_held(path) and try_lock(path) is None


READ_ONLY = """
folder = Path(sys.argv[1])
with try_lock(folder / "ours"):
    print(is_held(folder / "ours"), is_held(folder / "new"))
for name in ("new", "theirs"):
    try:
        try_lock(folder / name)
    except LocusError as error:
        print(error.message, "|", error.hint)
"""


def test_in_a_folder_that_may_not_be_written() -> None:
    """A file that is there can be locked all the same."""
    with open_folder() as folder:
        for name, mode in (("ours", 0o666), ("theirs", 0o444)):
            (folder / name).touch()
            (folder / name).chmod(mode)
        folder.chmod(0o555)
        before = "from pathlib import Path; from locus.errors import LocusError; from locus.locks import is_held, try_lock"
        said = run_as_somebody(before, READ_ONLY, str(folder)).splitlines()
    assert said == ["True False"] + [
        f"Cannot lock {folder / name}: Permission denied | the folder must be writable for you" for name in ("new", "theirs")
    ]


async def test_waiting(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = await lock(path)
    with pytest.raises(LockTimeout) as caught:
        await lock(path, timeout=0.05)
    assert str(path) in caught.value.message
    waiting = asyncio.create_task(lock(path, timeout=10))
    await asyncio.sleep(0)
    held.close()
    (await waiting).close()


async def test_slots_are_as_many_as_said(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots", 2)
    first, second = await slots.acquire(), await slots.acquire()
    assert slots.try_acquire() is None
    assert Slots(tmp_path / "slots", 2).try_acquire() is None  # another run of the same repository
    waiting = asyncio.create_task(slots.acquire(poll=0.01))
    await asyncio.sleep(0)
    assert not waiting.done()
    first.close()
    third = await waiting
    assert third.path == first.path
    second.close()
    third.close()
    with pytest.raises(InvalidArguments):
        Slots(tmp_path, 0)


async def test_everyone_who_waits_for_a_slot_gets_his_share(tmp_path: Path) -> None:
    """Each waits for the next slot as soon as he has one, as runs with many tasks do."""
    got: Counter[str] = Counter()

    async def hold(slot: Lock) -> None:
        await asyncio.sleep(0.001)
        slot.close()

    async def run(name: str) -> None:
        slots = Slots(tmp_path / "slots", 1)
        async with asyncio.TaskGroup() as group:
            while got.total() < 120:
                slot = slots.try_acquire() or await slots.acquire(poll=0.01)
                got[name] += 1
                group.create_task(hold(slot))

    await asyncio.gather(*(run(name) for name in "abc"))
    assert min(got.values()) > 15, got  # 40 each, give or take 5


def test_a_folder_that_cannot_be_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocusError, match="Cannot lock"):
        try_lock(tmp_path / "file" / "lock")


async def test_those_who_wait_stand_in_line_and_the_next_is_told_at_once(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", list[int]()

    async def take(number: int) -> None:
        with await lock(path, poll=600):
            order.append(number)
            await asyncio.sleep(0)

    held = await lock(path)
    waiting = [asyncio.create_task(take(number)) for number in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # the first in line goes away, another in its middle too
    waiting[2].cancel()
    await asyncio.sleep(0)
    held.close()
    async with asyncio.timeout(10):
        await asyncio.wait(waiting)
    assert order == [1, 3, 4]
    assert not is_held(path)


def test_a_line_goes_with_those_who_stood_in_it(tmp_path: Path) -> None:
    async def wait() -> None:
        held = await lock(tmp_path / "lock")
        waiting = asyncio.create_task(lock(tmp_path / "lock", poll=600))
        await asyncio.sleep(0)
        assert len(locks._LINES[asyncio.get_running_loop()]) == 1
        held.close()
        (await waiting).close()

    before = len(locks._LINES)
    asyncio.run(wait())
    gc.collect()
    assert len(locks._LINES) <= before


async def test_whoever_is_not_told_looks_again(tmp_path: Path) -> None:
    """Another process lets it go."""
    held = try_lock(tmp_path / "lock")
    assert held is not None
    waiting = asyncio.create_task(lock(tmp_path / "lock", timeout=10, poll=0.01))
    await asyncio.sleep(0)
    held.close()
    (await waiting).close()
