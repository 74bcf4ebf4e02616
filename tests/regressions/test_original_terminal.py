"""What the original Locus was seen to do wrong at the terminal, one test for each, by the number it has in the list of its faults."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from locus import process
from support.house import House
from support.procs import until
from support.typed import Locus

SLOW = "echo half > half.txt", "exec sleep 60"


def issues(house: House, *commands: tuple[str, ...]) -> None:
    async def create() -> None:
        for each in commands:
            await house.issue(*each)
        await house.trust()

    asyncio.run(create())


def test_b07_after_an_interruption_no_agent_is_left_and_the_task_is_resumed(locus: Locus, house: House, tmp_path: Path) -> None:
    """After SIGINT the agent went on as an orphan and the state said `in_progress` for ever; resuming left the task out, opened the pull
    request without it, deleted the worktree, and its label stayed `in-progress`."""
    ready = tmp_path / "ready"
    issues(house, (f'test -e "{ready}" || exec sleep 60', "echo whole > whole.txt"))
    watching = locus.started("run", "1")
    until(lambda: house.ws.runs.exists() and any(house.ws.runs.glob("*/tasks/1/events.jsonl")), 60, "the agent is at work")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(60) == 130
    (run,) = locus("status", "--json").json["runs"]
    assert (run["state"], run["tasks"][0]["state"]) == ("stopped", "interrupted")
    assert process.leftovers(run["id"]) == []
    assert (house.run_state() or {})["tasks"][0]["status"] == "pending"
    assert locus("issue", "show", "1", "--json").json["status"] == "queued"
    ready.touch()
    assert locus("run", "--resume").code == 0
    assert house.branch_files("locus/issue-1")["whole.txt"] == "whole"
    shown = locus("issue", "show", "1", "--json").json
    assert (shown["status"], shown["pullRequest"]["branch"]) == ("done", "locus/issue-1")


def test_b08_ctrl_c_stops_the_sprint_and_not_only_its_task(locus: Locus, house: House) -> None:
    """One task was aborted, and the sprint went on with the next and opened its pull request."""
    issues(house, SLOW, ("echo next > next.txt",))
    locus("sprint", "create", "Sprint 1", "--task", "1", "--task", "2")
    with locus.at_terminal("run", "--sprint", "Sprint 1") as tty:
        tty.until("$ exec sleep 60", within=60)
        tty.press("\x03")
        assert tty.wait() == 130
    (run,) = locus("status", "--json").json["runs"]
    assert [task["state"] for task in run["tasks"]] == ["interrupted", "pending"] and "pullRequest" not in run
    assert house.branch_files("locus/sprint-sprint-1").keys() & {"half.txt", "next.txt"} == set()
    assert house.person.tip("locus/sprint-sprint-1") is None


def test_b17_options_of_a_command_reach_it_or_are_refused(locus: Locus) -> None:
    """A global parser ate them: `issue list --sprint` did not filter, `issue create --sprint` made one without it, `-d` meant debug."""
    locus("sprint", "create", "Sprint 1", "--due", "2030-01-31")
    assert locus("sprint", "show", "Sprint 1", "--json").json["due"] == "2030-01-31"
    made = locus("issue", "create", "In the sprint", "--sprint", "Sprint 1", "--label", "ui", "--json").json
    assert made["sprint"] == "Sprint 1" and "ui" in made["labels"]
    locus("issue", "create", "Beside it")
    assert [issue["number"] for issue in locus("issue", "list", "--sprint", "Sprint 1", "--json").json] == [1]
    assert len(locus("issue", "list", "-n", "1", "--json").json) == 1
    assert locus("issue", "edit", "2", "--sprint", "Sprint 1", "--json").json["sprint"] == "Sprint 1"
    unknown = (
        (["issue", "list"], "-s", "Sprint 1"),
        (["issue", "list"], "-l", "ui"),
        (["issue", "create", "A"], "-m", "x"),
        (["run"], "-d", ""),
    )
    for words, option, value in unknown:
        refused = locus(*words, option, value)
        assert refused.code == 2 and f"has no option {option}" in refused.err
    assert len(locus("issue", "list", "--json").json) == 2, "what is refused does nothing"


def test_b18_a_word_that_is_no_number_never_widens_what_is_run(locus: Locus, house: House) -> None:
    """What was not all digits was dropped: `locus run '#1'` ran every open sprint."""
    issues(house, ("echo one > one.txt",), ("echo two > two.txt",))
    locus("sprint", "create", "Sprint 1", "--task", "2")
    locus("sprint", "active", "Sprint 1")
    for word in ("all", "1,2", "#", "#1a", "0", "Sprint"):
        refused = locus("run", word)
        assert refused.code == 2 and f"{word!r} is not an issue number" in refused.err
    assert not house.ws.runs.exists()
    said = locus("run", "#1", "--json")
    assert said.code == 0 and [task["number"] for task in said.json["tasks"]] == [1]
    assert locus("issue", "show", "2", "--json").json["status"] == "queued"


def test_b25_failures_are_told_by_the_exit_code(locus: Locus, house: House) -> None:
    """Almost everything ended with 0: failed issues, refused runs, pull requests that could not be made."""
    issues(house, ("exit 3",), ("echo fine > fine.txt",))
    locus("sprint", "create", "Sprint 1")
    assert locus("run", "1", "2").code == 1
    assert locus("run", "--resume").code == 1
    assert locus("run", "7").code == 2
    assert locus("run", "--sprint", "Sprint 1").code == 2
    assert locus("issue", "show", "7").code == 2
    assert locus("nonsense").code == 2
    house.configure(agent_maxParallel=0)
    assert locus("run", "1").code == 2 and locus("doctor").code == 1


@pytest.mark.parametrize("how", ["closed", "null"])
def test_b26_without_a_title_and_nobody_to_ask_no_issue_is_made_and_it_is_said(locus: Locus, how: str) -> None:
    """`issue create </dev/null` ended with 0 and had made nothing."""
    stdin = {"closed": "<&-", "null": "</dev/null"}[how]
    words = " ".join(f"'{word}'" for word in locus.program_words)
    shell = ["sh", "-c", f"{words} issue create {stdin}"]
    done = subprocess.run(shell, cwd=locus.folder, env=locus.env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "locus: an issue needs a title\nhint: give it as words: `locus issue create Fix the pagination`\n"
    assert locus("issue", "list", "--json").json == []
