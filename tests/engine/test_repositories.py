"""Repositories of every kind must do; the ones that cannot are refused with what to do, and nothing is half-made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locus.errors import InvalidArguments, LocusError, NotFound, Refused
from locus.model.config import AgentProfile
from locus.workspace import Workspace
from support.house import House, done, states
from support.repos import Home

NewHouse = Callable[..., House]


@pytest.mark.parametrize("kind", ["plain", "master", "sha256", "submodule", "shallow", "bare"])
async def test_a_task_is_done_in_a_repository_of_any_kind(new_house: NewHouse, kind: str) -> None:
    house = new_house(kind, config={"agent_baseBranch": "main"} if kind == "bare" else None)
    number = await house.issue("echo a > made.txt")
    view = await house.run(number)
    assert done(view), (view.reason, view.tasks)
    assert "made.txt" in house.person.look("ls-tree", "--name-only", f"locus/issue-{number}").splitlines()
    base = "master" if kind == "master" else "main"
    task = await house.ws.tracker.get(number)
    assert task.pull_request is not None and task.pull_request.base == base


async def test_without_a_remote_the_branch_is_the_result(new_house: NewHouse) -> None:
    house = new_house(remote=False)
    number = await house.issue("echo a > made.txt")
    view = await house.run(number)
    assert done(view) and house.worktrees() == []
    assert view.tasks[0].pull_request is not None


async def test_a_detached_head_and_a_dirty_checkout_stay_as_they_are(house: House) -> None:
    house.person.git("checkout", "--quiet", "--detach")
    house.person.write("README.md", "unfinished thoughts\n")
    house.person.write("new.txt", "not added\n")
    house.person.git("add", "README.md")
    number = await house.issue("cat README.md > copy.txt")
    view = await house.run(number)
    assert done(view)
    assert house.branch_files(f"locus/issue-{number}")["copy.txt"] == "# A small project"


async def test_a_sprints_name_may_have_a_slash(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    await house.sprint("Q3/Auth Feature", number)
    view = await house.run(sprint="Q3/Auth Feature")
    assert done(view) and view.branch == "locus/sprint-q3-auth-feature"


async def test_a_run_from_a_linked_worktree_is_the_same_repositorys(house: House, tmp_path: Path) -> None:
    house.person.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "side")
    linked = Workspace(tmp_path / "linked")
    assert linked.state == house.ws.state and linked.folder == house.ws.folder
    assert linked.repo.worktrees_dir == house.ws.repo.worktrees_dir


def test_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="git repository") as refused:
        Workspace(tmp_path)
    assert refused.value.hint


async def test_a_repository_without_commits_is_refused(new_house: NewHouse) -> None:
    house = new_house("no-commits")
    number = await house.issue("echo a > a.txt")
    with pytest.raises(Refused, match="commit"):
        await house.call("locus.run.plan", tasks=[number])
    await _refused(house, number, "commit")


async def test_a_branch_called_locus_leaves_no_room(house: House) -> None:
    house.person.git("branch", "locus")
    await _refused(house, await house.issue("echo a > a.txt"), "locus")


async def test_our_branch_checked_out_by_the_person_is_refused(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    house.person.git("checkout", "--quiet", "-b", f"locus/issue-{number}")
    plan = await house.call("locus.run.plan", tasks=[number])
    assert plan.refused[0].number == number and "checked out at" in plan.refused[0].reason
    await _refused(house, number, "checked out at")
    house.person.git("checkout", "--quiet", "main")


async def test_nobody_to_name_as_author_is_refused(house: House, home: Home) -> None:
    home.gitconfig.write_text("[user]\n\tuseConfigOnly = true\n")
    await _refused(house, await house.issue("echo a > a.txt"), "user")


async def test_signing_that_cannot_work_here_is_refused(house: House, home: Home) -> None:
    home.gitconfig.write_text(home.gitconfig.read_text() + "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = /bin/false\n")
    await _refused(house, await house.issue("echo a > a.txt"), "sign")


async def test_a_refusing_commit_hook_fails_the_task_and_loses_nothing(house: House) -> None:
    house.person.hook("pre-commit", "echo the style is wrong >&2; exit 1")
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "the style is wrong" in str(view.tasks[0].error)
    assert (house.ws.repo.worktrees_dir / f"issue-{number}" / "a.txt").read_text() == "a\n"
    with house.person.changing():
        (house.person.path / ".git" / "hooks" / "pre-commit").unlink()
    again = await house.carry_on(view.id)
    assert done(again) and again.tasks[0].attempt == 1, "accepted work is only published"


async def test_a_refused_push_fails_the_task_and_loses_nothing(house: House) -> None:
    hook = house.person.hook_of_remote("pre-receive", "echo no pushing on Fridays >&2\nexit 1")
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "no pushing on Fridays" in str(view.tasks[0].error)
    assert house.worktrees() == [f"issue-{number}"] and "a.txt" in house.branch_files(f"locus/issue-{number}")
    hook.unlink()
    assert done(await house.carry_on(view.id))
    assert house.person.tip(f"locus/issue-{number}") is not None


async def test_a_pre_push_hook_that_refuses_loses_nothing(house: House) -> None:
    house.person.hook("pre-push", "echo not before lunch >&2; exit 1")
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "not before lunch" in str(view.tasks[0].error)
    assert house.worktrees() == [f"issue-{number}"] and "a.txt" in house.branch_files(f"locus/issue-{number}")
    assert len(house.keeps()) == 1, "kept besides"
    with house.person.changing():
        (house.person.path / ".git" / "hooks" / "pre-push").unlink()
    again = await house.carry_on(view.id)
    assert done(again) and again.tasks[0].attempt == 1 and house.worktrees() == []


async def test_a_pull_request_that_cannot_be_made_loses_nothing(house: House) -> None:
    """The tracker's file is out of reach once the branch is pushed."""
    number = await house.issue("echo a > a.txt")
    file = house.ws.state / "locus.db"
    hook = house.person.hook_of_remote("post-receive", f"mv '{file}' '{file}.away' && mkdir '{file}'")
    view = await house.run(number)
    assert states(view) == ["failed"] and view.state == "failed" and view.reason, view
    assert house.worktrees() == [f"issue-{number}"] and "a.txt" in house.branch_files(f"locus/issue-{number}")
    hook.unlink()
    file.rmdir()
    file.with_name("locus.db.away").rename(file)
    again = await house.carry_on(view.id)
    assert done(again) and again.tasks[0].attempt == 1 and house.worktrees() == []
    assert (await house.ws.tracker.get(number)).pull_request is not None


