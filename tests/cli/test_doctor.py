"""`locus doctor`: each thing that keeps a run from starting is found, with what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.house import House
from support.repos import NewPerson
from support.typed import Locus


def failed(locus: Locus) -> dict[str, Any]:
    """The checks that are not ok, by name."""
    said = locus("doctor", "--json")
    wrong = {check["check"]: check for check in said.json if not check["ok"]}
    assert said.code == (1 if wrong else 0)
    return wrong


def test_everything_in_order(locus: Locus, house: House) -> None:
    asyncio.run(house.trust())
    said = locus("doctor")
    assert said.code == 0
    names = [line.split(":")[0] for line in said.out.splitlines() if line.startswith("✓ ")]
    assert names == [
        f"✓ {name}"
        for name in (
            "git",
            "repository",
            "identity",
            "branches",
            "base branch",
            "remote",
            "state folder",
            "configuration",
            "agent",
            "tracker",
            "trust",
            "verification",
            "leftovers",
        )
    ]
    assert said.out.splitlines()[-1] == "Everything is in order."


def test_outside_a_repository(tmp_path: Path, new_locus: Callable[[Path], Locus]) -> None:
    assert failed(new_locus(tmp_path)) == {
        "repository": {
            "check": "repository",
            "ok": False,
            "detail": f"{tmp_path} is not in a git repository",
            "fix": "run `git init` there and commit something first",
        }
    }


def test_a_repository_without_commits(new_person: NewPerson, new_locus: Callable[[Path], Locus]) -> None:
    wrong = failed(new_locus(new_person("no-commits").path))
    assert wrong["repository"]["detail"] == "this repository has no commits yet"


def test_what_a_run_would_stumble_over(locus: Locus, house: House) -> None:
    assert failed(locus).keys() == {"trust"}
    assert locus("doctor").out.splitlines()[-1] == "1 thing to mend."
    asyncio.run(house.trust())
    assert not failed(locus)

    house.person.home.gitconfig.write_text("[user]\n\tname = Ada\n")
    assert failed(locus)["identity"]["fix"].startswith("run `git config --global user.name")
    house.person.home.gitconfig.write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")

    house.person.git("branch", "locus")
    assert failed(locus)["branches"]["fix"] == "rename it: `git branch -m locus <another name>`"
    house.person.git("branch", "-D", "locus")

    house.configure(agent_maxParallel=0, unknown=True)
    wrong = failed(locus)["configuration"]
    assert "agent.maxParallel: 0 is not a whole number, at least 1" in wrong["detail"]
    house.configure(unknown=True)
    assert not failed(locus)  # kept and ignored, and said
    assert "unknown setting 'unknown'" in locus("doctor").out

    house.configure(ai_provider="nobody")
    assert failed(locus)["agent"]["detail"] == "there is no agent called 'nobody'"
    house.configure(agents={"mine": {"kind": "shell", "argv": ["./no-such-program"]}})
    assert failed(locus)["agent"]["detail"] == "the agent's program ./no-such-program does not exist"
    house.configure(agent_baseBranch="no-such")
    assert "no-such" in failed(locus)["base branch"]["detail"]


def test_which_of_several_remotes(locus: Locus, house: House) -> None:
    def said() -> str:
        return next(str(check["detail"]) for check in locus("doctor", "--json").json if check["check"] == "remote")

    person = house.person
    assert said() == "origin"
    person.git("remote", "add", "backup", "../backup.git")
    assert said() == "origin of origin, backup (it is called origin)"
    person.git("config", "branch.main.remote", "backup")
    assert said() == "backup of origin, backup (the current branch follows it)"
    person.git("remote", "add", "upstream", str(person.remote))
    forked = "origin for finished branches, upstream for what they begin on and where pull requests go"
    assert said() == f"{forked} (`origin` beside `upstream` is a fork)"
    person.git("config", "remote.upstream.gh-resolved", "base")
    assert said() == f"{forked} (`gh repo set-default` says so)"
    for name in ("origin", "upstream"):
        person.git("remote", "remove", name)
    person.git("remote", "add", "third", "../third.git")
    person.git("config", "--unset", "branch.main.remote")
    assert said() == "none: finished branches stay in this repository (nothing says which of backup, third is meant)"


def test_a_run_that_was_left_behind(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo begun; exec sleep 60", title="Long"))
    run_id = asyncio.run(house.start(1))
    asyncio.run(house.until(run_id, lambda view: view.tasks[0].state == "working"))
    house.kill_runner(run_id)
    asyncio.run(house.until(run_id, lambda view: not view.alive))
    wrong = failed(locus)["leftovers"]
    assert (wrong["detail"], wrong["fix"]) == (f"runs whose runner is gone: {run_id}", f"go on with `locus run --resume {run_id}`")
    assert f"✗ {run_id} · #1 · lost · 0 of 1 done" in locus("status").out

    journal = house.ws.runs / run_id / "journal.jsonl"
    journal.write_bytes(b"not a record\n" + journal.read_bytes())
    wrong = failed(locus)["leftovers"]
    assert wrong["detail"].startswith(f"runs whose journal cannot be read:\n{journal}:1 is not a journal record")
    assert wrong["fix"] == "the file was changed by hand; restore it, or start a new run"


def test_without_git(locus: Locus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failed(locus)["git"]["fix"]
