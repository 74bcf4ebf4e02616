"""How fast the server answers, and how fast it goes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import CAPABILITIES, LOCUS, Ground
from benchmarks.measure import Row, above, median, within
from support.raw_lsp import RawClient, frame

BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]


async def initialize(folder: Path, quick: bool) -> list[Row]:
    at = ground.make(folder, files=100)
    samples: dict[str, list[float]] = {"locus": [], "bare": []}
    for _ in range(4 if quick else 21):
        for name, argv in (("locus", LOCUS), ("bare", BARE)):
            samples[name].append(await _answered(argv, at))
    return [above("initialize answered, from the start of the process", median(samples["locus"][1:]), median(samples["bare"][1:]), 0.150)]


async def _answered(argv: Sequence[str], at: Ground) -> float:
    """Seconds from the start of the process to the end of its reply; any server's, so the header is read as the standard has it."""
    params = {"processId": None, "rootUri": at.project.as_uri(), "capabilities": CAPABILITIES}
    pipe = asyncio.subprocess.PIPE
    began = time.perf_counter()
    server = await asyncio.create_subprocess_exec(
        *argv, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, cwd=at.project, env=at.env
    )
    if server.stdin is None or server.stdout is None:
        raise RuntimeError("pipes were asked for")
    server.stdin.write(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}))
    header = await server.stdout.readuntil(b"\r\n\r\n")
    length = next(int(line.partition(b":")[2]) for line in header.split(b"\r\n") if line.lower().startswith(b"content-length"))
    await server.stdout.readexactly(length)
    seconds = time.perf_counter() - began
    server.kill()
    await server.wait()
    return seconds


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
    samples = []
    async with ground.editor(at) as client:
        (number,) = await ground.issues(client, 1)
        run_id = (await ground.command(client, "locus.run.start", tasks=[number]))["runId"]
        await client.notification("locus/run", lambda params: params["run"]["tasks"][0]["state"] == "working")
        samples.append(await _left(client))
    for _ in range(2 if quick else 8):
        async with ground.editor(at) as client:
            await client.notification("locus/runs", lambda params: params["runs"][0]["state"] == "running")
            samples.append(await _left(client))
    gate.touch()
    async with ground.editor(at) as client:
        await ground.ended(client, run_id)
    return [within("shutdown to the end of the process, a run in flight, slowest", max(samples), 1.5)]


async def _left(client: RawClient) -> float:
    began = time.perf_counter()
    await client.leave()
    return time.perf_counter() - began
