"""The main job, in this process: tasks side by side, a sprint on one branch, failures, what is left behind."""

from __future__ import annotations

from support.house import House, done, states


async def test_two_issues_become_two_branches_and_pull_requests(house: House) -> None:
    one = await house.issue("echo one > one.txt", title="First")
    two = await house.issue("echo two > two.txt", title="Second")
    view = await house.run(one, two)
    assert done(view), view
    assert house.branch_files(f"locus/issue-{one}")["one.txt"] == "one"
    assert house.branch_files(f"locus/issue-{two}")["two.txt"] == "two"
    assert house.subjects(f"locus/issue-{one}") == [f"First (#{one})"]
    assert house.trailers(f"locus/issue-{one}") == [str(one)]
    assert house.person.tip(f"locus/issue-{one}") == house.person.look("rev-parse", f"locus/issue-{one}")
    task = await house.ws.tracker.get(one)
    assert task.status == "done" and task.pull_request is not None and task.pull_request.base == "main"
    assert "agent:managed" in task.labels
    (comment,) = await house.ws.tracker.comments(one)
    assert "Locus finished this task" in comment.body
    assert house.worktrees() == [] and house.run_state() is None


async def test_a_sprint_builds_each_task_on_the_one_before(house: House) -> None:
    first = await house.issue("echo base > built.txt", title="Lay")
    second = await house.issue("test -f built.txt", "echo more >> built.txt", title="Build on it")
    await house.sprint("Sprint 1", first, second)
    view = await house.run(sprint="Sprint 1")
    assert done(view), view
    assert house.branch_files("locus/sprint-sprint-1")["built.txt"] == "base\nmore"
    assert house.trailers("locus/sprint-sprint-1") == [str(first), str(second)]
    assert view.pull_request is not None
    assert f"Closes #{first}" in view.pull_request.body and f"Closes #{second}" in view.pull_request.body
    prompt = (house.ws.runs / view.id / "tasks" / str(second) / "prompt.md").read_text()
    assert "+base" in prompt, "the second task is told what the first has changed"


async def test_a_failing_task_stops_the_sprint_and_resume_goes_on(house: House) -> None:
    marker = house.person.path.parent / "mended"
    first = await house.issue("echo a > a.txt")
    second = await house.issue("echo half > half.txt", f"test -e {marker}", "echo b > b.txt")
    third = await house.issue("test -f b.txt", "echo c > c.txt")
    await house.sprint("S", first, second, third)
    view = await house.run(sprint="S")
    assert view.state == "failed" and states(view) == ["done", "failed", "pending"]
    assert house.worktrees() == ["sprint-s"]
    state = house.run_state()
    assert state is not None and [task["status"] for task in state["tasks"]] == ["done", "failed", "pending"]
    assert (await house.ws.tracker.get(second)).status == "failed"
    assert view.pull_request is not None and f"Closes #{second}" not in view.pull_request.body
    marker.touch()
    again = await house.carry_on(view.id)
    assert done(again), again
    assert house.trailers("locus/sprint-s") == [str(first), str(second), str(third)]
    assert again.pull_request is not None and again.pull_request.number == view.pull_request.number
    assert f"Closes #{third}" in again.pull_request.body
    assert house.keeps(), "what the failed attempt had left is kept"
    assert house.run_state() is None and house.worktrees() == []


async def test_without_stop_on_failure_the_sprint_goes_on_without_the_failed_work(house: House) -> None:
    house.configure(sprint_stopOnFailure=False)
    bad = await house.issue("echo rubbish > rubbish.txt", "exit 3")
    good = await house.issue("test ! -e rubbish.txt", "echo fine > fine.txt")
    await house.sprint("S", bad, good)
    view = await house.run(sprint="S")
    assert states(view) == ["failed", "done"] and view.state == "failed"
    assert "rubbish.txt" not in house.branch_files("locus/sprint-s")
    (kept,) = house.keeps()
    assert house.person.look("show", f"{kept}:rubbish.txt") == "rubbish"


async def test_verification_failures_go_back_to_the_agent(house: House) -> None:
    house.configure(verify=[{"name": "good", "run": "grep -q good answer.txt || { echo not good yet; exit 1; }"}])
    number = await house.issue(
        'if grep -q "^## What failed" "$LOCUS_PROMPT_FILE"; then echo good > answer.txt; else echo bad > answer.txt; fi'
    )
    view = await house.run(number)
    assert done(view), view
    assert view.tasks[0].attempt == 2
    assert house.branch_files(f"locus/issue-{number}")["answer.txt"] == "good"


async def test_verification_that_never_passes_fails_the_task_after_two_attempts(house: House) -> None:
    house.configure(verify=[{"name": "never", "run": ["false"]}])
    number = await house.issue("date +%N >> answer.txt")
    view = await house.run(number)
    assert states(view) == ["failed"]
    assert view.tasks[0].attempt == 2 and "never" in str(view.tasks[0].error)
    assert house.worktrees() == [f"issue-{number}"], "the worktree stays for a person to look at"
    assert (await house.ws.tracker.get(number)).pull_request is None


async def test_an_agent_that_changes_nothing_has_failed(house: House) -> None:
    number = await house.issue("true")
    view = await house.run(number)
    assert states(view) == ["failed"] and view.tasks[0].error == "the agent changed nothing"


async def test_an_agents_own_commits_stay(house: House) -> None:
    number = await house.issue("echo a > a.txt", "git add a.txt", "git commit -qm mine", "echo b > b.txt")
    view = await house.run(number)
    assert done(view), view
    subjects = house.subjects(f"locus/issue-{number}")
    assert subjects[0] == "mine" and len(subjects) == 2


async def test_an_agent_that_leaves_its_branch_or_rewrites_history_has_failed(house: House) -> None:
    away = await house.issue("git switch -qc elsewhere-of-ours && git branch -m locus/elsewhere", "echo a > a.txt")
    back = await house.issue("git commit -q --amend -m rewritten --allow-empty", "echo a > a.txt")
    view = await house.run(away, back)
    assert states(view) == ["failed", "failed"]
    assert "instead of" in str(view.tasks[0].error) and "rewrote history" in str(view.tasks[1].error)


async def test_a_failing_agents_last_words_are_in_the_message(house: House) -> None:
    number = await house.issue("echo the disk is on fire >&2; exit 3")
    view = await house.run(number)
    assert "the disk is on fire" in str(view.tasks[0].error)
    (comment,) = await house.ws.tracker.comments(number)
    assert "the disk is on fire" in comment.body


async def test_without_auto_pr_nothing_leaves_the_machine(house: House) -> None:
    house.configure(agent_autoPR=False)
    number = await house.issue("echo a > a.txt")
    view = await house.run(number)
    assert done(view)
    assert house.person.tip(f"locus/issue-{number}") is None
    assert (await house.ws.tracker.get(number)).pull_request is None
    assert house.worktrees() == [] and "a.txt" in house.branch_files(f"locus/issue-{number}")
