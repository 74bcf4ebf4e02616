"""Several processes at the local keeper's file at once, as two runs, an editor and a terminal are."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from locus.model.task import TaskDraft, TaskFilter
from locus.tracker.local import LocalTracker
from support.procs import child_env

AT_WORK = """
import asyncio, sys
from pathlib import Path
from locus.model.task import *
from locus.tracker.local import LocalTracker

async def main(file, name):
    tracker = LocalTracker(Path(file))
    print("ready", flush=True)
    sys.stdin.readline()
    statuses = list(TaskStatus)
    for turn in range(12):
        made = await tracker.create(TaskDraft(title=f"{name} {turn}", labels=(f"of-{name}",)), request=f"{name}-{turn}")
        again = await tracker.create(TaskDraft(title="once more"), request=f"{name}-{turn}")
        assert again == made, (again, made)
        print(made.number, flush=True)
        await tracker.set_status(1, statuses[turn % len(statuses)])
        await tracker.edit(2, TaskChanges(priority="high" if turn % 2 else "low"))
        await tracker.comment(1, f"turn {turn}", marker=f"locus:turn-{turn}")
        mine = [task for task in await tracker.tasks(TaskFilter()) if f"of-{name}" in task.labels]
        assert len(mine) == turn + 1, (turn, mine)

asyncio.run(main(*sys.argv[1:]))
"""


def started(folder: Path, file: Path, name: str) -> subprocess.Popen[str]:
    argv, pipe = [sys.executable, "-c", AT_WORK, str(file), name], subprocess.PIPE
    return subprocess.Popen(argv, env=child_env(folder), stdin=pipe, stdout=pipe, stderr=pipe, text=True)


async def test_nothing_is_refused_lost_or_done_twice(tmp_path: Path) -> None:
    file = tmp_path / "state" / "locus.db"
    tracker = LocalTracker(file)
    for title in ("first", "second"):
        await tracker.create(TaskDraft(title=title, labels=("theirs",)))
    workers = [started(tmp_path, file, name) for name in ("one", "two", "three")]
    for worker in workers:
        assert worker.stdout is not None and await asyncio.to_thread(worker.stdout.readline) == "ready\n"
    ended = await asyncio.gather(*(asyncio.to_thread(worker.communicate, "go\n", 90) for worker in workers))
    assert [(worker.returncode, error) for worker, (_, error) in zip(workers, ended, strict=True)] == [(0, "")] * 3
    numbers = [int(word) for out, _ in ended for word in out.split()]
    assert sorted(numbers) == list(range(3, 39)) == sorted(task.number for task in await tracker.tasks(TaskFilter()))[2:]
    assert [comment.body.split("\n")[0] for comment in await tracker.comments(1)] == [f"turn {turn}" for turn in range(12)]
    for number, family in ((1, "locus:"), (2, "p:")):
        labels = (await tracker.get(number)).labels
        assert "theirs" in labels and len([label for label in labels if label.startswith(family)]) == 1, labels
