from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from locus.errors import ProcessFailed
from locus.locks import is_held, try_lock
from locus.process import launch
from support.procs import alive, descriptors, numbers, until

RUNNER = (
    "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); print('said', file=sys.stderr, flush=True); time.sleep(600)"
)

# An editor's server: it takes the run's lock, launches the runner with it, and goes on.
SERVER = """
import os, sys, time
from pathlib import Path
from locus.locks import try_lock
from locus.process import launch
note, log, lock = (Path(word) for word in sys.argv[1:4])
held = try_lock(lock)
launch([sys.executable, "-c", sys.argv[4], str(note)], cwd=note.parent, stderr=log, hold=held.fd, env={"MARK": "1"})
print("launched", flush=True)
time.sleep(600)
"""


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "pid"
    yield path
    for pid in numbers(path):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def parent_of(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat[stat.rindex(")") + 2 :].split()[1])


def kill_tree_by_parent(pid: int) -> None:
    """As the VS Code client ends its server: down the tree by parent pid."""
    for child in [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]:
        if parent_of(child) == pid:
            kill_tree_by_parent(child)
    os.kill(pid, signal.SIGKILL)


def test_the_runner_survives_what_ends_the_server_and_holds_the_lock(tmp_path: Path, env: dict[str, str], note: Path) -> None:
    log, path = tmp_path / "runner.log", tmp_path / "run.lock"
    log.write_text("earlier\n")
    argv = [sys.executable, "-c", SERVER, str(note), str(log), str(path), RUNNER]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, start_new_session=True) as server:
        assert server.stdout and server.stdout.readline() == b"launched\n"
        (pid,) = until(lambda: numbers(note))
        until(lambda: log.read_text() == "earlier\nsaid\n")
        kill_tree_by_parent(server.pid)
    with pytest.raises(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # its group and session are empty
    assert alive(pid)
    assert parent_of(pid) != server.pid
    assert os.getsid(pid) not in (server.pid, os.getsid(0))
    assert is_held(path)
    assert descriptors(pid) == {"/dev/null", str(log), str(path)}
    assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 4
    variables = Path(f"/proc/{pid}/environ").read_bytes().rstrip(b"\0").split(b"\0")
    assert variables == [b"MARK=1"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_held(path))


def test_it_returns_at_once_and_the_lock_has_its_number(tmp_path: Path, env: dict[str, str], note: Path) -> None:
    path = tmp_path / "run.lock"
    held = try_lock(path)
    assert held is not None
    started = time.monotonic()
    launch([sys.executable, "-c", RUNNER, note], cwd=tmp_path, stderr=tmp_path / "log", hold=held.fd, env=env)
    assert time.monotonic() - started < 5
    (pid,) = until(lambda: numbers(note))
    assert os.readlink(f"/proc/{pid}/fd/{held.fd}") == str(path)
    held.close()
    assert is_held(path)


def test_what_cannot_be_launched_is_said(tmp_path: Path, env: dict[str, str]) -> None:
    held = try_lock(tmp_path / "lock")
    assert held is not None
    with held:
        for argv, folder, log, reason in (
            (["no-such-program"], tmp_path, "log", "no-such-program cannot be started: there is no such program"),
            (["true"], tmp_path / "absent", "log", "there is no such folder"),
            (["true"], tmp_path, "absent/log", "Cannot write"),
        ):
            with pytest.raises(ProcessFailed) as caught:
                launch(argv, cwd=folder, stderr=tmp_path / log, hold=held.fd, env=env)
            assert reason in caught.value.message
