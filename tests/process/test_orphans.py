from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from locus.process import end_leftovers, leftovers, mark_children, run, runs_at_work, supervise
from support.procs import Family, Start, alive, child_env, exists, numbers, until_async

# A runner: it adopts orphans, has an agent, and a tool of its own that must be spared when the agent's supervisor is killed.
RUNNER = """
import asyncio, contextlib, json, os, sys
from pathlib import Path
from locus.process import adopt_orphans, forking, run, supervise, sweep_orphans
async def main():
    folder, argv = Path(sys.argv[1]), sys.argv[2:]
    assert await sweep_orphans() == 0
    tool = asyncio.create_task(run(["sh", "-c", f"setsid sleep 600 & echo $! > {folder}/daemon-of-tool; cat {folder}/answer"], cwd=folder))
    agent = await supervise(argv, cwd=folder, env={"FAMILY": os.environ["FAMILY"]}, grace=(60, 60))
    (folder / "supervisor").write_text(f"{agent.supervisor_pid}\\n")
    lines = [line async for line in agent.lines]
    code = await agent.wait()
    (folder / "ended").write_text("1\\n")
    answer = (await tool).out
    print(json.dumps({"code": code, "lines": len(lines), "tool": answer, "again": await sweep_orphans()}))
adopt_orphans()
with forking() if os.environ["SUPERVISORS"] == "forked" else contextlib.nullcontext():
    asyncio.run(main())
"""


@pytest.mark.usefixtures("supervisors")
async def test_a_killed_supervisor_leaves_nothing_where_orphans_are_adopted(tmp_path: Path, env: dict[str, str], family: Family) -> None:
    os.mkfifo(tmp_path / "answer")
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUNNER, str(tmp_path), *family.argv(), cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE
    )
    await until_async(family.complete)
    (supervisor,) = await until_async(lambda: numbers(tmp_path / "supervisor"))
    (spared,) = await until_async(lambda: numbers(tmp_path / "daemon-of-tool"))
    os.kill(supervisor, signal.SIGKILL)
    await until_async(lambda: not family.survivors(), 5)
    await until_async(lambda: numbers(tmp_path / "ended"))
    assert not [name for name, pid in family.pids().items() if exists(pid)]  # the runner has reaped them
    assert alive(spared)
    (tmp_path / "answer").write_text("tool done\n")
    out, _ = await runner.communicate()
    os.kill(spared, signal.SIGKILL)
    assert json.loads(out) == {"code": 137, "lines": 0, "tool": "tool done", "again": 0}


@pytest.mark.usefixtures("supervisors")
async def test_a_killed_supervisors_family_is_known_by_its_mark_elsewhere(start: Start, family: Family) -> None:
    """This process adopts nothing, so the orphans go to init; only the one that cleared its environment cannot be told."""
    agent = await start(family.argv(), grace=(60, 60))
    await until_async(family.complete)
    os.kill(agent.supervisor_pid, signal.SIGKILL)
    assert await agent.wait() == 137
    assert set(family.survivors()) == {"cleared"}


@pytest.mark.usefixtures("supervisors")
async def test_the_reader_is_told_the_end_even_when_something_escaped_with_the_pipe(start: Start, family: Family) -> None:
    agent = await start(family.argv())
    await until_async(family.complete)
    os.kill(agent.supervisor_pid, signal.SIGKILL)
    async with asyncio.timeout(5):
        assert [line async for line in agent.lines] == []
    assert set(family.survivors()) == {"cleared"}


async def test_leftovers_of_a_run(tmp_path: Path, env: dict[str, str], family: Family) -> None:
    run_id = f"run-{os.getpid()}"
    assert leftovers(run_id) == []
    async with await supervise(family.argv(), cwd=tmp_path, env=env | {"LOCUS_RUN_ID": run_id}) as agent:
        await until_async(family.complete)
        pids = family.pids()
        assert set(leftovers(run_id)) == {agent.supervisor_pid, pids["agent"], pids["child"], pids["session"], pids["daemon"]}
        assert leftovers(run_id[:-1]) == []
    assert leftovers(run_id) == []


