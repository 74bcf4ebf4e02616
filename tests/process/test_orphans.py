from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from locus.process import leftovers, supervise
from support.procs import Family, Start, alive, exists, numbers, until_async

# A runner: it adopts orphans, has an agent, and a tool of its own that must be spared when the agent's supervisor is killed.
RUNNER = """
import asyncio, json, os, sys
from pathlib import Path
from locus.process import adopt_orphans, run, supervise, sweep_orphans
async def main():
    folder, argv = Path(sys.argv[1]), sys.argv[2:]
    adopt_orphans()
    assert await sweep_orphans() == 0
    tool = asyncio.create_task(run(["sh", "-c", f"setsid sleep 600 & echo $! > {folder}/daemon-of-tool; cat {folder}/answer"], cwd=folder))
    agent = await supervise(argv, cwd=folder, env={"FAMILY": os.environ["FAMILY"]}, grace=(60, 60))
    (folder / "supervisor").write_text(f"{agent.supervisor_pid}\\n")
    lines = [line async for line in agent.lines]
    code = await agent.wait()
    (folder / "ended").write_text("1\\n")
    answer = (await tool).out
    print(json.dumps({"code": code, "lines": len(lines), "tool": answer, "again": await sweep_orphans()}))
asyncio.run(main())
"""


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


async def test_a_killed_supervisors_family_is_known_by_its_mark_elsewhere(start: Start, family: Family) -> None:
    """This process adopts nothing, so the orphans go to init; only the one that cleared its environment cannot be told."""
    agent = await start(family.argv(), grace=(60, 60))
    await until_async(family.complete)
    os.kill(agent.supervisor_pid, signal.SIGKILL)
    assert await agent.wait() == 137
    assert set(family.survivors()) == {"cleared"}


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
