from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from locus.errors import ProcessFailed
from locus.locks import is_held, try_lock
from locus.process import Supervised, supervise
from support.procs import Family, Start, alive, carriers, child_env, child_of, descriptors, numbers, program, until, until_async

pytestmark = pytest.mark.usefixtures("supervisors")

FORKING = "forking() if os.environ['SUPERVISORS'] == 'forked' else contextlib.nullcontext()"


async def everything(agent: Supervised) -> tuple[bytes, bytes]:
    """All lines of both streams, joined again."""
    lines: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    async for stream, line in agent.lines:
        lines[stream].append(line)
    return b"\n".join(lines["stdout"]), b"\n".join(lines["stderr"])


async def test_an_agent_has_its_input_folder_and_streams(start: Start, tmp_path: Path) -> None:
    script = "cat /dev/stdin; pwd; echo oh >&2; exit 3"
    agent = await start(["sh", "-c", script], input=b"prompt\n")
    assert await everything(agent) == (f"prompt\n{tmp_path}".encode(), b"oh")
    assert await agent.wait() == 3
    assert await agent.wait() == 3
    await agent.interrupt()
    await agent.kill()  # both are nothing for one that is gone


async def test_the_environment_is_the_given_one(start: Start, tmp_path: Path) -> None:
    env = child_env(tmp_path)
    agent = await start(["env"], env=env | {"LOCUS_RUN_ID": "r1"})
    out, _ = await everything(agent)
    assert await agent.wait() == 0
    names = {line.split(b"=")[0].decode() for line in out.splitlines()}
    assert set(env) | {"LOCUS_RUN_ID"} <= names
    assert names - set(env) <= {"LOCUS_RUN_ID", "LOCUS_SUPERVISED_AS"}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_signalled_agent_is_128_and_the_number(start: Start, number: int) -> None:
    agent = await start(["sh", "-c", f"kill -{number} $$; sleep 600"])
    assert await agent.wait() == 128 + number


async def test_signals_are_as_a_program_expects_them(start: Start) -> None:
    agent = await start(["sh", "-c", "yes | head -n 1; grep -E '^Sig(Blk|Ign)' /proc/self/status"])
    out, err = await everything(agent)
    yes, _, blocked, _, ignored = out.split()
    assert yes == b"y"
    libc_own = 0b11 << 31  # 32 and 33: a C library keeps them to itself, and hands on what it found
    assert int(blocked, 16) & ~libc_own == int(ignored, 16) & ~libc_own == 0
    assert err == b""


async def test_what_cannot_be_started_is_our_failure_not_the_agents(tmp_path: Path, env: dict[str, str]) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    for argv, folder, reason in (
        (["no-such-agent"], tmp_path, "no-such-agent cannot be started: there is no such program"),
        ([plain], tmp_path, "it is not executable"),
        (["true"], tmp_path / "absent", "there is no such folder"),
        (["true", "x" * 3_000_000], tmp_path, "true cannot be started: its arguments are too long"),
    ):
        with pytest.raises(ProcessFailed) as caught:
            await supervise(argv, cwd=folder, env=env)
        assert reason in caught.value.message


async def test_the_agent_alone_has_its_streams_and_its_folder(start: Start) -> None:
    agent = await start(["sh", "-c", "echo closing; exec sleep 600 >&- 2>&-"])
    assert await everything(agent) == (b"closing", b"")
    assert alive(agent.pid)
    await until_async(lambda: os.devnull in descriptors(agent.supervisor_pid))
    await until_async(lambda: os.readlink(f"/proc/{agent.supervisor_pid}/cwd") == "/")


async def test_a_polite_agent_ends_at_the_first_request(start: Start) -> None:
    script = "trap 'echo partial; exit 5' INT; sleep 600 & echo ready; wait"
    agent = await start(["sh", "-c", script])
    assert await anext(agent.lines) == ("stdout", b"ready")
    await agent.interrupt()
    assert await everything(agent) == (b"partial", b"")
    assert await agent.wait() == 5


async def test_the_request_reaches_a_shells_command_too(start: Start) -> None:
    agent = await start(["sh", "-c", "echo ready; sleep 600; echo after"], grace=(60, 60))
    await anext(agent.lines)
    # dash loses a signal that comes while it starts a program; the second grace is for that.
    await until_async(lambda: program(child) == "sleep" if (child := child_of(agent.pid)) else None)
    await agent.interrupt()
    assert await agent.wait() == 130


