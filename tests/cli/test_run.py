"""`locus run`, `stop`, `logs`, `status` in scripts: plain lines, one JSON document, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.house import House
from support.procs import until
from support.typed import Locus

SLOW = "echo begun; exec sleep 60"


def begun(house: House) -> None:
    """Returns when the agent of #1 has said its first word."""
    streams = house.ws.runs
    until(
        lambda: any('"begun"' in file.read_text() for file in streams.glob("*/tasks/1/events.jsonl")),
        timeout=60,
        what="the agent's first word",
    )


def test_all_done(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="First"))
    asyncio.run(house.issue("echo two > two.txt", title="Second"))
    asyncio.run(house.trust())
    said = locus.program("run", "1", "2")
    assert (said.code, said.err) == (0, "")
    first, *lines = said.out.splitlines()
    run_id = first.partition(" ")[0]
    assert first == f"{run_id}  #1, #2"
    assert lines[0] == f"from main ({house.person.head[:10]})"
    for number, title in ((1, "First"), (2, "Second")):
        mine = [line.split()[1] for line in lines if line.startswith(f"#{number} ")]
        passed = [state for state in ("preparing", "working", "publishing", "done") if state in mine]
        assert mine == passed and mine[-1] == "done"  # one that is over in a moment may go unseen
        assert f"#{number} done  {title}" in lines
    summary = lines[lines.index(next(line for line in lines if line.startswith("✓ #1"))) :]
    assert summary[0].startswith("✓ #1  done  First   locus/issue-1  ")
    assert summary[3].startswith("✓ done, 2 of 2 done, ")
    assert summary[5:] == [
        "Look at it, then merge it:",
        "  git diff main...locus/issue-1",
        "  git diff main...locus/issue-2",
        "  git switch main",
        "  git merge --no-ff locus/issue-1",
        "  git merge --no-ff locus/issue-2",
    ]
    for command in summary[6:]:  # as a person would copy them
        with house.person.changing():
            subprocess.run(command.split(), cwd=house.person.path, env=locus.env | {"GIT_PAGER": "cat"}, check=True, capture_output=True)
    assert (house.person.path / "one.txt").read_text() + (house.person.path / "two.txt").read_text() == "one\ntwo\n"


def test_a_sprint_by_default_the_active_one(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="First"))
    asyncio.run(house.issue("cat one.txt > two.txt", title="Second"))
    asyncio.run(house.sprint("Sprint 1", 1, 2))
    asyncio.run(house.trust())
    nothing = locus("run")
    assert (nothing.code, nothing.err) == (
        2,
        "locus: there is no active sprint\nhint: choose one with `locus sprint active NAME`, or run issues by number\n",
    )
    locus("sprint", "active", "Sprint 1")
    said = locus.program("run", "--json")
    assert (said.code, said.err) == (0, "")
    assert (said.json["state"], said.json["sprint"], [task["state"] for task in said.json["tasks"]]) == (
        "done",
        "Sprint 1",
        ["done", "done"],
    )
    assert [line.split() for line in locus("sprint", "show", "Sprint 1").out.splitlines()[2:]] == [
        ["#1", "done", "First"],
        ["#2", "done", "Second"],
    ]
    again = locus("run")
    assert (again.code, again.err.splitlines()[0]) == (2, "locus: every task of the sprint 'Sprint 1' is done")


