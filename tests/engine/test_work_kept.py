"""A worktree that goes on to serve another task, or another commit, first gives what it holds to a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.killing import Fuse, Killed
from locus.engine.journal import Journal, read
from locus.model.events import EffectDone, RunEvent, TaskStateChanged
from locus.model.record import Record
from locus.model.states import TaskState
from support.house import House, done, states
from support.repos import files_of, put


async def restored(house: House, folder: Path) -> list[dict[str, str]]:
    """The files of each snapshot that is listed."""
    refs = [snapshot.ref for entry in await house.call("locus.worktree.list") for snapshot in entry.keep_refs]
    for number, ref in enumerate(refs):
        await house.call("locus.worktree.restore", ref=ref, path=str(folder / f"{number}"))
    return [files_of(folder / f"{number}") for number in range(len(refs))]


class Noting(Journal):
    """Calls `seen` when a task is done."""

    def __init__(self, path: Path, seen: list[dict[str, str]], worktree: Path) -> None:
        super().__init__(path)
        self._seen, self._worktree = seen, worktree

    def append(self, event: RunEvent, task: int | None = None) -> Record:
        if isinstance(event, TaskStateChanged) and event.state is TaskState.DONE:
            self._seen.append(files_of(self._worktree))
        return super().append(event, task)


async def test_what_a_commit_leaves_out_is_kept_before_the_next_task_of_the_sprint(house: House, tmp_path: Path) -> None:
    make = "git init -q nested && echo first > nested/a.txt && echo one > one.txt"
    numbers = [await house.issue(make), await house.issue("echo second > nested/a.txt", "echo two > two.txt")]
    await house.sprint("S", *numbers)
    seen: list[dict[str, str]] = []
    worktree = house.ws.repo.worktrees_dir / "sprint-s"
    assert done(await house.run(sprint="S", journal=lambda path: Noting(path, seen, worktree)))
    assert len(seen) == 2 and "nested/a.txt" in seen[0] and seen[0]["nested/a.txt"] != seen[1]["nested/a.txt"]
    back = await restored(house, tmp_path / "back")
    assert seen[0] in back and seen[1] in back
    assert house.worktrees() == []


async def test_the_commits_that_a_rebase_leaves_behind_are_kept(house: House, tmp_path: Path) -> None:
    numbers = [await house.issue("sed -i s/return/yield/ src/app.py"), await house.issue("echo two > two.txt")]
    await house.sprint("S", *numbers)
    seen: list[dict[str, str]] = []
    worktree = house.ws.repo.worktrees_dir / "sprint-s"

    class Colleague(Noting):
        def append(self, event: RunEvent, task: int | None = None) -> Record:
            record = super().append(event, task)
            if len(seen) == 1 and house.person.tip("main") == house.person.head:
                house.person.commit_on_remote({"src/util.py": "LIMIT = 11\n"})
            return record

    view = await house.run(sprint="S", journal=lambda path: Colleague(path, seen, worktree))
    assert done(view)
    assert house.branch_files("locus/sprint-s")["src/util.py"] == "LIMIT = 11", "the branch was rebased"
    house.person.git("gc", "--quiet", "--prune=now")
    assert seen[0] in await restored(house, tmp_path / "back")


async def test_a_worktree_that_was_changed_while_its_run_was_dead_is_kept_before_an_agent_gets_it(house: House, tmp_path: Path) -> None:
    number = await house.issue("echo agent > README.md")
    run_id = await house.request(number)
    made = f"worktree:{number}"

    class AtWorktree(Fuse):
        def append(self, event: RunEvent, task: int | None = None) -> Record:
            if isinstance(event, EffectDone) and event.key == made:
                self._line = self.fold.seq + 1  # dies after this line: the worktree stands, nothing was done in it
            return super().append(event, task)

    with pytest.raises((Killed, BaseExceptionGroup)):
        await house.carry_on(run_id, journal=lambda path: AtWorktree(path, 10**6, "after"))
    last = read(house.ws.runs / run_id / "journal.jsonl")[-1].event
    assert isinstance(last, EffectDone) and last.key == made
    worktree = house.ws.repo.worktrees_dir / f"issue-{number}"
    put(worktree, "README.md", "by hand\n")
    before = files_of(worktree)
    assert done(await house.carry_on(run_id))
    assert house.branch_files(f"locus/issue-{number}")["README.md"] == "agent"
    assert before in await restored(house, tmp_path / "back")


async def test_a_git_of_the_agents_that_was_killed_is_in_nobodys_way(house: House) -> None:
    dead = 'touch "$(git rev-parse --git-path index.lock)" "$(git rev-parse --git-path HEAD.lock)"'
    good = await house.issue("echo good > good.txt", dead)
    bad = await house.issue("echo bad > bad.txt", dead, "exit 1")
    view = await house.run(good, bad)
    assert states(view) == ["done", "failed"]
    worktree = house.ws.repo.worktrees_dir / f"issue-{bad}"
    assert house.person.home.git("add", "--all", cwd=worktree) == ""
    assert list(house.ws.repo.common_dir.rglob("*.lock")) == []
