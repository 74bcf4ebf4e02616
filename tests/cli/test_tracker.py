"""`locus tracker push` as a person types it, with the real gh and the stand-in at the other end."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.model.labels import LABELS
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.house import House
from support.typed import Locus

__all__ = ["demo", "gh", "github", "short_folder", "wire"]


@pytest.fixture
def here(demo: Demo, gh: Gh, github: GitHub, new_locus: Callable[[Path], Locus]) -> Locus:
    """Two tasks in the embedded tracker, of which the first one's code is known."""
    for label in LABELS[3:]:
        github.label(demo.repository, label.name, label.color, label.description)
    gh.log_out()
    house = House(demo.person)

    async def fill() -> None:
        await house.issue(title="Fix the pager", type="bug", priority="high")
        await house.issue(title="Next, after #1", labels=["area:ui"])
        await house.sprint("Sprint 1", 2)
        await house.ws.tracker.comment(1, "Soon")

    asyncio.run(fill())
    gh.log_in()
    return new_locus(demo.person.path)


def titles(demo: Demo) -> list[str]:
    return [issue.title for issue in demo.repository.issues.values()]


def test_from_preview_to_yes(here: Locus, demo: Demo) -> None:
    said = here("tracker", "push", "--dry-run")
    assert (said.code, said.err, titles(demo)) == (0, "", [])
    assert said.out.splitlines() == [
        "Tasks would move to octo/demo on github.com",
        "",
        "1 sprint",
        "  Sprint 1: a new milestone, 1 issue",
        "",
        "2 issues",
        "  #1  queued  high  bug  Fix the pager                      1 comment",
        "  #2  queued             Next, after #1  Sprint 1, place 1  area:ui",
        "",
        "5 labels to be created",
        "  p:critical, p:high, p:medium, area:ui, order:1",
        "",
        "GitHub gives each issue its next free number, and `#N` in texts is changed to match. Who watches octo/demo is told.",
        "The tasks here stay as they are, and are not used any more.",
    ]
    assert here("tracker", "push", "--json").json["done"] is False and titles(demo) == []
    said = here("tracker", "push")
    assert said.code == 2 and "nobody is here to say yes" in said.err and titles(demo) == []
    with here.at_terminal("tracker", "push") as tty:
        tty.until("Move all this to octo/demo? [y/N]")
        tty.press("n\r")
        tty.until("Nothing was moved.")
        assert tty.wait() == 2
    assert titles(demo) == []
    with here.at_terminal("tracker", "push") as tty:
        tty.until("[y/N]")
        tty.press("y\r")
        tty.until("#2 is #2 now: Next, after #1")
        tty.until("Tasks live in octo/demo on github.com now: 2 issues, 1 sprint.")
        assert tty.wait() == 0
    assert titles(demo) == ["Fix the pager", "Next, after #1"]
    assert "octo/demo" in here("doctor").out
    said = here("tracker", "push")
    assert said.code == 2 and "the tasks are on GitHub already, in octo/demo" in said.err


def test_killed_with_its_answer_on_the_way(here: Locus, demo: Demo, github: GitHub) -> None:
    held = github.hold(method="POST", path="/repos/*/issues", after_effect=True)
    program = here.started("tracker", "push", "--yes")
    assert held.arrived.wait(60)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    held.release()
    assert titles(demo) == ["Fix the pager"]
    said = here("tracker", "push", "--yes", "--json")
    assert said.code == 0 and [task["movedTo"] for task in said.json["tasks"]] == [1, 2]
    assert titles(demo) == ["Fix the pager", "Next, after #1"]


def test_without_gh(here: Locus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(programs))
    said = here("tracker", "push")
    assert said.code == 2 and "the GitHub CLI `gh` is not installed" in said.err and "https://cli.github.com" in said.err


def test_help_for_strangers(here: Locus) -> None:
    assert "where tasks live" in here("tracker", "--help").out
    assert "makes nothing twice" in here("tracker", "push", "--help").out