def test_a_failed_issue_its_log_and_another_try(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("test -e $HOME/mended || { echo not yet >&2; exit 3; }", "echo text > new.txt", title="Hard"))
    asyncio.run(house.issue("echo two > two.txt", title="Easy"))
    asyncio.run(house.trust())
    said = locus.program("run", "1", "2")
    assert said.code == 1
    lines = said.out.splitlines()
    run_id = lines[0].partition(" ")[0]
    assert "✗ #1  failed  Hard  locus/issue-1" in lines
    files = next(line for line in lines if line.startswith("    its files: ")).removeprefix("    its files: ")
    assert Path(files).is_dir()
    assert f"    its log: locus logs {run_id} --task 1" in lines
    assert lines[-2:] == ["Go on with what is left:", f"  locus run --resume {run_id}"]

    log = locus("logs", run_id, "--task", "1").out.splitlines()
    assert "not yet" in log and "exited with 7" in log
    assert {line[:4] for line in locus("logs").out.splitlines()} == {"#1 |", "#2 |"}
    assert locus("logs", "--task", "1", "-n", "1").out == f"{log[-1]}\n"
    assert locus("logs", "--task", "1", "-n", "0").out == ""
    records = locus("logs", "--task", "1", "--json").json
    assert {"task": 1, "text": "not yet", "stream": "stderr"}.items() <= next(line for line in records if line["text"] == "not yet").items()
    followed = locus("logs", "-f", "--task", "1", "--json")
    assert [json.loads(line)["text"] for line in followed.out.splitlines()] == [line["text"] for line in records][-20:]
    assert locus("logs", "--task", "9").err == f"locus: {run_id} does not run #9\nhint: it runs #1, #2\n"

    status = locus("status")
    assert "Issues: 1 done, 1 failed" in status.out.splitlines()
    assert f"    go on with: locus run --resume {run_id}" in status.out.splitlines()
    assert [run["id"] for run in locus("status", "--json").json["runs"]] == [run_id]

    (Path(locus.env["HOME"]) / "mended").touch()
    again = locus.program("run", "--resume")
    assert again.code == 0
    assert "#1 done  Hard" in again.out.splitlines()
    assert locus("status", "--json").json == {"activeSprint": None, "issues": {"done": 2}, "runs": []}
    assert locus("run", "--resume").err == "locus: there is no unfinished run to resume\nhint: see `locus status`\n"


def test_nothing_is_started_when_one_issue_is_refused(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="Fine"))
    asyncio.run(house.issue("echo two > two.txt", title="Of a sprint"))
    asyncio.run(house.sprint("Sprint 1", 2))
    asyncio.run(house.trust())
    said = locus("run", "1", "2", "77")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "locus: nothing was started: 2 issues cannot be run",
        "  there is no issue #77",
        "      list them with `locus issue list`",
        "  #2 belongs to the sprint 'Sprint 1'",
        '      run the sprint: `locus run --sprint "Sprint 1"`',
    ]
    refused = locus("run", "1", "2", "--json")
    assert (refused.code, [item["number"] for item in refused.json["error"]["refused"]]) == (2, [2])
    assert locus("status", "--json").json["runs"] == []
    assert locus("logs").err == "locus: there is no run yet\nhint: start one with `locus run N`\n"


def test_a_dry_run_shows_the_plan_and_does_nothing(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="Fine"))
    said = locus("run", "1", "--dry-run", "--model", "big")
    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[:2] == ["Would run 1 issue, on a branch of its own", f"from main ({house.person.head[:10]})"]
    assert lines[2].startswith("  #1  Fine  locus/issue-1  tester (big)  prompt ")
    assert lines[-2:] == [
        "warning: not allowed to run yet, `locus trust` shows what and allows it: agents.tester in .locus/config.json",
        "Nothing was done: this was a dry run.",
    ]
    asyncio.run(house.trust())
    assert "not allowed" not in locus("run", "1", "--dry-run").out
    assert locus("run", "1", "--dry-run", "--base", "head").out.splitlines()[1] == f"from main at {house.person.head[:10]}"
    assert locus("run", "1", "--dry-run", "--json").json["tasks"][0]["branch"] == "locus/issue-1"
    refused = locus("run", "1", "7", "--dry-run")
    assert refused.code == 2 and "Cannot be run as things stand:" in refused.out
    assert not house.person.look("for-each-ref", "refs/heads/locus/")
    assert not house.ws.runs.exists()


def test_a_dry_run_shows_what_the_agents_would_be_told(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="Fine"))
    asyncio.run(house.ws.tracker.comment(1, "Mind the \x1b[31mcolours."))
    said = locus("run", "1", "--dry-run", "--show-prompt")
    lines = said.out.splitlines()
    rows = {line.split("  ")[1]: line for line in lines if " characters  " in line and " tokens" in line}
    assert list(rows) == ["rules", "issue", "comments", "repository", "all"]
    shown = [line.removeprefix("  | ") for line in lines if line.startswith("  |")]
    assert "RUN: echo one > one.txt" in shown and any(line.startswith("Mind the") for line in shown)
    assert "\x1b" not in said.out
    planned = locus("run", "1", "--dry-run", "--show-prompt", "--json").json["tasks"][0]
    assert len(planned["prompt"]) == planned["promptChars"] and planned["prompt"].startswith("# Task #1\n")
    assert sum(part["chars"] for part in planned["promptParts"]) <= planned["promptChars"]
    assert "prompt" not in locus("run", "1", "--dry-run", "--json").json["tasks"][0]
    alone = locus("run", "1", "--show-prompt")
    assert (alone.code, alone.err.splitlines()[0]) == (2, "locus: --show-prompt goes with --dry-run")


