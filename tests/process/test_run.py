from __future__ import annotations

import asyncio
import errno
import os
import sys
import time
from pathlib import Path

import pytest

from locus.errors import ProcessFailed
from locus.process import run, run_sync
from support.procs import alive, carriers, exists, numbers, until_async


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


async def test_both_streams_the_code_and_the_folder(tmp_path: Path, env: dict[str, str]) -> None:
    done = await run(["sh", "-c", "pwd; echo oh >&2; exit 3"], cwd=tmp_path, env=env, check=False)
    assert (done.out, done.err, done.code) == (str(tmp_path), "oh", 3)
    assert done.argv[0] == "sh"


async def test_out_loses_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    done = await run(["printf", r"a\377\n\n"], cwd=tmp_path, env=env)
    assert done.out == "a\udcff\n"
    assert done.out.encode("utf-8", "surrogateescape") == b"a\xff\n"


async def test_without_input_there_is_nothing_to_read(tmp_path: Path, env: dict[str, str]) -> None:
    assert (await run(["cat"], cwd=tmp_path, env=env, timeout=10)).stdout == b""


async def test_input_larger_than_a_pipe_through_dev_stdin(tmp_path: Path, env: dict[str, str]) -> None:
    data = os.urandom(3_000_000)
    assert (await run(["sh", "-c", "cat /dev/stdin"], cwd=tmp_path, env=env, input=data)).stdout == data


async def test_input_that_nobody_reads_is_no_failure(tmp_path: Path, env: dict[str, str]) -> None:
    assert (await run(["true"], cwd=tmp_path, env=env, input=b"x" * 3_000_000)).code == 0


async def test_both_pipes_are_drained_at_once(tmp_path: Path, env: dict[str, str]) -> None:
    code = "import os\nfor _ in range(40):\n os.write(2, b'e' * 50000); os.write(1, b'o' * 50000)"
    done = await run(python(code), cwd=tmp_path, env=env, timeout=20)
    assert (len(done.stdout), len(done.stderr)) == (2_000_000, 2_000_000)


