"""Tools: run to their end, their output in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from locus.errors import ProcessFailed
from locus.process.argv import Argument, checked_words
from locus.process.child import Child
from locus.process.environment import scrubbed_env


@dataclass(frozen=True)
class Completed:
    argv: tuple[str, ...]
    code: int  # 128 + signal for one that a signal ended
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        """stdout as text, losslessly (undecodable bytes as surrogates), without the trailing newline."""
        return self.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    @property
    def err(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


async def run(
    argv: Sequence[Argument],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    input: bytes = b"",
    timeout: float = 120.0,  # noqa: ASYNC109 - the error names the program and keeps what it printed
    check: bool = True,
    cap: int = 64 * 1024 * 1024,
    finish: float = 0.0,
) -> Completed:
    """Runs a program to its end. stdin is `input`, or nothing; `env` is `scrubbed_env()` unless given.

    Raises ProcessFailed when it cannot be started, prints more than `cap` bytes to a pipe, takes longer than `timeout` seconds, or, with
    `check`, ends with another code than 0. On time-out and cancellation (then `finish` seconds later, unless it has ended by itself) the
    whole group is asked to end, killed if it does not, and reaped before this returns.
    """
    words = checked_words(argv)
    printed = {1: bytearray(), 2: bytearray()}
    overflow = False

    def received(fd: int, data: bytes) -> None:
        nonlocal overflow
        if overflow:
            return
        printed[fd] += data
        if len(printed[fd]) > cap:
            overflow = True
            child.kill()

    child = Child(received)
    late = False
    try:
        await child.start(words, cwd=cwd, env=scrubbed_env() if env is None else env, input=input)
        async with asyncio.timeout(timeout):
            await child.ended()
    except TimeoutError:
        late = True
    finally:
        await child.destroy(0.0 if late else finish)
    done = Completed(words, child.code, bytes(printed[1]), bytes(printed[2]))
    if overflow:
        raise _failed(done, f"printed more than {cap} bytes")
    if late:
        raise _failed(done, f"did not end within {timeout:g} s", "it may wait for an answer, a lock or the network")
    if check and done.code:
        raise _failed(done, f"ended with {done.code}")
    return done


def run_sync(
    argv: Sequence[Argument],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    input: bytes = b"",
    timeout: float = 120.0,
    check: bool = True,
    cap: int = 64 * 1024 * 1024,
) -> Completed:
    """`run` where no event loop runs yet."""
    return asyncio.run(run(argv, cwd=cwd, env=env, input=input, timeout=timeout, check=check, cap=cap))


def _failed(done: Completed, what: str, hint: str | None = None) -> ProcessFailed:
    last = " / ".join(line.strip() for line in done.err.splitlines()[-3:] if line.strip())
    message = f"`{' '.join(done.argv[:3])}` {what}" + (f": {last}" if last else "")
    return ProcessFailed(message, hint, code=done.code, stdout=done.stdout.decode("utf-8", "replace"), stderr=done.err)