async def test_a_stubborn_family_is_gone_after_both_graces(start: Start, family: Family) -> None:
    agent = await start(family.argv(), grace=(0.2, 0.2))
    await until_async(family.complete)
    assert family.pids()["agent"] == agent.pid
    started = time.monotonic()
    await agent.interrupt()
    assert await agent.wait() == 137
    assert not family.survivors()
    assert time.monotonic() - started >= 0.4
    assert await everything(agent) == (b"", b"")


async def test_a_term_after_the_first_grace(start: Start) -> None:
    script = "trap '' INT; trap 'exit 6' TERM; echo ready; while :; do sleep 0.02; done"
    agent = await start(["sh", "-c", script], grace=(0.1, 60))
    await anext(agent.lines)
    await agent.interrupt()
    assert await agent.wait() == 6


async def test_kill_does_not_wait(start: Start, family: Family) -> None:
    agent = await start(family.argv(), grace=(60, 60))
    await until_async(family.complete)
    await agent.interrupt()
    await agent.kill()  # the second request, within the first one's grace
    assert await agent.wait() == 137
    assert not family.survivors()


async def test_what_a_finished_agent_leaves_is_ended(start: Start, family: Family) -> None:
    """The leftovers hold the pipes and ignore SIGTERM; still the agent's end is the end, and its own code is reported."""
    agent = await start(family.argv("leave"))
    assert await everything(agent) == (b"", b"")
    assert await agent.wait() == 7
    assert len(family.pids()) == 4
    assert not family.survivors()


async def test_a_child_that_goes_on_writing_is_ended_and_what_it_wrote_is_there(start: Start) -> None:
    agent = await start(["sh", "-c", "(echo on; touch on; exec yes on) & until [ -e on ]; do sleep 0.01; done; exit 4"])
    out, _ = await everything(agent)
    *whole, last = out.split()
    assert set(whole) <= {b"on"} and b"on".startswith(last), "it may be ended in the middle of a word"
    assert await agent.wait() == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_to_the_supervisor_is_a_stop(start: Start, family: Family, number: int) -> None:
    agent = await start(family.argv(), grace=(0.05, 0.05))
    await until_async(family.complete)
    os.kill(agent.supervisor_pid, number)
    assert await agent.wait() == 137
    assert not family.survivors()


async def test_leaving_the_context_kills(tmp_path: Path, env: dict[str, str], family: Family) -> None:
    with pytest.raises(ZeroDivisionError):
        async with await supervise(family.argv(), cwd=tmp_path, env=env):
            await until_async(family.complete)
            raise ZeroDivisionError
    assert not family.survivors()


async def test_cancellation_at_any_moment_of_the_start_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    name = f"c{os.getpid()}"
    for delay in (0.0, 0.001, 0.004, 0.01, 0.015, 0.02):
        starting = asyncio.create_task(supervise(["sleep", "600"], cwd=tmp_path, env=env | {"LOCUS_TEST": name}))
        await asyncio.wait({starting}, timeout=delay)
        starting.cancel()
        try:
            agent = await starting
        except asyncio.CancelledError:
            assert not carriers("LOCUS_TEST", name)
        else:
            await agent.kill()
            await agent.wait()


async def test_the_lock_is_held_until_nothing_is_left_and_the_agent_does_not_have_it(start: Start, tmp_path: Path, family: Family) -> None:
    path = tmp_path / "branch.lock"
    held = try_lock(path)
    assert held is not None
    agent = await start(family.argv(), hold=[held.fd], grace=(0.3, 0.3))
    held.close()
    await until_async(family.complete)
    assert str(path) in descriptors(agent.supervisor_pid)
    for pid in family.pids().values():
        opened = descriptors(pid)
        assert not [name for name in opened if name == str(path)]
        assert len(opened) == 3  # stdin, stdout, stderr: neither control nor status
    await agent.interrupt()
    while family.survivors():
        assert is_held(path) or not family.survivors()
        await asyncio.sleep(0.01)
    await agent.wait()
    assert not is_held(path)


