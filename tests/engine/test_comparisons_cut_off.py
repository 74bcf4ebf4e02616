"""A runner that is killed while a found check is compared with what was before: its worktree is nobody's, and is cleared away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from locus import process
from locus.engine.before import clear_cut_off, worktree_name
from locus.engine.inventory import inventory
from locus.locks import lock
from locus.repo import worktrees
from support.house import House, done
from support.procs import until_async

RUFF = """\
#!/bin/sh
test -e "{marks}/hold" || exit 0
case "$PWD" in */check-*) touch "{marks}/comparing"; sleep 600;; esac
echo "new.py:1:8: F401 unused"
exit 1
"""
DEAD = "run-2026-11-25T10-00-00-000-abcd"


@pytest.fixture
def marks(house: House, tmp_path: Path) -> Path:
    """The repository's ruff finds something wrong in tasks while `hold` is here, and takes its time over what was before."""
    folder = tmp_path / "marks"
    folder.mkdir()
    (folder / "hold").touch()
    house.person.commit({"pyproject.toml": "[tool.ruff]\n"}, "Use ruff")
    house.person.git("push", "-q", "origin", "HEAD")
    house.person.write(".venv/.gitignore", "*\n")
    house.person.write(".venv/bin/ruff", RUFF.format(marks=folder), executable=True)
    return folder


@pytest.mark.parametrize("taken_up", [True, False], ids=["resumed", "another run"])
async def test_kill_during_a_comparison_leaves_no_worktree_for_good(house: House, marks: Path, taken_up: bool) -> None:
    number, other = await house.issue("date > new.py"), await house.issue("date > other.txt")
    run_id = await house.start(number)
    await until_async((marks / "comparing").exists, 30)
    (comparing,) = [entry for entry in await inventory(house.ws) if "check-" in entry.path]
    assert (comparing.reason, comparing.task) == (f"run {run_id} looks here whether a check failed before its task, too", None)
    house.kill_runner(run_id)
    await house.until(run_id, lambda view: view.state == "lost")
    left = worktree_name(run_id)
    assert house.worktrees() == [left, f"issue-{number}"]
    (entry,) = [entry for entry in await inventory(house.ws) if entry.path.endswith(left)]
    assert entry.reason == f"run {run_id} was killed while it compared a check here; the next run removes it"
    (marks / "hold").unlink()  # from here on nothing is compared
    if taken_up:
        await house.call("locus.run.resume", runId=run_id)
        assert done(await house.ended(run_id))
        assert house.worktrees() == []
    else:
        assert done(await house.ended(await house.start(other)))
        assert house.worktrees() == [f"issue-{number}"], "what the killed task had done stays"
    assert left not in house.person.look("worktree", "list") and not any("check-" in ref for ref in house.keeps())
    assert process.leftovers(run_id) == []


@pytest.mark.parametrize("left", ["folder", "record", "both", "being made"])
async def test_whatever_is_left_of_it(house: House, left: str) -> None:
    repo, path = house.ws.repo, house.ws.repo.worktrees_dir / worktree_name(DEAD)
    await worktrees.create(repo, path, None, start=house.person.head)
    record = repo.common_dir / "worktrees" / path.name
    if left == "record":
        shutil.rmtree(path)
    elif left == "folder":
        shutil.rmtree(record)
    elif left == "being made":
        (record / "locked").write_text("initializing")
        (record / "index").unlink()
    await clear_cut_off(house.ws, "run-of-another")
    assert house.worktrees() == [] and not record.exists()
    assert list((house.ws.state / "trash").glob("*")) == []


async def test_what_is_at_work_and_what_somebody_locked_stays(house: House) -> None:
    repo = house.ws.repo
    names = [worktree_name(DEAD), worktree_name(DEAD.replace("abcd", "beef")), "check-mine"]
    for name in names:
        await worktrees.create(repo, repo.worktrees_dir / name, None, start=house.person.head)
    house.person.git("worktree", "lock", repo.worktrees_dir / names[1])
    with await lock(house.ws.runs / DEAD / "lock"):
        await clear_cut_off(house.ws, "run-of-another")
    assert house.worktrees() == sorted(names)
    house.person.git("worktree", "unlock", repo.worktrees_dir / names[1])
    await clear_cut_off(house.ws, "run-of-another")
    assert house.worktrees() == ["check-mine"]