async def test_a_failure_says_what_the_program_said(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(ProcessFailed) as caught:
        await run(["git", "rev-parse", "--verify", "nowhere"], cwd=tmp_path, env=env)
    assert caught.value.code == 128
    assert caught.value.message.startswith("`git rev-parse --verify` ended with 128: fatal:")
    assert caught.value.stderr.startswith("fatal:")


async def test_a_signal_is_128_and_its_number(tmp_path: Path, env: dict[str, str]) -> None:
    assert (await run(["sh", "-c", "kill -9 $$"], cwd=tmp_path, env=env, check=False)).code == 137


async def test_what_cannot_be_started_says_why(tmp_path: Path, env: dict[str, str]) -> None:
    script, plain = tmp_path / "script", tmp_path / "plain"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    plain.write_text("")
    nothing = tmp_path / "nothing"
    nothing.write_text("words\n")
    nothing.chmod(0o755)
    for argv, folder, reason, hint in (
        (["no-such-program"], tmp_path, "no-such-program cannot be started: there is no such program", "install no-such-program"),
        ([tmp_path / "absent"], tmp_path, "there is no such program", "correct the path"),
        ([script], tmp_path, "the interpreter named in its first line does not exist", "install that interpreter"),
        ([plain], tmp_path, "it is not executable", "chmod +x"),
        ([nothing], tmp_path, "it is no program for this machine", "#!/bin/sh"),
        (["true", "x" * 3_000_000], tmp_path, "its arguments are too long", "on stdin"),
        (["true"], tmp_path / "absent", "there is no such folder", ""),
        (["true", "a\0b"], tmp_path, "NUL", ""),
        ([], tmp_path, "A command is empty", ""),
    ):
        with pytest.raises(ProcessFailed) as caught:
            await run(argv, cwd=folder, env=env)
        assert reason in caught.value.message
        assert hint in (caught.value.hint or "")


async def test_a_time_out_ends_the_group_and_who_left_it(tmp_path: Path, env: dict[str, str]) -> None:
    note = tmp_path / "pids"
    script = f"trap '' INT TERM; echo before; setsid sleep 600 & a=$!; sleep 600 & echo $$ $a $! > {note}; wait"
    with pytest.raises(ProcessFailed, match=r"did not end within 1 s") as caught:
        await run(["sh", "-c", script], cwd=tmp_path, env=env, timeout=1)
    assert caught.value.stdout == "before\n"
    pids = numbers(note)
    assert len(pids) == 3
    assert not exists(pids[0])
    await until_async(lambda: not any(alive(pid) for pid in pids))


async def test_cancellation_ends_the_group_and_reaps_before_it_returns(tmp_path: Path, env: dict[str, str]) -> None:
    note = tmp_path / "pids"
    running = asyncio.create_task(run(["sh", "-c", f"sleep 600 & echo $$ $! > {note}; wait"], cwd=tmp_path, env=env))
    pids = await until_async(lambda: numbers(note))
    assert alive(pids[0]) and alive(pids[1])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not exists(pids[0])  # reaped, not merely a zombie
    await until_async(lambda: not alive(pids[1]))


async def test_a_cancelled_program_may_clear_up_behind_itself(tmp_path: Path, env: dict[str, str]) -> None:
    lock = tmp_path / "lock"
    script = f"trap 'rm {lock}; exit' TERM; touch {lock}; while :; do sleep 0.01; done"
    running = asyncio.create_task(run(["sh", "-c", script], cwd=tmp_path, env=env))
    await until_async(lock.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not lock.exists()


async def test_a_cancelled_program_may_come_to_its_end(tmp_path: Path, env: dict[str, str]) -> None:
    """Within the time it is given; what does not, and what is cancelled again, is ended."""
    begun, go, ended = tmp_path / "begun", tmp_path / "go", tmp_path / "ended"
    script = f"touch {begun}; until test -e {go}; do sleep 0.01; done; touch {ended}"

    async def cancelled(finish: float) -> asyncio.Task[object]:
        begun.unlink(missing_ok=True)
        running = asyncio.create_task(run(["sh", "-c", script], cwd=tmp_path, env=env | {"LATE": "yes"}, finish=finish))
        await until_async(begun.exists)
        running.cancel()
        await asyncio.sleep(0)
        return running

    for finish, again in ((0.1, False), (600, True)):
        running = await cancelled(finish)
        if again:
            running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not carriers("LATE", "yes")
    running = await cancelled(600)
    go.touch()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.exists()


async def test_cancellation_at_any_moment_of_the_start_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    for steps in range(8):
        running = asyncio.create_task(run(["sh", "-c", "sleep 600"], cwd=tmp_path, env=env | {"LATE": "yes"}))
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert not carriers("LATE", "yes")


async def test_more_output_than_the_cap_is_a_failure_at_once(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(ProcessFailed, match="printed more than 100000 bytes"):
        await run(["yes"], cwd=tmp_path, env=env, cap=100_000, timeout=60)


async def test_a_daemon_that_keeps_the_pipes_does_not_keep_us(tmp_path: Path, env: dict[str, str]) -> None:
    started = time.monotonic()
    done = await run(["sh", "-c", "sleep 600 & echo $!"], cwd=tmp_path, env=env)
    try:
        assert time.monotonic() - started < 5
        assert alive(int(done.out))  # ssh's ControlPersist is the person's, not ours to end
    finally:
        os.kill(int(done.out), 9)


async def test_a_child_has_no_terminal_and_leads_its_session(tmp_path: Path, env: dict[str, str]) -> None:
    done = await run(python("import os; print(os.getsid(0) == os.getpid())"), cwd=tmp_path, env=env)
    assert done.out == "True"


async def test_no_descriptor_is_inherited(tmp_path: Path, env: dict[str, str]) -> None:
    with (tmp_path / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        done = await run(["ls", "-l", "/proc/self/fd"], cwd=tmp_path, env=env)
    assert "/dev/null" in done.out
    assert "ours" not in done.out


def test_without_an_event_loop(tmp_path: Path, env: dict[str, str]) -> None:
    assert run_sync(["cat"], cwd=tmp_path, env=env, input=b"hello").out == "hello"
    with pytest.raises(ProcessFailed, match="ended with 1"):
        run_sync(["false"], cwd=tmp_path, env=env)


async def test_a_kernel_without_descriptors_of_processes_does(tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As before Linux 5.3, and in containers that do not allow it."""

    def unknown(_pid: int, _flags: int = 0) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(os, "pidfd_open", unknown)
    done = await run(["sh", "-c", "echo out; exit 3"], cwd=tmp_path, env=env, check=False, timeout=10)
    assert (done.out, done.code) == ("out", 3)
    with pytest.raises(ProcessFailed, match="did not end within"):
        await run(["sh", "-c", "echo $$ > pid; sleep 60"], cwd=tmp_path, env=env, timeout=0.5)
    assert not alive(numbers(tmp_path / "pid")[0])