def test_what_verification_found_is_in_the_summary_the_status_and_the_log(locus: Locus, house: House) -> None:
    lines = "; ".join(f"echo src/a.py:{at}:1: E1 wrong" for at in range(1, 8))
    house.configure(verify=[{"name": "lint", "run": f"{lines}; exit 1", "parser": "lines"}], agent_maxAttempts=1)
    asyncio.run(house.issue("echo one > one.txt", title="Fine"))
    ended = locus("run", "1", "--trust")
    assert ended.code == 1
    assert "      src/a.py:5:1: error: wrong [E1]\n      ... and 2 more in its log\n" in ended.out
    assert "      src/a.py:3:1: error: wrong [E1]\n      ... and 4 more in its log\n" in locus("status").out
    log = locus("logs").out.splitlines()
    assert log[log.index("lint failed: 7 problems") + 7] == "  src/a.py:7:1: error: wrong [E1]"


def test_commands_must_be_allowed_first(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo one > one.txt", title="Fine"))
    refused = locus("run", "1")
    assert refused.code == 2
    assert refused.err.startswith("locus: the repository's configuration names commands that you have not allowed:\nagents.tester in ")
    shown = locus("trust")
    assert shown.code == 0
    beginning = shown.out.split()[0]
    assert shown.out.splitlines()[0] == f"{beginning}  not allowed  agents.tester in .locus/config.json"
    assert shown.out.splitlines()[-1] == "Allow one with `locus trust HASH`, or all with `locus trust --all`."
    assert locus("trust", "abc").err.startswith("locus: the hash 'abc' names no command\n")
    assert locus("trust", beginning[:3]).code == 2
    assert locus("trust", beginning).out == "Allowed 1 command.\n"
    assert locus("trust", "--all").out == "There was nothing to allow.\n"
    house.configure(verify=[{"name": "tests", "run": "true"}])
    assert locus("run", "1").code == 2
    assert locus("run", "1", "--trust").code == 0
    assert all(item["allowed"] for item in locus("trust", "--json").json)


def test_detached_followed_and_stopped(locus: Locus, house: House) -> None:
    asyncio.run(house.issue(SLOW, title="Long"))
    asyncio.run(house.trust())
    started = locus("run", "1", "--detach")
    run_id = started.out.split()[1]
    assert started.code == 0
    assert started.out.splitlines() == [
        f"Started {run_id}",
        f"Watch it with: locus logs {run_id} -f",
        f"Stop it with: locus stop {run_id}",
    ]
    following = locus.started("logs", "-f")
    begun(house)
    assert f"● {run_id} · #1 · running · 0 of 1 done" in locus("status").out
    held = locus("run", "1")
    assert (held.code, held.err.splitlines()[1]) == (2, "  #1: another run is working on locus/issue-1")
    assert locus("stop", run_id, "--task", "9").err.splitlines()[0] == f"locus: run {run_id} has no task #9"
    assert locus("stop").out.splitlines() == [
        f"{run_id} is being stopped; what was done is kept. Once more within 2 s, or with --force, ends it at once",
        f"Go on with it later: locus run --resume {run_id}",
    ]
    out, err = following.communicate(timeout=30)
    assert (following.returncode, err.decode()) == (0, f"locus: {run_id}: stopped, stopped by a person\n")
    assert "begun" in out.decode().splitlines()
    asyncio.run(house.ended(run_id))
    assert locus("stop").err == "locus: no run is going on\nhint: see `locus status`\n"
    assert locus("run", "1", "--detach", "--json").json.keys() == {"runId"}
    assert locus("stop", "--force", "--json").json["state"] in ("starting", "running", "stopping")


def test_sigint_stops_and_sigterm_only_ends_the_watching(locus: Locus, house: House) -> None:
    asyncio.run(house.issue(SLOW, title="Long"))
    asyncio.run(house.trust())
    watching = locus.started("run", "1")
    begun(house)
    watching.send_signal(signal.SIGTERM)
    out, err = watching.communicate(timeout=30)
    run_id = out.decode().split()[0]
    assert watching.returncode == 128 + signal.SIGTERM
    assert err.decode() == f"locus: no longer watching; {run_id} goes on: `locus logs {run_id} -f`, `locus stop {run_id}`\n"
    assert locus("status", "--json").json["runs"][0]["state"] == "running"
    locus("stop", "--force")
    asyncio.run(house.ended(run_id))

    resumed = locus.started("run", "--resume", run_id)
    asyncio.run(house.until(run_id, lambda view: view.alive and view.tasks[0].state == "working"))
    resumed.send_signal(signal.SIGINT)
    out, err = resumed.communicate(timeout=30)
    assert (resumed.returncode, err.decode()) == (130, "")
    assert "stopping, what was done is kept; once more within 2 s ends it at once" in out.decode().splitlines()
    lines = [line for line in out.decode().splitlines() if line.startswith("#1 ")]
    assert lines[-2:] == ["#1 working  Long (attempt 2)", "#1 interrupted  Long: stopped by a person"]


def test_a_reader_that_goes_away_is_no_error(locus: Locus, house: House) -> None:
    for _ in range(3):
        asyncio.run(house.issue("true", title="Some issue"))
    reader, writer = os.pipe()
    os.close(reader)
    how: Any = {
        "cwd": locus.folder,
        "env": locus.env,
        "stdin": subprocess.DEVNULL,
        "stdout": writer,
        "stderr": subprocess.PIPE,
        "check": False,
    }
    done = subprocess.run([*locus.program_words, "issue", "list"], **how)
    assert (done.returncode, done.stderr) == (141, b"")

    asyncio.run(house.issue(SLOW, title="Long"))
    asyncio.run(house.trust())
    watching = subprocess.run([*locus.program_words, "run", "4"], **how)
    assert (watching.returncode, watching.stderr) == (141, b"")
    os.close(writer)
    run_id = locus("status", "--json").json["runs"][0]["id"]
    assert house.view(run_id).alive
    locus("stop", "--force")
    asyncio.run(house.ended(run_id))


@pytest.mark.parametrize(
    ("words", "err"),
    [
        (["run", "1", "--resume"], "locus: --resume takes a run, not issues\n"),
        (["run", "--resume", "--base", "head"], "locus: --base and --resume do not go together\n"),
        (["run", "--resume", "run-1"], "locus: there is no run run-1\nhint: list runs with `locus status`\n"),
        (["run", "1", "--sprint", "A"], "locus: tasks and sprint: give one of them\n"),
        (["run"], "locus: there is no sprint to run\n"),
        (["run", "1", "--base", "no-such"], "locus: there is no commit `no-such` here\n"),
        (
            ["run", "1", "--agent", "no-such"],
            "locus: nothing was started: 1 issue cannot be run\n  #1: there is no agent called 'no-such'\n",
        ),
        (["stop", "run-1"], "locus: there is no run run-1\nhint: list runs with `locus status`\n"),
        (["answer", "trust", "1"], "locus: no run asks 'trust'\nhint: nothing is waiting for an answer\n"),
        (["logs", "run-1"], "locus: there is no run run-1\nhint: list runs with `locus status`\n"),
        (["logs", "-n", "-1"], "locus: --lines: a number of lines is not negative\nhint: see `locus logs --help`\n"),
    ],
)
def test_refusals(locus: Locus, house: House, words: list[str], err: str) -> None:
    asyncio.run(house.issue("true", title="Some issue"))
    refused = locus(*words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(err)
    assert not house.ws.runs.exists()


def test_what_agents_have_used_is_in_the_summary_and_the_status(locus: Locus, house: House) -> None:
    house.configure(verify=[{"name": "never", "run": "false"}])
    used = "test -e $HOME/once && echo '::locus usage tokens=300 cost=0.5' || echo '::locus usage tokens=1200 cost=0.25'; touch $HOME/once"
    asyncio.run(house.issue("date +%N > new.txt", used, title="Dear"))
    asyncio.run(house.trust())
    ran = locus.program("run", "1")
    assert ran.code == 1
    spent = "cost: $0.75, 1,500 tokens (attempt 1: $0.25, 1,200 tokens; attempt 2: $0.50, 300 tokens)"
    assert spent in ran.out and ran.out.count("$0.75, 1,500 tokens") == 2, "the task's, and the run's"
    (run,) = locus("status", "--json").json["runs"]
    assert (run["tokens"], run["costUsd"]) == (1500, 0.75)
    assert [(one["tokens"], one["costUsd"]) for one in run["tasks"][0]["attempts"]] == [(1200, 0.25), (300, 0.5)]
    assert spent in locus("status").out
