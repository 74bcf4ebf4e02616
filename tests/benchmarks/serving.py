"""How fast the server answers, and how fast it goes."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import CAPABILITIES, LOCUS, Ground
from benchmarks.measure import Row, above, median, within
from support.raw_lsp import RawClient, start

BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]


@asynccontextmanager
async def spawned(argv: Sequence[str], at: Ground) -> AsyncIterator[tuple[RawClient, float]]:
    """A server that has answered `initialize`, and the seconds from its start to that answer."""
    began = time.perf_counter()
    client = await start(argv, cwd=at.project, env=at.env)
    try:
        params = {"processId": None, "rootUri": at.project.as_uri(), "capabilities": CAPABILITIES}
        await client.result("initialize", params)
        yield client, time.perf_counter() - began
    finally:
        await client.close()


async def initialize(folder: Path, quick: bool) -> list[Row]:
    at = ground.make(folder, files=100)
    samples: dict[str, list[float]] = {"locus": [], "bare": []}
    for _ in range(4 if quick else 21):
        for name, argv in (("locus", LOCUS), ("bare", BARE)):
            async with spawned(argv, at) as (_, seconds):
                samples[name].append(seconds)
    return [above("initialize answered, from the start of the process", median(samples["locus"][1:]), median(samples["bare"][1:]), 0.150)]


async def acknowledged(folder: Path, quick: bool) -> list[Row]:
    at = ground.make(folder, files=100)
    samples = []
    async with ground.editor(at) as client:
        for number in await ground.issues(client, 3 if quick else 11):
            began = time.perf_counter()
            started = await ground.command(client, "locus.run.start", tasks=[number])
            samples.append(time.perf_counter() - began)
            await ground.ended(client, started["runId"])
    return [within("locus.run.start acknowledged, median", median(samples), 0.100), within("the same, slowest", max(samples), 0.100)]


async def shutdown(folder: Path, quick: bool) -> list[Row]:
    """With a run in flight, which goes on without its editor."""
    gate = folder / "gate"
    waiting = ["/bin/sh", "-c", f"while [ ! -e {gate} ]; do sleep 0.05; done; echo done >made-{{id}}.txt"]
    at = ground.make(folder / "ground", files=100, agent=waiting)
    ends: dict[str, list[float]] = {"locus": [], "bare": []}
    async with ground.editor(at) as client:
        (number,) = await ground.issues(client, 1)
        run_id = (await ground.command(client, "locus.run.start", tasks=[number]))["runId"]
        await client.notification("locus/run", lambda params: params["run"]["tasks"][0]["state"] == "working")
        ends["locus"].append(await _left(client))
    for _ in range(2 if quick else 8):
        for name, argv in (("locus", LOCUS), ("bare", BARE)):
            async with spawned(argv, at) as (client, _):
                client.notify("initialized", {})
                ends[name].append(await _left(client))
    gate.touch()
    async with ground.editor(at) as client:
        await ground.ended(client, run_id)
    return [within("shutdown to the end of the process, a run in flight, slowest", max(ends["locus"]), 1.5)]


async def _left(client: RawClient) -> float:
    began = time.perf_counter()
    await client.leave()
    return time.perf_counter() - began