@pytest.mark.parametrize("sprint", [False, True])
async def test_without_auto_pr_the_branch_stays_and_the_clean_worktree_goes(house: House, sprint: bool) -> None:
    house.configure(agent_autoPR=False)
    number = await house.issue("echo a > a.txt", "echo noise > ignored.log")
    if sprint:
        await house.sprint("S", number)
    view = await (house.run(sprint="S") if sprint else house.run(number))
    assert done(view) and house.worktrees() == [] and house.keeps() == []
    branch = str(view.tasks[0].branch)
    assert "a.txt" in house.branch_files(branch) and house.person.tip(branch) is None


async def test_an_unreachable_remote_is_a_warning(house: House) -> None:
    assert house.person.remote is not None
    number = await house.issue("echo a > a.txt")
    away = house.person.remote.with_name("away.git")
    house.person.remote.rename(away)
    try:
        view = await house.run(number)
    finally:
        away.rename(house.person.remote)
    assert done(view), view
    assert any("was not pushed" in warning for warning in view.warnings)
    assert house.worktrees() == [f"issue-{number}"], "the commits are not on the remote: the worktree stays"


@pytest.mark.parametrize("name", ["", "  ", "///", "..."])
async def test_a_sprint_name_that_leaves_nothing_is_refused(house: House, name: str) -> None:
    with pytest.raises(LocusError) as refused:
        await house.call("locus.sprint.create", name=name)
    assert refused.value.hint
    assert await house.call("locus.sprint.list") == []


async def test_colliding_sprint_names_are_refused(house: House) -> None:
    await house.sprint("Sprint 1")
    with pytest.raises(Refused, match="Sprint 1"):
        await house.call("locus.sprint.create", name="sprint-1")


async def test_unknown_issues_and_sprints_are_named(house: House) -> None:
    with pytest.raises(NotFound, match="99"):
        await house.call("locus.run.start", tasks=[99])
    with pytest.raises(NotFound, match="Nowhere"):
        await house.call("locus.run.start", sprint="Nowhere")
    plan = await house.call("locus.run.plan", tasks=[99])
    assert plan.refused[0].reason == "there is no issue #99"


