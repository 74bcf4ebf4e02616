"""What a run costs beside the git work itself, and how fast one is read back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import Ground
from benchmarks.measure import Row, median, times, within

FEW, MANY = 3, 12
REPETITIONS = 9


async def tasks(folder: Path, quick: bool) -> list[Row]:
    """The slope between few and many tasks is what one more costs; what is left of few is the fixed start. Each is first in turn."""
    seconds: dict[tuple[str, int], list[float]] = {}
    with ground.in_memory(folder) as memory:
        for repetition in range(1 if quick else REPETITIONS):
            for count in (FEW, MANY):
                at = ground.make(memory / f"{repetition}-{count}", files=200)
                for who in ("shell", "locus") if repetition % 2 else ("locus", "shell"):
                    ground.settle()
                    took = await (locus(at, count) if who == "locus" else asyncio.to_thread(shell, at, count))
                    seconds.setdefault((who, count), []).append(took)
    few, many = median(seconds["locus", FEW]), median(seconds["locus", MANY])
    shell_few, shell_many = median(seconds["shell", FEW]), median(seconds["shell", MANY])
    slope, floor = (many - few) / (MANY - FEW), (shell_many - shell_few) / (MANY - FEW)
    return [
        times(f"one more standalone task, (T{MANY} - T{FEW}) / {MANY - FEW}", slope, floor, 1.3),
        within(f"fixed start of a run, T{FEW} - {FEW} of those", few - FEW * slope, 0.5),
    ]


async def locus(at: Ground, count: int) -> float:
    async with ground.editor(at) as client:
        numbers = await ground.issues(client, count)
        began = time.perf_counter()
        started = await ground.command(client, "locus.run.start", tasks=numbers)
        await ground.ended(client, started["runId"])
        return time.perf_counter() - began


def shell(at: Ground, count: int) -> float:
    script = Path(__file__).with_name("shell_floor.sh")
    numbers = [str(number) for number in range(count)]
    began = time.perf_counter()
    subprocess.run(["/bin/sh", str(script), str(at.project), *numbers], env=at.env, stdin=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


async def recovery(folder: Path, quick: bool) -> list[Row]:
    """A journal of many transitions is folded into what a person sees."""
    from locus.engine.store import RunStore

    transitions = 1_000 if quick else 10_000
    run = folder / "run-1"
    run.mkdir(parents=True)
    head = {"kind": "run.requested", "runId": run.name, "folder": "file:///", "mode": "standalone", "base": "main"}
    records: list[dict[str, object]] = [head | {"tasks": [{"number": 1, "title": "Task"}]}, {"kind": "run.started"}]
    states = ("preparing", "working", "verifying", "interrupted")
    records += [{"kind": "task.state", "task": 1, "state": states[turn % 4], "attempt": 1} for turn in range(transitions)]
    with (run / "journal.jsonl").open("w", encoding="utf-8") as journal:
        for seq, record in enumerate(records, 1):
            journal.write(json.dumps({"v": 1, "seq": seq, "at": "2025-01-01T00:00:00Z"} | record) + "\n")
    samples = []
    for _ in range(5):
        began = time.perf_counter()
        view = RunStore(folder).view(run.name)
        samples.append(time.perf_counter() - began)
        if view.seq != len(records):
            raise RuntimeError("the journal was not read to its end")
    return [within(f"a journal of {transitions:,} transitions read", median(samples), 1.0)]
