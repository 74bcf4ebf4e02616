"""What is kept of work that did not end well: listed with its reasons, restored byte for byte, cleaned away without losing any of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from locus import locks
from locus.errors import InvalidArguments, LocusError, NotFound, Refused
from locus.model.run import RunView
from locus.model.worktree import Cleaned, KeptWorktree
from support.house import House, done, states
from support.repos import files_of, put


async def failed(house: House, *commands: str) -> tuple[int, Path]:
    """An issue whose agent does this and then fails, and its worktree."""
    number = await house.issue(*commands, "exit 1")
    assert states(await house.run(number)) == ["failed"]
    return number, house.ws.repo.worktrees_dir / f"issue-{number}"


async def entries(house: House) -> list[KeptWorktree]:
    found: list[KeptWorktree] = await house.call("locus.worktree.list")
    return found


async def test_a_failed_tasks_worktree_is_listed_with_its_reason(house: House) -> None:
    assert await entries(house) == []
    number, worktree = await failed(house, "echo half > half.txt")
    (entry,) = await entries(house)
    assert (entry.path, entry.branch, entry.task, entry.state) == (str(worktree), f"locus/issue-{number}", number, "failed")
    assert "exit" in entry.reason or "ended" in entry.reason, entry.reason
    assert entry.run is not None and entry.bytes > 0 and entry.created_at.endswith("Z")


async def test_cleaning_keeps_everything_first_and_restoring_brings_it_back(house: House, tmp_path: Path) -> None:
    number, worktree = await failed(house, "echo half > half.txt", "echo x > .gitignore.new", "rm src/util.py", "echo noise > a.log")
    before = {name: value for name, value in files_of(worktree).items() if name != "a.log"}
    cleaned: Cleaned = await house.call("locus.worktree.clean")
    assert cleaned.removed == (str(worktree),) and cleaned.kept == ()
    assert house.worktrees() == [] and not worktree.exists()
    assert house.person.look("rev-parse", "--verify", f"locus/issue-{number}"), "the branch stays"
    (entry,) = await entries(house)
    assert (entry.path, entry.task, entry.state) == (str(worktree), number, "kept")
    (snapshot,) = entry.keep_refs
    plain = await house.call("locus.worktree.restore", ref=snapshot.ref, path=str(tmp_path / "plain"))
    assert files_of(Path(plain.path)) == before
    made = await house.call("locus.worktree.restore", ref=f"{number}/1")
    assert Path(made.path).parent == house.ws.repo.worktrees_dir and files_of(Path(made.path)) == before
    assert "half.txt" in house.person.look("status", "--porcelain", cwd=Path(made.path))
    restored, _ = await entries(house)
    assert (restored.state, restored.path) == ("restored", made.path)
    assert (await house.call("locus.worktree.clean")).removed == (made.path,)
    assert len(house.keeps()) == 1, "it was kept already"


@pytest.mark.parametrize("kind", ["sha256", "submodule", "shallow", "bare"])
async def test_a_repository_of_any_kind(new_house: Callable[..., House], tmp_path: Path, kind: str) -> None:
    house = new_house(kind, config={"agent_baseBranch": "main"} if kind == "bare" else None)
    inside = "vendor/lib/lib.txt" if kind == "submodule" else "README.md"
    number, worktree = await failed(house, f"echo changed > {inside}", "rm -rf vendor/lib/inner", "echo new > new.txt")
    before = files_of(worktree)
    assert len((await entries(house))[0].keep_refs) == 1
    assert (await house.call("locus.worktree.clean")).removed == (str(worktree),)
    made = await house.call("locus.worktree.restore", ref=f"{number}/1")
    assert files_of(Path(made.path)) == before and inside in before
    plain = await house.call("locus.worktree.restore", ref=f"{number}/1", path=str(tmp_path / "plain"))
    assert files_of(Path(plain.path)).items() <= before.items(), "submodules that nobody changed are not filled in plain folders"
    assert (await house.call("locus.worktree.clean")).removed == (made.path,) and len(house.keeps()) == 1


async def test_a_cleaned_task_can_be_resumed(house: House, tmp_path: Path) -> None:
    go = tmp_path / "go"
    number = await house.issue("echo half > half.txt", f"test -e '{go}'", "echo whole > whole.txt")
    first = await house.run(number)
    assert states(first) == ["failed"]
    await house.call("locus.worktree.clean")
    go.touch()
    assert done(await house.carry_on(first.id))
    assert {"half.txt", "whole.txt"} <= house.branch_files(f"locus/issue-{number}").keys()


@pytest.mark.parametrize("sprint", [False, True])
async def test_work_that_only_was_not_pushed_is_not_done_again_after_cleaning(house: House, tmp_path: Path, sprint: bool) -> None:
    assert house.person.remote is not None
    hook = put(house.person.remote, "hooks/pre-receive", "#!/bin/sh\nexit 1\n", executable=True)
    count = tmp_path / "count"
    number = await house.issue(f"echo x >> '{count}'", "echo a > a.txt")
    if sprint:
        await house.sprint("S", number)
    first = await (house.run(sprint="S") if sprint else house.run(number))
    assert states(first) == ["failed"]
    assert len((await house.call("locus.worktree.clean")).removed) == 1
    hook.unlink()
    again = await house.carry_on(first.id)
    assert done(again) and house.worktrees() == []
    assert count.read_text() == "x\n" and house.person.tip(str(again.tasks[0].branch)) is not None


async def test_what_somebody_works_in_or_has_locked_stays(house: House) -> None:
    one, first = await failed(house, "echo a > a.txt")
    _, second = await failed(house, "echo b > b.txt")
    house.person.home.git("worktree", "lock", "--reason", "on a stick", str(second), cwd=house.person.path)
    with locks.try_lock(house.ws.branch_lock(f"locus/issue-{one}")) or pytest.fail("the lock is free"):
        cleaned: Cleaned = await house.call("locus.worktree.clean", dryRun=True)
        again: Cleaned = await house.call("locus.worktree.clean")
    assert cleaned == again and cleaned.removed == ()
    reasons = {kept.path: kept.reason for kept in cleaned.kept}
    assert "works in it" in reasons[str(first)] and "on a stick" in reasons[str(second)]
    assert first.is_dir() and second.is_dir()
    house.person.home.git("worktree", "unlock", str(second), cwd=house.person.path)


async def test_a_dry_run_only_tells(house: House) -> None:
    _, worktree = await failed(house, "echo a > a.txt")
    keeps = house.keeps()
    assert (await house.call("locus.worktree.clean", dryRun=True)).removed == (str(worktree),)
    assert worktree.is_dir() and house.keeps() == keeps


async def test_only_what_is_named_or_old_enough_goes(house: House) -> None:
    _, first = await failed(house, "echo a > a.txt")
    _, second = await failed(house, "echo b > b.txt")
    young: Cleaned = await house.call("locus.worktree.clean", olderThanDays=1)
    assert young.removed == () and len(young.kept) == 2
    assert (await house.call("locus.worktree.clean", paths=[second.name])).removed == (str(second),)
    assert (await house.call("locus.worktree.clean", paths=[str(first)], olderThanDays=0)).removed == (str(first),)


async def test_a_persons_own_worktrees_are_not_touched(house: House, tmp_path: Path) -> None:
    house.person.git("worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "mine"))
    inside = house.ws.repo.worktrees_dir / "mine-too"
    house.person.git("worktree", "add", "--quiet", "-b", "mine-too", str(inside))
    put(inside, "new.txt", "mine")
    with pytest.raises(NotFound, match="not a worktree of Locus"):
        await house.call("locus.worktree.clean", paths=[str(tmp_path / "mine")])
    cleaned: Cleaned = await house.call("locus.worktree.clean")
    assert [kept.path for kept in cleaned.kept] == [str(inside)] and inside.is_dir()
    assert (await house.call("locus.worktree.clean", paths=["mine-too"])).removed == (str(inside),)
    made = await house.call("locus.worktree.restore", ref="mine-too/1")
    assert (Path(made.path) / "new.txt").read_text() == "mine"


async def test_an_unknown_or_unclear_snapshot_is_refused(house: House, tmp_path: Path) -> None:
    number, _ = await failed(house, "echo a > a.txt")
    await house.call("locus.worktree.clean")
    (ref,) = house.keeps()
    for name in ("nothing", "", "-x", "/1/", "refs/heads/main", "main"):
        with pytest.raises(NotFound):
            await house.call("locus.worktree.restore", ref=name)
    house.person.home.git("update-ref", f"refs/locus/keep/run-other/{number}/1", ref, cwd=house.person.path)
    with pytest.raises(Refused, match="could be each of these"):
        await house.call("locus.worktree.restore", ref=f"{number}/1")
    with pytest.raises(InvalidArguments, match="absolute"):
        await house.call("locus.worktree.restore", ref=ref, path="here")
    put(tmp_path, "full/file", "x")
    with pytest.raises(LocusError, match="not empty"):
        await house.call("locus.worktree.restore", ref=ref, path=str(tmp_path / "full"))


@pytest.mark.parametrize("how", ["rm", "folder", "init", "own", "nowhere"])
async def test_a_worktree_whose_git_file_is_gone_is_not_taken_for_the_persons_checkout(house: House, tmp_path: Path, how: str) -> None:
    go = tmp_path / "go"
    spoil = {
        "rm": "rm .git; git add --all && git commit --quiet -m mine; true",
        "folder": "rm .git; mkdir .git",
        "init": "rm .git; git init --quiet",
        "own": "rm .git; git init --quiet; git add half.txt; git commit --quiet -m own",
        "nowhere": "echo gitdir: /nowhere > .git",
    }[how]
    house.person.write("README.md", "unfinished\n")
    house.person.write("new.txt", "not added\n")
    number = await house.issue(f"if [ -e '{go}' ]; then echo done > done.txt; else echo half > half.txt; {spoil}; fi")
    view = await house.run(number)
    worktree = house.ws.repo.worktrees_dir / f"issue-{number}"
    assert states(view) == ["failed"] and ".git" in str(view.tasks[0].error) and not view.warnings
    house.person.check()
    before = files_of(worktree)
    await house.call("locus.worktree.restore", ref=f"{number}/1", path=str(tmp_path / "out"))
    assert files_of(tmp_path / "out") == before and "half.txt" in before
    go.touch()
    assert done(await house.carry_on(view.id))
    assert house.branch_files(f"locus/issue-{number}").keys() - before.keys() == {"done.txt"}


async def test_two_that_clean_at_once_and_a_run_that_is_resumed_meanwhile(house: House, tmp_path: Path) -> None:
    go = tmp_path / "go"
    number = await house.issue("echo half > half.txt", f"test -e '{go}'", "echo whole > whole.txt")
    view = await house.run(number)
    others = [await failed(house, f"echo {name} > {name}.txt") for name in "ab"]
    keeps = house.keeps()
    go.touch()
    again, *cleaned = await asyncio.gather(
        house.carry_on(view.id), *(house.call("locus.worktree.clean", paths=[f"issue-{number}"]) for _ in range(3)), return_exceptions=True
    )
    assert isinstance(again, RunView) and done(again), again
    assert all(isinstance(each, Cleaned | NotFound) for each in cleaned), cleaned
    assert {"half.txt", "whole.txt"} <= house.branch_files(f"locus/issue-{number}").keys()
    one, two = await asyncio.gather(house.call("locus.worktree.clean"), house.call("locus.worktree.clean"))
    assert {*one.removed, *two.removed} == {str(path) for _, path in others} and house.worktrees() == []
    assert house.keeps() == keeps, "all of it was kept already, and is kept once"


GIT_CAN = ("stash --all --quiet", "clean -ffdxq", "gc --quiet --prune=now", "repack -adfq", "worktree prune", "gc --quiet --prune=now")
"""What a person may do in their own checkout; `clean -ffdx` deletes .locus with all worktrees."""


@pytest.mark.parametrize("how", ["dirty", "committed", "detached", "elsewhere", "conflict"])
async def test_what_a_failed_task_left_outlives_the_folder_and_the_run_goes_on(house: House, tmp_path: Path, how: str) -> None:
    go = tmp_path / "go"
    commit = "git add --all && git commit -qm mine"
    work = {
        "dirty": "echo half > half.txt",
        "committed": f"echo half > half.txt; {commit}",
        "detached": f"git checkout -q --detach; echo half > half.txt; {commit}",
        "elsewhere": f"git checkout -q -b locus/other; echo half > half.txt; {commit}; echo more >> half.txt",
        "conflict": f"echo a > half.txt; {commit}; git revert -n HEAD; echo b > half.txt",
    }[how]
    number = await house.issue(f"if [ -e '{go}' ]; then echo done > done.txt; else {work}; exit 1; fi")
    view = await house.run(number)
    worktree = house.ws.repo.worktrees_dir / f"issue-{number}"
    assert states(view) == ["failed"]
    before = files_of(worktree)
    assert "half.txt" in before
    with house.person.changing():
        for command in (*GIT_CAN[:-1], f"branch -D --quiet locus/issue-{number}", GIT_CAN[-1]):
            house.person.home.git(*command.split(), cwd=house.person.path)
    assert not worktree.exists()
    (entry,) = await entries(house)
    restored = []
    for snapshot in entry.keep_refs:
        place = tmp_path / snapshot.ref.replace("/", "-")
        await house.call("locus.worktree.restore", ref=snapshot.ref, path=str(place))
        restored.append(files_of(place))
    assert before in restored
    go.touch()
    assert done(await house.carry_on(view.id))
    assert house.branch_files(f"locus/issue-{number}")["done.txt"] == "done"


async def test_a_runs_end_turns_the_oldest_worktrees_into_snapshots_and_says_so(house: House) -> None:
    house.configure(worktree_maxKept=2)
    made = [await failed(house, f"echo {name} > {name}.txt") for name in "ab"]
    house.person.home.git("worktree", "lock", str(made[0][1]), cwd=house.person.path)
    made += [await failed(house, f"echo {name} > {name}.txt") for name in "cd"]
    number = await house.issue("echo e > e.txt")
    view = await house.run(number)
    house.person.home.git("worktree", "unlock", str(made[0][1]), cwd=house.person.path)
    assert done(view) and not view.warnings, view.warnings
    assert house.worktrees() == [f"issue-{made[index][0]}" for index in (0, 2, 3)], "the locked one does not count"
    number, oldest = made[1]
    kept = next(entry for entry in await entries(house) if entry.task == number)
    assert (kept.state, kept.path) == ("kept", str(oldest)) and len(kept.keep_refs) == 1
    warned = [line for run in await house.call("locus.run.list") for line in run.warnings]
    assert len(warned) == 1 and str(oldest) in warned[0]


async def test_a_runs_end_lets_snapshots_go_whose_time_is_over(house: House) -> None:
    await failed(house, "echo a > a.txt")
    (young,) = house.keeps()
    text = house.person.look("cat-file", "commit", young)
    stamp = next(line for line in text.splitlines() if line.startswith("committer ")).split()[-2]
    aged = text.replace(f" {stamp} ", f" {int(stamp) - 31 * 86400} ").encode()
    made = house.person.home.git("hash-object", "-t", "commit", "-w", "--stdin", cwd=house.person.path, input=aged)
    ref = "refs/locus/keep/run-2001-01-01T00-00-00-000-aaaa/1/1"  # of an old run too
    house.person.home.git("update-ref", ref, made, cwd=house.person.path)
    house.person.home.git("update-ref", "-d", young, cwd=house.person.path)
    plain = "refs/locus/keep/by-hand/1/1"
    house.person.home.git("update-ref", plain, "main", cwd=house.person.path)
    assert (await house.call("locus.worktree.clean", olderThanDays=1, dryRun=True)).removed == (ref,)
    view = await house.run(await house.issue("echo b > b.txt"))
    assert done(view) and len(view.warnings) == 1 and ref in view.warnings[0]
    assert house.keeps() == [plain], "a commit that somebody put there is theirs to remove"