async def test_a_sprints_task_is_refused_as_standalone(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    await house.sprint("Sprint 1", number)
    with pytest.raises(Refused, match="belongs to the sprint") as refused:
        await house.call("locus.run.start", tasks=[number])
    assert 'locus run --sprint "Sprint 1"' in str(refused.value.hint)


async def test_an_empty_and_a_finished_sprint_are_refused(house: House) -> None:
    await house.sprint("Empty")
    await _plan_refused(house, "no tasks", sprint="Empty")
    number = await house.issue("echo a > a.txt")
    await house.sprint("Full", number)
    assert done(await house.run(sprint="Full"))
    await _plan_refused(house, "is done", sprint="Full")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"agent": {"maxParallel": 0}}', "maxParallel"),
        ('{"agent": {"maxParallel": "3"}}', "maxParallel"),
        ('{"agent": ', "config.json"),
        ("[1, 2]", "config.json"),
    ],
)
async def test_a_wrong_configuration_is_refused(house: House, text: str, words: str) -> None:
    number = await house.issue("echo a > a.txt")
    (house.person.path / ".locus" / "config.json").write_text(text)
    with pytest.raises(LocusError, match=words) as refused:
        await house.call("locus.run.start", tasks=[number])
    assert refused.value.hint
    assert not house.ws.runs.exists() and house.worktrees() == []


async def test_a_missing_configuration_says_how_to_name_an_agent(house: House, nobody_here: None) -> None:
    number = await house.issue("echo a > a.txt")
    (house.person.path / ".locus" / "config.json").unlink()
    with pytest.raises(Refused, match="no agent is configured") as refused:
        await house.call("locus.run.start", tasks=[number])
    assert "config.json" in str(refused.value.hint)
    assert not house.ws.runs.exists() and house.worktrees() == []


@pytest.fixture
def nobody_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has, there is neither Claude Code nor Codex."""
    monkeypatch.setattr("locus.agents.choosing.built_in", lambda: {"claude": AgentProfile(kind="acp", argv=("no-such-claude",))})


@pytest.mark.parametrize("program", ["no-such-program-anywhere", "./no-such-script.sh"])
async def test_an_agent_that_does_not_exist_is_refused(house: House, program: str) -> None:
    house.configure(agents={"tester": {"kind": "shell", "argv": [program]}})
    number = await house.issue("echo a > a.txt")
    await _refused(house, number, "no-such")


async def test_arguments_of_the_wrong_type_and_unknown_keys_are_named(house: House) -> None:
    with pytest.raises(InvalidArguments, match="tasks"):
        await house.call("locus.run.start", tasks="1")
    with pytest.raises(InvalidArguments, match="tusks: unknown argument"):
        await house.call("locus.run.start", tusks=[1])
    with pytest.raises(InvalidArguments, match="one of them"):
        await house.call("locus.run.start", tasks=[1], sprint="S")


async def test_a_state_folder_that_cannot_be_written_is_refused(house: House) -> None:
    number = await house.issue("echo a > a.txt")
    await house.trust()
    house.ws.runs.write_text("a file where a folder should be")
    with pytest.raises(LocusError) as refused:
        await house.call("locus.run.start", tasks=[number])
    assert refused.value.hint
    house.ws.runs.unlink()


async def test_a_remote_that_is_a_relative_path_is_the_main_worktrees(house: House) -> None:
    assert house.person.remote is not None
    house.person.git("remote", "set-url", "origin", f"../{house.person.remote.name}")
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert done(view) and not view.warnings
    assert house.person.tip(f"locus/issue-{number}") is not None


async def _refused(house: House, number: int, words: str) -> None:
    """Through the runner: the run ends `refused`, and the world is as before."""
    view = await house.run(number)
    assert view.state == "refused", view
    assert words in str(view.reason), view.reason
    assert view.hint
    assert house.worktrees() == []
    assert (await house.ws.tracker.get(number)).status == "queued"


async def _plan_refused(house: House, words: str, **wanted: Any) -> None:
    with pytest.raises(Refused, match=words) as refused:
        await house.call("locus.run.plan", **wanted)
    assert refused.value.hint
