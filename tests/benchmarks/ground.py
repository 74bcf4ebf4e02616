"""What is measured on: repositories made for it, a person with an instant agent, and an editor that starts the server."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.raw_lsp import RawClient, scrubbed, start

LOCUS = [str(Path(sys.executable).with_name("locus")), "lsp"]
RUN_SECONDS = 300.0
INSTANT = ["/bin/sh", "-c", "echo done >made-{id}.txt"]
"""An agent that takes no time to think."""

SAID = "and what an agent says about it"
_TALKING = f"""
import sys, time
seconds, lines, pause, *made = sys.argv[1:]
until = time.monotonic() + float(seconds)
while time.monotonic() < until:
    for _ in range(int(lines)):
        print(time.monotonic_ns(), {SAID!r}, flush=True)
    time.sleep(float(pause))
for name in made:
    open(name, "w").write("done")
"""

CAPABILITIES = {"window": {"workDoneProgress": True}, "experimental": {"locus": {"version": 1}}}


@dataclass(frozen=True)
class Ground:
    """`project` with `origin`, a bare repository; `home` holds the person's own configuration, `more` is added to the environment."""

    home: Path
    project: Path
    remote: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        return {**scrubbed(self.home), **self.more}

    def git(self, *arguments: str, input: bytes = b"") -> str:
        return git(self.project, self.env, *arguments, input=input)


def talking(*made: str, seconds: float, lines: int, pause: float) -> list[str]:
    """An agent that prints so many lines at a time, each beginning with the monotonic clock's nanoseconds, so many seconds apart; for so
    many seconds. Then it makes these files.
    """
    return [sys.executable, "-I", "-S", "-c", _TALKING, str(seconds), str(lines), str(pause), *made]


def git(cwd: Path, env: dict[str, str], *arguments: str, input: bytes = b"") -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, env=env, input=input, capture_output=True, check=True)
    return done.stdout.decode().strip()


def make(folder: Path, *, files: int, agent: list[str] = INSTANT, agent_settings: Mapping[str, object] | None = None) -> Ground:
    """A repository of `files` files of about 5 KB, pushed. The agent stands in the person's own file, which needs no permission."""
    ground = Ground(folder / "home", folder / "project", folder / "remote.git")
    for path in (ground.home / ".config/locus", ground.project):
        path.mkdir(parents=True)
    config = {"agents": {"instant": {"kind": "shell", "argv": agent}}, "agent": {**(agent_settings or {})}}
    (ground.home / ".config/locus/config.json").write_text(json.dumps(config), encoding="utf-8")
    git(folder, ground.env, "init", "--quiet", "--bare", "--initial-branch=main", str(ground.remote))
    ground.git("init", "--quiet", "--initial-branch=main")
    ground.git("fast-import", "--quiet", input=_history(files))
    ground.git("reset", "--quiet", "--hard", "main")
    ground.git("remote", "add", "origin", str(ground.remote))
    ground.git("push", "--quiet", "--set-upstream", "origin", "main")
    ground.git("remote", "set-head", "origin", "main")
    return ground


def _history(files: int) -> bytes:
    """One commit, for git fast-import; the same files every time."""
    chance = random.Random(files)
    head = b"commit refs/heads/main\ncommitter Person <person@example.invalid> 1700000000 +0000\ndata 4\nAll\n\n"
    parts = [head]
    for number in range(files):
        content = "".join(f"{chance.getrandbits(256):064x} {number}\n" for _ in range(72)).encode()
        parts.append(b"M 100644 inline src/part%03d/file%05d.txt\ndata %d\n%s\n" % (number % 100, number, len(content), content))
    return b"".join(parts)


@asynccontextmanager
async def editor(ground: Ground) -> AsyncIterator[RawClient]:
    client = await start(LOCUS, cwd=ground.project, env=ground.env)
    try:
        await client.initialize(CAPABILITIES, rootUri=ground.project.as_uri())
        yield client
    finally:
        await client.close()


async def command(client: RawClient, id: str, **arguments: Any) -> Any:
    reply = await client.command(id, arguments)
    if "error" in reply:
        raise RuntimeError(f"{id}: {reply['error']}\n{client.stderr[-3000:]}")
    return reply["result"]


async def issues(client: RawClient, count: int) -> list[int]:
    return [(await command(client, "locus.issue.create", title=f"Task {number}"))["number"] for number in range(count)]


async def ended(client: RawClient, run_id: str) -> dict[str, Any]:
    """The run once it has ended; raises if it did not end well."""
    seen: dict[str, Any] = {}

    def over(message: dict[str, Any]) -> bool:
        params = message.get("params") or {}
        if message.get("method") in ("locus/run", "locus/runs"):
            seen.update(next((run for run in params.get("runs", [params.get("run")]) if run["id"] == run_id), {}))
        return "endedAt" in seen

    await client.wait_for(over, seconds=RUN_SECONDS)
    if seen["state"] != "done":
        raise RuntimeError(f"the run ended {seen['state']}: {json.dumps(seen, indent=1)}")
    return seen


@contextmanager
def in_memory(folder: Path) -> Iterator[Path]:
    """A folder with no disk behind it, where the machine has one; else `folder`. A file system may take ten times as long to make a file
    for minutes after others were deleted, by whoever: ext4 without a journal looks at each of their inodes again.
    """
    shared = Path("/dev/shm")
    if not (shared.is_dir() and os.access(shared, os.W_OK)):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="locus-bench-", dir=shared) as memory:
        yield Path(memory)


def settle() -> None:
    """What was written before does not slow down what is measured next."""
    os.sync()
    time.sleep(0.2)
