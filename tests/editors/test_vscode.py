"""The main job in a real VS Code: a sprint run from the palette, an issue from selected code, progress in the status bar."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from editors.codeserver import CodeServer
from editors.project import Project

if TYPE_CHECKING:
    from editors.conftest import OpenWindow
    from editors.workbench import Workbench

pytestmark = [pytest.mark.editors, pytest.mark.timeout(300)]

READY = re.compile(r"^(?!.*(starting|stopped)).*Locus")


def allow_its_commands(vscode: Workbench) -> None:
    """Answers the question whether the repository's commands may run."""
    question = vscode.notification(re.compile("run|command", re.IGNORECASE)).filter(has_text="agent.py")
    question.wait_for(timeout=20_000)
    vscode.press_button(question, re.compile("^Allow"))


def an_agents_question_is_answered_in_its_notification(project: Project, vscode: Workbench) -> None:
    """In a window that is open already: opening one takes longer than all of this."""
    command = "curl -s http://127.0.0.1:1; date > asked.txt"
    steps = [{"run": command, "ask": True}]
    number = project.locus("issue", "create", "Ask first", "--body", f"STEPS: {json.dumps(steps)}")["number"]
    project.locus("trust", "--all")
    project.locus("run", str(number), "--agent", "asking", "--detach")
    question = vscode.notification(f"#{number}: May the agent run `{command}`?")
    question.wait_for(timeout=20_000)
    vscode.wait_for_status(f"#{number} asks")
    assert vscode.buttons(question) == ["Allow once", "Always in this run", "Deny"]
    vscode.screenshot("question")
    vscode.press_button(question, "Allow once")
    vscode.wait_until_idle()
    assert project.git("show", f"locus/issue-{number}:asked.txt").strip()


def test_an_issue_is_created_from_selected_code_and_run(project: Project, code_server: CodeServer, open_window: OpenWindow) -> None:
    before = project.checkout()
    with open_window(code_server, project.root) as vscode:
        vscode.wait_for_status(READY, 60_000)
        vscode.open_file("pages.py")
        vscode.select_lines(9, 10)
        vscode.palette("Locus: Create Issue from Selection")
        title = vscode.input()
        assert title.input_value().strip(), "the server proposes a title"
        title.fill("Count the last page too")
        vscode.screenshot("create-issue")
        vscode.page.keyboard.press("Enter")
        created = vscode.notification("#1 created: Count the last page too")
        created.wait_for(timeout=20_000)
        vscode.screenshot("issue-created")
        (issue,) = project.locus("issue", "list")
        assert (issue["number"], issue["title"]) == (1, "Count the last page too")

        vscode.press_button(created, "Run")
        allow_its_commands(vscode)
        project.wait_until_started(1)
        vscode.palette("Locus: Show Log")
        vscode.row("#1 Count the last page too").click()
        vscode.wait_for_log("Locus #1")
        vscode.screenshot("log")
        project.let_go(1)
        vscode.wait_until_idle()
        an_agents_question_is_answered_in_its_notification(project, vscode)
    assert "def step_1" in project.git("show", "locus/issue-1:pages.py")
    assert project.checkout() == before


def test_a_sprint_is_run_from_the_palette_and_outlives_a_reload(project: Project, code_server: CodeServer, open_window: OpenWindow) -> None:
    project.locus("sprint", "create", "Sprint 1")
    numbers = [
        project.locus("issue", "create", title, "--sprint", "Sprint 1")["number"]
        for title in ("Count the last page too", "Number pages from 1", "Refuse a page that is not there")
    ]
    assert numbers == [1, 2, 3]
    project.locus("sprint", "order", "Sprint 1", "1", "2", "3")
    project.locus("sprint", "active", "Sprint 1")
    before = project.checkout()
    with open_window(code_server, project.root) as vscode:
        vscode.wait_for_status(READY, 60_000)
        vscode.open_file("pages.py")
        vscode.palette("Locus: Run Sprint", picture="run-sprint")
        allow_its_commands(vscode)
        project.wait_until_started(1)
        vscode.wait_for_status("0/3")
        project.let_go(1)
        project.wait_until_started(2)
        vscode.wait_for_status("1/3")
        vscode.progress("#2 Number pages from 1").wait_for(timeout=20_000)
        vscode.screenshot("progress")

        vscode.reload()
        vscode.wait_for_status("1/3", 60_000)
        vscode.progress("#2 Number pages from 1").wait_for(timeout=20_000)
        vscode.screenshot("reloaded")
        project.let_go(2)
        project.wait_until_started(3)
        vscode.wait_for_status("2/3")
        project.let_go(3)
        vscode.wait_until_idle()
        vscode.screenshot("sprint-done")
    assert project.started() == numbers, "each agent ran once, in order"
    finished = project.git("show", "locus/sprint-sprint-1:pages.py")
    assert [number for number in numbers if f"def step_{number}" in finished] == numbers
    assert project.checkout() == before


def test_a_server_that_is_not_there_is_one_clear_error(project: Project, code_server: CodeServer, open_window: OpenWindow) -> None:
    settings(project.root, {"locus.server.path": "/nowhere/locus"})
    with open_window(code_server, project.root) as vscode:
        vscode.wait_for_status("Locus: stopped", 60_000)
        error = vscode.notification("locus.server.path is /nowhere/locus")
        error.wait_for(timeout=20_000)
        assert [button.text_content() for button in error.locator(".monaco-button").all()] == ["Open Settings", "Show Log"]
        assert error.count() == 1
        vscode.screenshot("no-server")


def test_a_folder_that_is_not_trusted_does_not_choose_the_program(
    project: Project, cautious_code_server: CodeServer, open_window: OpenWindow, tmp_path: Path
) -> None:
    witness = tmp_path / "was-run"
    program = project.root / "locus"
    program.write_text(f"#!/bin/sh\ntouch {witness}\n")
    program.chmod(0o755)
    settings(project.root, {"locus.server.path": str(program)})
    with open_window(cautious_code_server, project.root) as vscode:
        vscode.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for(timeout=60_000)
        vscode.wait_for_status(READY, 60_000)
        assert not witness.exists()


def settings(root: Path, values: dict[str, str]) -> None:
    (root / ".vscode").mkdir()
    (root / ".vscode/settings.json").write_text(json.dumps(values))
