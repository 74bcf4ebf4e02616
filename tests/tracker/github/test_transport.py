"""How gh is started: only as `gh api -i`, quietly, two at once at most, and not for ever. With both versions."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.errors import OutOfReach
from locus.model.task import PullDraft, SprintDraft, TaskDraft, TaskFilter, TaskStatus
from locus.tracker.github import gh as transport
from locus.tracker.github.keeper import GitHubTracker
from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub

NewTracker = Callable[..., GitHubTracker]
TELLS = """#!{python} -I
import json, os, sys
with open({log!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
os.execv({program!r}, ["gh", *sys.argv[1:]])
"""
LOUD = {"GH_DEBUG": "api", "GH_FORCE_TTY": "80", "GH_REPO": "somebody/else", "CLICOLOR_FORCE": "1", "GH_PAGER": "less", "DEBUG": "1"}


@pytest.fixture
def gh(each_gh: Gh) -> Gh:
    return each_gh


async def nothing_but_waits(_moment: float, _reason: str) -> None:
    await asyncio.sleep(0)


async def test_only_gh_api_and_quietly(
    new_tracker: NewTracker, gh: Gh, github: GitHub, demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the person's own environment makes gh say or where it points it."""
    gh.uninstall()
    (gh.bin / "gh").write_text(TELLS.format(python=sys.executable, log=str(tmp_path / "log"), program=str(gh.program)))
    (gh.bin / "gh").chmod(0o755)
    for name, value in LOUD.items():
        monkeypatch.setenv(name, value)
    tracker = new_tracker()
    await tracker.prepare()
    made = await tracker.create(TaskDraft(title="One"))
    await tracker.create_sprint(SprintDraft(name="Sprint 1"))
    await tracker.order_sprint("Sprint 1", [made.number])
    await tracker.set_status(made.number, TaskStatus.DONE)
    await tracker.comment(made.number, "Done", marker="locus:done x 1 1")
    demo.person.git("push", "--quiet", "origin", "main:refs/heads/locus/issue-1")
    demo.person.commit_on_remote({"a.txt": "a\n"}, branch="locus/issue-1")
    pull = await tracker.create_pull(PullDraft(branch="locus/issue-1", base="main", title="One", body="Closes #1", draft=True))
    await tracker.update_pull(pull.number, draft=False)
    await tracker.mark_pull(pull.number)
    await tracker.tasks(TaskFilter(sprint="Sprint 1"))
    await tracker.close(made.number, "completed")
    started = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(started) == len(github.requests) >= 10, "one request for each gh that is started"
    for argv, env in started:
        assert argv[:5] == ["api", "-i", "--hostname", "github.com", "-X"], argv
        assert not any(word.startswith("Authorization") for word in argv), "the login is gh's"
        assert {"GH_DEBUG", "GH_FORCE_TTY", "GH_REPO", "CLICOLOR_FORCE", "DEBUG"}.isdisjoint(env)
        assert (env["GH_PROMPT_DISABLED"], env["GH_TELEMETRY"], env["GH_NO_UPDATE_NOTIFIER"], env["GH_PAGER"]) == ("1", "0", "1", "cat")


async def test_two_at_once_at_most(new_tracker: NewTracker, gh: Gh, github: GitHub) -> None:
    """Of all who use the repository: each tracker is as in a process of its own."""
    github.latency = 1.0
    await asyncio.gather(*(new_tracker(nothing_but_waits).pulls(f"locus/issue-{number}") for number in range(5)))
    at = sorted(request.at for request in github.requests)
    assert len(at) == 5 and at[2] - at[0] >= 1.0 and at[4] - at[2] >= 1.0, at


async def test_a_gh_that_never_ends_is_ended(new_tracker: NewTracker, gh: Gh, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "TIMEOUT", 0.5)
    gates = [github.hold(path="/repos/*") for _ in range(4)]  # it is tried again
    began = time.monotonic()
    with pytest.raises(OutOfReach, match=r"github\.com did not answer"):
        await new_tracker(nothing_but_waits).pulls("locus/issue-1")
    assert time.monotonic() - began < 20
    for gate in gates:
        gate.release()
