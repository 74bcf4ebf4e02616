"""What an editor feels while agents work: answers to what it asks, how late it is told, and the memory that the server takes."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

from benchmarks import ground
from benchmarks.ground import Ground
from benchmarks.measure import Row, at_most, within
from support.raw_lsp import RawClient

STREAMING, TALKING = 16, 20
LINES, PAUSE = 5, 0.02
"""Each of the streaming ones prints so many lines at a time, so many seconds apart: 4,000 a second in all."""
RUNS = 100


def _agents(at: Path, *, count: int, seconds: float, lines: int, pause: float) -> Ground:
    argv = ground.talking("made-{id}.txt", seconds=seconds, lines=lines, pause=pause)
    return ground.make(at, files=100, agent=argv, agent_settings={"maxParallel": count})


async def requests(folder: Path, quick: bool) -> list[Row]:
    """The server's memory is read when every agent speaks, and when they have said 10,000 lines more."""
    seconds = 4 if quick else 12
    at = _agents(folder, count=STREAMING, seconds=seconds, lines=LINES, pause=PAUSE)
    waits: dict[str, list[float]] = {"textDocument/codeLens": [], "textDocument/codeAction": []}
    async with ground.editor(at) as client:
        uri = _shown(client, at)
        numbers = await _anchored(client, uri, STREAMING)
        run_id = (await ground.command(client, "locus.run.start", tasks=numbers))["runId"]
        await client.notification("locus/run", _all_speak, seconds=ground.RUN_SECONDS)
        until = time.monotonic() + seconds / 2
        memory = _resident(client)
        while time.monotonic() < until:
            for method, samples in waits.items():
                began = time.perf_counter()
                await client.result(method, {"textDocument": {"uri": uri}, **_EXTRA[method]})
                samples.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        grown = _resident(client) - memory
        await ground.ended(client, run_id)
    rows = [
        within(f"{method.partition('/')[2]} while {STREAMING} agents print 4,000 lines/s (p99)", _p99(samples), 0.05)
        for method, samples in waits.items()
    ]
    return [*rows, at_most("the server's memory meanwhile, growth in MB", max(0, grown) // 1024, 4)]


async def told(folder: Path, quick: bool) -> list[Row]:
    """From the line that an agent prints to the notification that shows it, polling and throttling included."""
    at = _agents(folder, count=TALKING, seconds=4 if quick else 12, lines=1, pause=0.5)
    late: dict[str, float] = {}
    async with ground.editor(at) as client:
        numbers = await ground.issues(client, TALKING)
        run_id = (await ground.command(client, "locus.run.start", tasks=numbers))["runId"]
        seen = 0
        while not any(_ended(message, run_id) for message in client.messages[seen:]):
            now = time.monotonic_ns()
            for message in client.messages[seen:]:
                for line in _activities(message):
                    late.setdefault(line, (now - int(line.split(" ", 1)[0])) / 1e9)
            seen = len(client.messages)
            await client.wait_for(lambda _: True, after=seen, seconds=ground.RUN_SECONDS)
    return [within(f"a line of {TALKING} agents shown by the editor (p99)", _p99(list(late.values())), 0.15)]


async def memory(folder: Path, quick: bool) -> list[Row]:
    """A server that knows of many runs of the past: a real one and its copies."""
    at = ground.make(folder, files=100)
    async with ground.editor(at) as client:
        run_id = (await ground.command(client, "locus.run.start", tasks=await ground.issues(client, 3)))["runId"]
        await ground.ended(client, run_id)
    runs = next(at.project.glob(f".git/**/{run_id}")).parent
    count = 10 if quick else RUNS
    for number in range(1, count):
        copied = runs / f"{run_id[:-4]}{number:04x}"
        await asyncio.to_thread(_copied, runs / run_id, copied)
    async with ground.editor(at) as client:
        await client.notification("locus/runs", lambda params: len(params["runs"]) == count)
        resident = _resident(client)
    return [at_most(f"the server's memory with {count} runs of the past, in MB", resident // 1024, 100)]


_EXTRA: dict[str, dict[str, Any]] = {
    "textDocument/codeLens": {},
    "textDocument/codeAction": {
        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}},
        "context": {"diagnostics": [], "triggerKind": 1},
    },
}


def _shown(client: RawClient, at: Ground) -> str:
    file = at.project / "src/part001/file00001.txt"
    document = {"uri": file.as_uri(), "languageId": "plaintext", "version": 1, "text": file.read_text()}
    client.notify("textDocument/didOpen", {"textDocument": document})
    return file.as_uri()


async def _anchored(client: RawClient, uri: str, count: int) -> list[int]:
    """Issues about lines of one file: each has its lenses."""
    numbers = []
    for line in range(count):
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 9}}
        made = await ground.command(client, "locus.issue.create", title=f"Task {line}", uri=uri, range=place)
        numbers.append(made["number"])
    return numbers


def _all_speak(params: Any) -> bool:
    tasks = params["run"]["tasks"]
    return len(tasks) == STREAMING and all(ground.SAID in task.get("activity", "") for task in tasks)


def _activities(message: dict[str, Any]) -> list[str]:
    if message.get("method") != "locus/run":
        return []
    lines = [task.get("activity", "") for task in message["params"]["run"]["tasks"] if task["state"] == "working"]
    return [line for line in lines if ground.SAID in line]


def _ended(message: dict[str, Any], run_id: str) -> bool:
    run = message["params"]["run"] if message.get("method") == "locus/run" else {}
    return run.get("id") == run_id and "endedAt" in run


def _p99(samples: list[float]) -> float:
    return sorted(samples)[len(samples) * 99 // 100]


def _resident(client: RawClient) -> int:
    """KiB, as ps(1) has it."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(client.process.pid)], capture_output=True, text=True, check=True)
    return int(said.stdout)


def _copied(run: Path, to: Path) -> None:
    to.mkdir()
    for path in run.rglob("*"):
        target = to / path.relative_to(run)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes().replace(run.name.encode(), to.name.encode()))