async def test_a_line_of_50_mb_costs_little(start: Start) -> None:
    code = "import os\nfor _ in range(50): os.write(1, b'x' * 1000000)\nos.write(1, b'\\nafter\\n')"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    agent = await start([sys.executable, "-I", "-S", "-c", code])
    lines = [line async for _, line in agent.lines]
    assert [len(lines[0]), *lines[1:]] == [1024 * 1024 + len(b" [... cut after 1048576 bytes]"), b"after"]
    assert await agent.wait() == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024  # KiB


async def test_endless_output_without_a_newline_is_seen_and_stoppable(start: Start) -> None:
    agent = await start(["sh", "-c", "exec tr '\\0' x < /dev/zero"], line_cap=1000)
    _, line = await anext(agent.lines)
    assert line == b"x" * 1000 + b" [... cut after 1000 bytes]"
    await agent.interrupt()
    assert await everything(agent) == (b"", b"")
    assert await agent.wait() == 130


async def test_nobody_reads_and_nothing_is_lost(start: Start) -> None:
    """A slow reader makes the agent wait; output that is still in the pipes when the agent has ended is read all the same."""
    count = 200_000
    agent = await start(["sh", "-c", f"seq {count}; echo end >&2"])
    assert await anext(agent.lines) == ("stdout", b"1")
    await asyncio.sleep(0.7)  # longer than the patience with pipes that somebody keeps
    assert alive(agent.pid)
    seen = [line async for stream, line in agent.lines if stream == "stdout"]
    assert len(seen) == count - 1
    assert await agent.wait() == 0


async def test_an_agent_that_forks_all_the_time_is_ended(start: Start, env: dict[str, str]) -> None:
    """Each process lives for a moment and starts the next in a session of its own: a list of processes is always out of date.

    It ends by itself after a while, so that a supervisor that fails at this does not leave the machine with it.
    """
    code = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nend = time.monotonic() + 20\n"
        "while time.monotonic() < end:\n    if os.fork(): os._exit(0)\n    os.setsid()\n"
    )
    name = f"f{os.getpid()}"
    agent = await start([sys.executable, "-I", "-S", "-c", code], env=env | {"LOCUS_TEST": name})
    began = time.monotonic()
    await agent.wait()
    assert time.monotonic() - began < 15
    assert not carriers("LOCUS_TEST", name)


CALLER = f"""
import asyncio, contextlib, os, sys
from pathlib import Path
from locus.process import forking, supervise
async def main():
    agent = await supervise(sys.argv[2:], cwd=Path.cwd(), env={{"FAMILY": os.environ["FAMILY"]}}, grace=(0.2, 0.2))
    Path(sys.argv[1]).write_text(f"{{agent.supervisor_pid}}\\n")
    async for _ in agent.lines:
        pass
with {FORKING}:
    asyncio.run(main())
"""


async def test_a_killed_caller_leaves_nothing(tmp_path: Path, env: dict[str, str], family: Family) -> None:
    note = tmp_path / "supervisor"
    caller = await asyncio.create_subprocess_exec(sys.executable, "-c", CALLER, str(note), *family.argv(), cwd=tmp_path, env=env)
    await until_async(family.complete)
    (supervisor,) = await until_async(lambda: numbers(note))
    caller.kill()
    await caller.wait()
    until(lambda: not family.survivors(), 5)
    until(lambda: not alive(supervisor), 1)


@pytest.mark.parametrize("steps", range(1, 9))
def test_an_event_loop_that_ends_in_the_middle_of_a_start_comes_to_its_end(tmp_path: Path, env: dict[str, str], steps: int) -> None:
    """As a runner's does that dies of an error of its own: everything is cancelled at once."""
    script = (
        "import asyncio, contextlib, json, os, sys\nfrom pathlib import Path\nfrom locus.process import forking, supervise\n"
        "async def main():\n"
        "    starting = asyncio.create_task(supervise(['sleep', '600'], cwd=Path(sys.argv[1]), env=json.loads(sys.argv[2])))\n"
        "    for _ in range(int(sys.argv[3])):\n        await asyncio.sleep(0)\n"
        f"with {FORKING}:\n    asyncio.run(main())\n"
    )
    mark = {"STARTED_IN": f"{tmp_path}-{steps}"}
    argv = [sys.executable, "-c", script, str(tmp_path), json.dumps(env | mark), str(steps)]
    assert subprocess.run(argv, cwd=tmp_path, env=env, timeout=30, check=False).returncode == 0
    until(lambda: not carriers("STARTED_IN", mark["STARTED_IN"]))
