from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from locus.errors import InvalidArguments, LocusError
from locus.locks import Lock, LockTimeout, Slots, is_held, lock, try_lock


def test_one_holder(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "branch"
    assert not is_held(path)
    with try_lock(path) as held:  # type: ignore[union-attr]
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
        with try_lock(path), pytest.raises(LocusError, match="is not the lock"):  # type: ignore[union-attr]
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


def test_a_folder_that_cannot_be_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocusError, match="Cannot lock"):
        try_lock(tmp_path / "file" / "lock")