# A runner that is about to be killed: its agent carries the run's id, and so does its tool.
KILLED_RUNNER = """
import asyncio, contextlib, os, sys
from pathlib import Path
from locus.process import adopt_orphans, forking, mark_children, run, supervise
folder, run_id, argv = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
async def main():
    env = {"FAMILY": os.environ["FAMILY"], "LOCUS_RUN_ID": run_id}
    agent = await supervise(argv, cwd=folder, env=env, grace=(0.3, 0.3))
    (folder / "supervisor").write_text(f"{agent.supervisor_pid}\\n")
    await run(["sh", "-c", f"echo $$ > {folder}/tool; until [ -e {folder}/go ]; do sleep 0.02; done; touch {folder}/finished"], cwd=folder)
    await agent.wait()
adopt_orphans()
mark_children(run_id)
with forking() if os.environ["SUPERVISORS"] == "forked" else contextlib.nullcontext():
    asyncio.run(main())
"""

Begin = Callable[[str], AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, int, int]]]


@pytest.fixture
def begin(tmp_path: Path, env: dict[str, str], family: Family, supervisors: None) -> Begin:
    """A runner in the middle of its work: `(runner, pid of the supervisor, pid of the tool)`."""

    @asynccontextmanager
    async def begun(run_id: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, int]]:
        argv = [sys.executable, "-c", KILLED_RUNNER, str(tmp_path), run_id, *family.argv()]
        runner = await asyncio.create_subprocess_exec(*argv, cwd=tmp_path, env=env)
        await until_async(family.complete)
        (supervisor,) = await until_async(lambda: numbers(tmp_path / "supervisor"))
        (tool,) = await until_async(lambda: numbers(tmp_path / "tool"))
        try:
            yield runner, supervisor, tool
        finally:
            (tmp_path / "go").touch()
            if runner.returncode is None:
                runner.kill()
                await runner.wait()

    return begun


async def test_what_a_runner_and_its_supervisor_left_that_were_killed_together(begin: Begin, family: Family) -> None:
    run_id = f"run-{os.getpid()}-both"
    async with begin(run_id) as (runner, supervisor, tool):
        os.kill(runner.pid, signal.SIGSTOP)  # or it would end the agent when the supervisor dies
        os.kill(supervisor, signal.SIGKILL)
        os.kill(runner.pid, signal.SIGKILL)
        await runner.wait()
        await until_async(lambda: not alive(family.pids()["agent"]), 5, "the agent itself dies with its supervisor")
        assert set(family.survivors()) == {"child", "session", "daemon", "cleared"}
        assert run_id in runs_at_work()
        began = time.monotonic()
        ending = asyncio.create_task(end_leftovers(run_id))
        await until_async(lambda: set(family.survivors()) == {"cleared"})  # of that one nobody knows whose it is
        assert alive(tool)
        (family.folder.parent / "go").touch()
        assert await ending == 3
        assert time.monotonic() - began < 5
        assert (family.folder.parent / "finished").exists(), "the tool came to its end"
        assert leftovers(run_id) == [] and run_id not in runs_at_work()
    assert await end_leftovers(run_id) == 0


async def test_a_living_supervisor_is_left_to_end_its_agent_of_which_it_knows_everything(begin: Begin, family: Family) -> None:
    run_id = f"run-{os.getpid()}-busy"
    async with begin(run_id) as (runner, supervisor, _):
        runner.kill()
        await runner.wait()
        (family.folder.parent / "go").touch()
        assert await end_leftovers(run_id) == 0
        assert not family.survivors(), "the one that cleared its environment neither"
        assert not alive(supervisor)


async def test_a_tool_that_hangs_is_ended_in_the_end(begin: Begin, family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locus.process.orphans._BUSY", 2.0)
    run_id = f"run-{os.getpid()}-hangs"
    async with begin(run_id) as (runner, _, tool):
        runner.kill()
        await runner.wait()
        assert await end_leftovers(run_id) >= 1
        assert not alive(tool) and not family.survivors()
        assert not (family.folder.parent / "finished").exists()


async def test_what_a_run_starts_carries_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUS_RUN_ID", "")  # so that it is put back
    mark_children("run-of-a-test")
    env = child_env(tmp_path)
    assert "LOCUS_RUN_ID=run-of-a-test" in (await run(["env"], cwd=tmp_path, env=env)).out.splitlines()
