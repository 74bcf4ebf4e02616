"""What GitHub's latency costs a sprint: the real gh, and the stand-in at the other end taking its time over every request."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import LOCUS, Ground
from benchmarks.measure import Row, at_most, median, times
from support.github.gh import Gh, pinned
from support.github.github import GitHub
from support.github.wire import Wire

LATENCY = 0.300
"""Seconds that GitHub takes over each request."""
SPRINT = "Sprint 1"
REPOSITORY = "octo/demo"
ONCE = 7
"""Requests of any sprint that wait for one another: the milestone is found and read, for the person and again by the runner; the issues are
marked as ours; the pull request is made, and marked."""


async def sprint(folder: Path, quick: bool) -> list[Row]:
    """The agent is instant. The floor is the same sprint with the local tracker, and the requests that must wait for one another."""
    count = 4 if quick else 20
    local = ground.make(folder / "local", files=200)
    await _prepare(local, count)
    ground.settle()
    work = await asyncio.to_thread(_run, local)
    with on_github(ground.make(folder / "hosted", files=200)) as (at, github):
        await _prepare(at, count)
        github.latency = LATENCY
        ground.settle()
        request = median([await asyncio.to_thread(_request, at) for _ in range(5)])
        with github.counting() as counted:
            ground.settle()
            whole = await asyncio.to_thread(_run, at)
    floor = work + (ONCE + count - 1) * request  # and each issue but the first is read once more at its turn
    return [
        times(f"a sprint of {count} tasks, {LATENCY * 1000:.0f} ms per GitHub request", whole, floor, 1.1),
        at_most("requests for it", len(counted), 3 * count + 6),
    ]


@contextlib.contextmanager
def on_github(at: Ground) -> Iterator[tuple[Ground, GitHub]]:
    """octo/demo, with somebody logged in; git's side is the ground's own remote."""
    with tempfile.TemporaryDirectory(prefix="gh-") as short, GitHub(Path(short) / "s") as github:  # a socket's path has to be short
        gh, wire = Gh(at.home / "gh", pinned(), github.socket), Wire(at.home / "wire")
        wire.serve(REPOSITORY, at.remote)
        github.repository(REPOSITORY, bare=at.remote)
        at.git("remote", "set-url", "origin", f"https://github.com/{REPOSITORY}.git")
        yield replace(at, more={**gh.environment, **wire.environment, "PATH": gh.before(at.env["PATH"])}), github
        if github.surprises:
            raise RuntimeError(f"not as it is with GitHub: {github.surprises}")


async def _prepare(at: Ground, count: int) -> None:
    async with ground.editor(at) as client:
        await ground.command(client, "locus.init")
        numbers = await ground.issues(client, count)
        await ground.command(client, "locus.sprint.create", name=SPRINT, tasks=numbers)


def _run(at: Ground) -> float:
    """As in a terminal: until it says how the run ended."""
    began = time.perf_counter()
    done = subprocess.run(
        [LOCUS[0], "run", "--sprint", SPRINT],
        cwd=at.project,
        env=at.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the run ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - began


def _request(at: Ground) -> float:
    """One request through gh, as long as it takes without Locus."""
    began = time.perf_counter()
    subprocess.run(
        ["gh", "api", "-i", f"repos/{REPOSITORY}/issues/1"],
        cwd=at.project,
        env=at.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - began
