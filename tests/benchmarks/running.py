"""What a run costs beside the git work itself, and how fast one is read back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from pathlib import Path

from benchmarks import ground
from benchmarks.ground import Ground
from benchmarks.hosted import REPOSITORY, on_github
from benchmarks.measure import Row, median, times, within

FEW, MANY = 3, 12
REPETITIONS = 9
HOSTED_REPETITIONS = 3

Seconds = dict[tuple[str, int], list[float]]


async def tasks(folder: Path, quick: bool) -> list[Row]:
    """The slope between few and many tasks is what one more costs; what is left of few is the fixed start. Locus and the shell are first
    in turn.
    """
    many = FEW + 1 if quick else MANY
    embedded: Seconds = {}
    hosted: Seconds = {}
    with ground.in_memory(folder) as memory:
        for repetition in range(1 if quick else REPETITIONS):
            for count in (FEW, many):
                at = ground.make(memory / f"{repetition}-{count}", files=200)
                for who in ("shell", "locus") if repetition % 2 else ("locus", "shell"):
                    await _take(embedded, who, at, count)
        for repetition in range(1 if quick else HOSTED_REPETITIONS):
            for count in (FEW, many):
                for who in ("locus", "shell"):
                    with on_github(ground.make(memory / f"github-{repetition}-{count}-{who}", files=200)) as (at, _):
                        await _take(hosted, who, at, count, github=REPOSITORY)
    few = median(embedded["locus", FEW])
    return [
        times(f"one more standalone task, (T{many} - T{FEW}) / {many - FEW}", _slope(embedded, "locus"), _slope(embedded, "shell"), 1.3),
        times("the same, tasks on GitHub", _slope(hosted, "locus"), _slope(hosted, "shell"), 1.3),
        within(f"fixed start of a run, T{FEW} - {FEW} of those", few - FEW * _slope(embedded, "locus"), 0.5),
    ]


def _slope(seconds: Seconds, who: str) -> float:
    few, many = sorted(count for each, count in seconds if each == who)
    return (median(seconds[who, many]) - median(seconds[who, few])) / (many - few)


async def _take(seconds: Seconds, who: str, at: Ground, count: int, *, github: str = "-") -> None:
    async with ground.editor(at) as client:
        numbers = await ground.issues(client, count)
        if who == "locus":
            ground.settle()
            began = time.perf_counter()
            started = await ground.command(client, "locus.run.start", tasks=numbers)
            await ground.ended(client, started["runId"])
            seconds.setdefault((who, count), []).append(time.perf_counter() - began)
    if who == "shell":
        ground.settle()
        seconds.setdefault((who, count), []).append(await asyncio.to_thread(_shell, at, github, numbers))


def _shell(at: Ground, github: str, numbers: list[int]) -> float:
    words = ["/bin/sh", str(Path(__file__).with_name("shell_floor.sh")), str(at.project), github, *map(str, numbers)]
    began = time.perf_counter()
    subprocess.run(words, env=at.env, stdin=subprocess.DEVNULL, check=True)
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
