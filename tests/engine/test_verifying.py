"""What verification finds goes to the agent, into the journal, and to people until the task is verified again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from locus.engine import journal, store
from locus.engine.follow import Follower
from locus.model.events import Verified
from support.house import House, done, states

LINT = {
    "name": "lint",
    "run": 'test -e fixed || { echo "$PWD/src/pages.py:3:7: error: E1 wrong"; echo "2 more things"; exit 1; }',
    "parser": "lines",
}


async def test_problems_are_kept_with_their_place_and_shown_until_the_task_runs_again(house: House, tmp_path: Path) -> None:
    house.configure(verify=[LINT], agent_maxAttempts=1)
    number = await house.issue("mkdir -p src; date +%N > src/pages.py", f"test ! -e {tmp_path}/let-it-pass || touch fixed")
    view = await house.run(number)
    (task,) = view.tasks
    (problem,) = task.problems
    assert (task.state, task.activity) == ("failed", "lint failed: 1 problem")
    assert problem.wire() == {
        "check": "lint",
        "file": "src/pages.py",
        "line": 3,
        "column": 7,
        "severity": "error",
        "code": "E1",
        "message": "wrong",
    }
    follower = Follower(house.ws.runs, view.id)
    follower.poll()
    said = [line.text for line in follower.new_lines(number)]
    assert said[-2:] == ["lint failed: 1 problem", "  src/pages.py:3:7: error: wrong [E1]"]
    (tmp_path / "let-it-pass").touch()
    again = await house.carry_on(view.id)
    assert done(again) and again.tasks[0].problems == ()


async def test_tools_that_ran_in_a_folder_below_name_their_files_from_there(house: House) -> None:
    """The real ruff in one that the command says; in another one that only a script of the repository knows of."""
    ruff = Path(sys.executable).with_name("ruff")
    script = "cd web && echo 'src/a.ts(1,7): error TS2322: wrong' && exit 1"
    house.person.commit({"app/pages.py": "x = 1\n", "server/app/pages.py": "x = 1\n", "check.sh": script})
    house.person.git("push", "-q", "origin", "HEAD")
    checks = [{"name": "lint", "run": f"cd server && {ruff} check --no-cache ."}, {"name": "types", "run": ["sh", "check.sh"]}]
    house.configure(verify=checks, agent_maxAttempts=1)
    view = await house.run(await house.issue("echo 'import os' > server/app/pages.py", "mkdir -p web/src; date > web/src/a.ts"))
    assert [problem.place for problem in view.tasks[0].problems] == ["server/app/pages.py:1:8", "web/src/a.ts:1:7"]


async def test_a_check_finds_no_github_token_in_its_environment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "VSCODE_PID", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    house.configure(verify=[{"name": "clean", "run": "! env | grep secret"}], agent_maxAttempts=1)
    assert done(await house.run(await house.issue("date +%N > a.py")))


async def test_the_agent_is_told_them_first(house: House) -> None:
    house.configure(verify=[LINT])
    number = await house.issue('grep -A2 "^Problems:" "$LOCUS_PROMPT_FILE" | tail -1 > told.txt; mkdir -p src; date +%N > src/pages.py')
    view = await house.run(number)
    assert states(view) == ["failed"] and view.tasks[0].attempt == 2
    told = house.ws.repo.worktrees_dir / f"issue-{number}" / "told.txt"
    assert told.read_text() != "", "the second attempt has the list"


async def test_of_a_flood_the_beginning_and_the_end_are_read_and_the_journal_stays_small(house: House) -> None:
    flood = "echo a.py:1:1: first; seq 400000; printf '\\033[31mz.py:9:9: last\\033[0m\\n'; exit 1"
    house.configure(verify=[{"name": "flood", "run": flood, "parser": "lines"}], agent_maxAttempts=1)
    view = await house.run(await house.issue("date +%N > a.py"))
    assert [problem.place for problem in view.tasks[0].problems] == ["a.py:1:1", "z.py:9:9"]
    path = house.ws.runs / view.id / store.JOURNAL
    (verified,) = [record.event for record in journal.read(path) if isinstance(record.event, Verified)]
    assert verified.code == 1 and verified.output.endswith("z.py:9:9: last") and len(verified.output) <= 20_000
    assert path.stat().st_size < 100_000


async def test_what_was_found_before_the_time_was_up_counts_too(house: House) -> None:
    slow = {"name": "slow", "run": "echo a.py:2:1: too slow; sleep 600", "timeout": 0.5, "parser": "lines"}
    house.configure(verify=[slow], agent_maxAttempts=1)
    view = await house.run(await house.issue("date +%N > a.py"))
    assert view.tasks[0].activity == "slow did not come to an end: 1 problem"
    assert [problem.place for problem in view.tasks[0].problems] == ["a.py:2:1"]


async def test_the_next_task_of_a_sprint_is_told_what_the_earlier_ones_changed(house: House) -> None:
    first = await house.issue("echo alpha > alpha.txt; mkdir -p web; seq 9 > web/yarn.lock", title="First")
    second = await house.issue("date > beta.txt", title="Second, which goes on with alpha")
    (house.ws.repo.locus_dir / "memory").mkdir()
    (house.ws.repo.locus_dir / "memory" / "testing.md").write_text("- 2026-11-25 #1: The tests need a database.\n")
    await house.sprint("Sprint 1", first, second)
    view = await house.run(sprint="Sprint 1")
    assert done(view), view
    told = (house.ws.runs / view.id / "tasks" / str(second) / "prompt.md").read_text()
    assert "A alpha.txt (+1 -0)\nA web/yarn.lock (+9 -0, generated)" in told and "+alpha" in told and "+7" not in told
    assert "### testing\n\n- 2026-11-25 #1: The tests need a database." in told
    assert "What earlier tasks" not in (house.ws.runs / view.id / "tasks" / str(first) / "prompt.md").read_text()
    third = await house.issue("date > gamma.txt", sprint="Sprint 1")
    plan = await house.call("locus.run.plan", sprint="Sprint 1", prompts=True)
    (planned,) = plan.tasks
    assert planned.number == third and "A beta.txt (+1 -0)" in planned.prompt
