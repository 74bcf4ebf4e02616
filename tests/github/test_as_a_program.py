"""`python -m support.github`: another process, whose world outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.github.client import Client
from support.github.github import GitHub
from support.github.server import reachable

TESTS = Path(__file__).parents[1]


@contextmanager
def started(socket: Path, state: Path) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-m", "support.github", "--socket", str(socket), "--state", str(state)]
    environment = {"PATH": os.environ["PATH"], "HOME": str(socket.parent), "LANG": "C.UTF-8", "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            assert program.stdout.readline() == "listening\n"
            yield program
        finally:
            program.kill()


def test_its_world_outlives_it(short_folder: Path) -> None:
    state, socket = short_folder / "world.json", short_folder / "s"
    prepared = GitHub(socket, state=state)
    prepared.issue(prepared.repository("octo/demo", bare=short_folder / "demo.git"), "One", labels=["bug"])
    client = Client(socket)
    with started(socket, state) as program:
        assert client.post("/repos/octo/demo/issues", {"title": "Two", "labels": ["bug"]}).status == 201
        assert client.patch("/repos/octo/demo/issues/1", {"state": "closed"}).status == 200
        program.kill()
    with started(socket, state) as program:
        assert [issue["title"] for issue in client.get("/repos/octo/demo/issues").body] == ["Two"]
        program.terminate()
        assert program.wait(10) == 0
    assert not reachable(socket)

    after = GitHub(socket, state=state)
    repository = after.world.repository("octo/demo")
    assert repository.bare == short_folder / "demo.git"
    assert [label.name for label in repository.labels_of(repository.issues[2])] == ["bug"]
    assert repository.issues[1].state == "closed"


def test_worlds_can_be_compared(short_folder: Path) -> None:
    one, two = (GitHub(short_folder / name) for name in ("a", "b"))
    for github in (one, two):
        github.world.ahead = 0.0
        github.repository("octo/demo")
    changed = one.dump()
    assert changed["repositories"].keys() == two.dump()["repositories"].keys()
    two.issue(two.world.repository("octo/demo"), "One")
    assert two.dump() != changed
