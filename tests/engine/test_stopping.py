"""Whatever an agent is like and however it ends: nothing of it is left, the locks are free, its work and its words are kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from locus import locks, process
from locus.engine import stream
from locus.errors import Refused
from locus.model.run import RunView
from support.house import House, done, states
from support.procs import carriers, parent_of, until_async
from support.unruly import KINDS, Kind, Unruly

NewUnruly = Callable[[Kind], Unruly]


@pytest.fixture
def unruly(tmp_path: Path) -> Iterator[NewUnruly]:
    made: list[Unruly] = []

    def make(kind: Kind) -> Unruly:
        made.append(Unruly(tmp_path / f"unruly-{len(made)}", kind))
        return made[-1]

    yield make
    for agent in made:
        for pid in agent.survivors():
            os.kill(pid, signal.SIGKILL)


# How it ends


async def let_go(_house: House, _run_id: str, agent: Unruly) -> None:
    agent.let_go()


async def crash(_house: House, _run_id: str, agent: Unruly) -> None:
    agent.crash()


async def stop(house: House, run_id: str, _agent: Unruly) -> None:
    await house.call("locus.run.stop", runId=run_id)


async def stop_twice(house: House, run_id: str, agent: Unruly) -> None:
    await stop(house, run_id, agent)
    await stop(house, run_id, agent)


async def kill_runner(house: House, run_id: str, _agent: Unruly) -> None:
    house.kill_runner(run_id)


async def kill_supervisor(_house: House, run_id: str, _agent: Unruly) -> None:
    os.kill(supervisor_of(run_id), signal.SIGKILL)


async def kill_both(house: House, run_id: str, _agent: Unruly) -> None:
    """In one moment: neither sees the other die."""
    runner, supervisor = house.runner_pid(run_id), supervisor_of(run_id)
    os.kill(runner, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(runner, signal.SIGKILL)


async def kill_forks(_house: House, run_id: str, agent: Unruly) -> None:
    """What forks supervisors is not missed."""
    os.kill(parent_of(supervisor_of(run_id)), signal.SIGKILL)
    agent.let_go()


def supervisor_of(run_id: str) -> int:
    """The one that was forked, not what forks them."""
    found = {pid for pid in process.leftovers(run_id) if b"supervisor.py" in Path(f"/proc/{pid}/cmdline").read_bytes()}
    (forked,) = (pid for pid in found if parent_of(pid) in found)
    return forked


@dataclass(frozen=True)
class Ending:
    end: Callable[[House, str, Unruly], Awaitable[None]]
    run: str
    task: str


ENDINGS = {
    "let go": Ending(let_go, "done", "done"),
    "crash": Ending(crash, "failed", "failed"),
    "stop": Ending(stop, "stopped", "interrupted"),
    "stop twice": Ending(stop_twice, "stopped", "interrupted"),
    "kill runner": Ending(kill_runner, "lost", "interrupted"),
    "kill supervisor": Ending(kill_supervisor, "failed", "failed"),
    "kill forks": Ending(kill_forks, "done", "done"),
}
ALWAYS = ("let go", "stop twice", "kill runner")
SOMETIMES: dict[Kind, tuple[str, ...]] = {
    "deaf": ("stop", "kill supervisor", "kill forks"),
    "pipe": ("crash",),
    "daemons": ("stop", "crash", "kill supervisor"),
    "nameless": ("kill supervisor",),
    "writer": ("stop", "crash"),
}
CASES = [(kind, ending) for kind in KINDS for ending in (*ALWAYS, *SOMETIMES.get(kind, ()))]


@pytest.mark.parametrize(("kind", "ending"), CASES)
async def test_nothing_is_left(house: House, unruly: NewUnruly, kind: Kind, ending: str) -> None:
    agent, expected = unruly(kind), ENDINGS[ending]
    number = await house.issue(agent.command)
    run_id = await house.start(number)
    await until_async(lambda: agent.there, 30)
    await expected.end(house, run_id, agent)
    view = await house.ended(run_id)
    if ending == "kill runner":  # the supervisor sees to it
        await until_async(lambda: not held(house))
    assert not agent.survivors() and not carriers("LOCUS_RUN_ID", run_id)
    assert not held(house)
    assert (view.state, states(view)) == (expected.run, [expected.task]), view
    assert_kept(house, view, heard=ending != "kill runner")  # what it had not read yet dies with it
    if kind == "deaf":
        assert agent.terminated == (ending in ("stop", "kill runner")), "a second request kills at once"


def held(house: House) -> list[Path]:
    return [path for path in house.ws.locks.rglob("*") if path.is_file() and locks.is_held(path)]


def assert_kept(house: House, view: RunView, *, heard: bool = True) -> None:
    (task,) = view.tasks
    if task.state == "done":
        assert house.branch_files(str(task.branch))["half.txt"] == "half"
    else:
        assert (Path(str(task.worktree)) / "half.txt").read_text() == "half\n"
    said = b"\n".join(stream.lines(house.ws.runs / view.id / "tasks" / str(task.number)))
    assert not heard or b"half a sentence" in said


async def test_what_a_child_goes_on_writing_is_complete_in_the_commit(house: House, unruly: NewUnruly) -> None:
    """It is ended before the tree is looked at: nothing that it wrote later, or while it was looked at, is missing."""
    agent = unruly("writer")
    run_id = await house.start(await house.issue(agent.command))
    await until_async(lambda: agent.there, 30)
    agent.let_go()
    view = await house.ended(run_id)
    assert done(view)
    written = house.branch_files(str(view.tasks[0].branch))["written.txt"].split()
    announced = (agent.folder / "announced").read_text().split()
    assert len(written) in (len(announced), len(announced) - 1), "it was killed between its two files, at the most"
    assert written == announced[: len(written)]


# Runner and supervisor gone at once


@pytest.mark.parametrize(("kind", "then"), [("deaf", "resume"), ("daemons", "resume"), ("daemons", "stop"), ("writer", "run anew")])
async def test_what_a_runner_and_a_supervisor_left_together(house: House, unruly: NewUnruly, kind: Kind, then: str) -> None:
    agent = unruly(kind)
    number = await house.issue(agent.command)
    run_id = await house.start(number)
    await until_async(lambda: agent.there, 30)
    await kill_both(house, run_id, agent)
    await until_async(lambda: house.view(run_id).state == "lost")
    assert agent.survivors() and not held(house), "nobody is there who would end it"
    if then == "stop":
        assert (await house.call("locus.run.stop", runId=run_id)).state == "lost"
        assert not agent.survivors()
        with pytest.raises(Refused, match="is not running: its runner is gone") as refused:
            await house.call("locus.run.stop", runId=run_id)
        assert refused.value.hint == f"take it up again with `locus run --resume {run_id}`"
        return
    before = set(agent.survivors())
    (agent.folder / "agent.pid").unlink()
    if then == "resume":
        await house.call("locus.run.resume", runId=run_id)
    else:
        run_id = await house.start(number)
    await until_async(lambda: agent.there, 30)
    assert not before & set(agent.survivors()), "ended before anything is worked on again"
    agent.let_go()
    assert done(await house.ended(run_id))
    assert not agent.survivors() and not held(house)
