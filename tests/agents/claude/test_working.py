"""The real Claude Code at work: what it does, says and asks, as the vocabulary has it."""

from __future__ import annotations

import pytest

from locus.agents.protocol import Decision
from locus.model.agent import Notice, PermissionRequest, Plan, Started, Thought, ToolStart, Usage
from support.claude import KEY, Claude
from support.models.anthropic import Step, says, text, thinking, tool, tool_results, uses
from support.procs import alive, numbers

pytestmark = pytest.mark.agents

WRITE = uses("Write", file_path="{cwd}/hello.txt", content="hello\nworld\n")
EDIT = uses("Edit", file_path="{cwd}/hello.txt", old_string="world", new_string="locus")


async def test_an_edit_is_told_as_it_happens(claude: Claude) -> None:
    turn = await claude.play(
        Step((thinking("A file\nis needed."), text("I will create\nthe file."), *WRITE.blocks)),
        EDIT,
        uses("Bash", command="cat hello.txt", description="Look at it"),
        says("Done: it says locus."),
        prompt="Write a greeting.",
        model="claude-test-model",
    )
    end = await turn.end()
    assert (end.outcome, end.summary, end.denials) == ("ok", "Done: it says locus.", ())
    assert (claude.worktree / "hello.txt").read_text() == "hello\nlocus\n"
    assert turn.one(Started).model == "claude-test-model"
    assert [event.text for event in turn.all(Thought)] == ["A file", "is needed."]
    assert turn.said.splitlines() == ["I will create", "the file.", "Done: it says locus."]
    write, edit, look = turn.all(ToolStart)
    assert [(each.tool, each.title) for each in (write, edit, look)] == [
        ("edit", "Write hello.txt"),
        ("edit", "Edit hello.txt"),
        ("execute", "cat hello.txt"),
    ]
    assert [location.path for location in edit.locations] == [str(claude.worktree / "hello.txt")]
    assert [each.id for each in turn.updates] == [each.id for each in (write, edit, look)]
    created, changed, printed = turn.updates
    assert created.diff == "--- /dev/null\n+++ b/hello.txt\n@@ -0,0 +1,2 @@\n+hello\n+world\n"
    assert changed.diff == "--- a/hello.txt\n+++ b/hello.txt\n@@ -1,2 +1,2 @@\n hello\n-world\n+locus\n"
    assert (printed.output, printed.diff) == ("hello\nlocus", None)
    used = turn.one(Usage)
    assert used.tokens == 4 * 1025
    assert used.cost_usd is not None
    assert not turn.asked
    first = claude.requests[0]
    assert "Write a greeting." in first.text
    assert first.headers["x-api-key"] == KEY
    assert not list((claude.turns.folder / "tasks" / "1").glob("claude-tmp"))


async def test_permission_given_changed_and_refused(claude: Claude) -> None:
    (claude.worktree / "other.txt").write_text("was here\n")
    turn = await claude.play(
        WRITE,
        uses("Read", file_path="{cwd}/other.txt"),
        uses("Write", file_path="{cwd}/other.txt", content="other\n"),
        uses("Write", file_path="{cwd}/secret.txt", content="secret\n"),
        says("Done."),
        profile={"permission_mode": "ask"},
    )
    first = await turn.until(PermissionRequest)
    assert (first.name, first.tool, first.title, first.editable) == ("Write", "edit", "Write hello.txt", True)
    assert first.diff == "--- /dev/null\n+++ b/hello.txt\n@@ -0,0 +1,2 @@\n+hello\n+world\n"
    assert not (claude.worktree / "hello.txt").exists()
    await turn.session.answer(first.id, Decision(allow=True))
    second = await turn.until(PermissionRequest, lambda each: "other" in each.title)
    assert second.diff == "--- a/other.txt\n+++ b/other.txt\n@@ -1 +1 @@\n-was here\n+other\n"
    await turn.session.answer(second.id, Decision(allow=True, input={**second.input, "content": "the person's\n"}))
    third = await turn.until(PermissionRequest, lambda each: "secret" in each.title)
    await turn.session.answer(third.id, Decision(allow=False, message="Not in this repository."))
    await turn.session.answer(third.id, Decision(allow=True))  # too late
    end = await turn.end()
    assert (end.outcome, end.denials) == ("denied", ("Write secret.txt",))
    assert (claude.worktree / "hello.txt").read_text() == "hello\nworld\n"
    assert (claude.worktree / "other.txt").read_text() == "the person's\n"
    assert not (claude.worktree / "secret.txt").exists()
    assert turn.updates[-1].status == "failed"
    assert tool_results(claude.requests[-1]) == ["Not in this repository."]


async def test_what_is_always_allowed_is_not_asked_again_and_is_written_nowhere(claude: Claude) -> None:
    turn = await claude.play(
        uses("Bash", command="exit 3", description="Try"),
        uses("Bash", command="exit 3", description="Try again"),
        says("Done."),
    )
    asked = await turn.until(PermissionRequest)
    assert (asked.tool, asked.command, asked.title) == ("execute", "exit 3", "exit 3")
    assert [(option.kind, option.label) for option in asked.options] == [("allow_always", "always, in this session: Bash exit 3")]
    await turn.session.answer(asked.id, Decision(allow=True, always=True))
    assert (await turn.end()).outcome == "ok"
    assert len(turn.asked) == 1
    assert [(each.status, each.output) for each in turn.updates] == [("failed", "Exit code 3")] * 2
    assert not (claude.worktree / ".claude").exists()


async def test_what_is_outside_of_the_worktree_is_asked_for(claude: Claude) -> None:
    outside = claude.turns.folder / "outside.txt"
    turn = await claude.play(uses("Write", file_path=str(outside), content="x\n"), says("Done."))
    asked = await turn.until(PermissionRequest)
    assert [location.path for location in asked.locations] == [str(outside)]
    assert asked.title == f"Write {outside} (path is outside allowed working directories)"
    await turn.session.answer(asked.id, Decision(allow=False))
    assert (await turn.end()).denials == (f"Write {outside}",)
    assert not outside.exists()


async def test_its_questions_have_answers_to_choose_from(claude: Claude) -> None:
    options = [{"label": "Tabs", "description": "one each"}, {"label": "Spaces", "description": "four"}]
    questions = [
        {"question": "Which indent?", "header": "Indent", "multiSelect": False, "options": options},
        {"question": "What for?", "header": "For", "multiSelect": True, "options": options},
    ]
    turn = await claude.play(uses("AskUserQuestion", questions=questions), says("Thanks."))
    second = await turn.until(PermissionRequest, lambda each: "What for?" in each.title)
    first = turn.asked[0]
    assert first.title.splitlines() == ["Which indent?", "Tabs: one each", "Spaces: four"]
    assert (first.name, first.choices, first.editable) == ("AskUserQuestion", ("Tabs", "Spaces"), False)
    await turn.session.answer(second.id, Decision(allow=True, message="Tabs, Spaces"))
    await turn.session.answer(first.id, Decision(allow=True, message="Spaces"))
    assert (await turn.end()).outcome == "ok"
    (said,) = tool_results(claude.requests[-1])
    assert '"Which indent?"="Spaces", "What for?"="Tabs, Spaces"' in said


async def test_its_list_of_steps_is_the_plan(claude: Claude) -> None:
    turn = await claude.play(
        Step((tool("TaskCreate", subject="Write", description="the file"), tool("TaskCreate", subject="Check", description="it"))),
        uses("TaskUpdate", taskId="1", status="completed"),
        uses("TaskUpdate", taskId="2", status="in_progress"),
        says("Done."),
        profile={"env": {"CLAUDE_CODE_ENABLE_TODO_TOOLS": "1"}},
    )
    assert (await turn.end()).outcome == "ok"
    assert [(entry.content, entry.status) for entry in turn.all(Plan)[-1].entries] == [("Write", "completed"), ("Check", "in_progress")]
    assert not turn.all(ToolStart)


async def test_the_turn_goes_on_until_subagents_and_background_commands_are_done(claude: Claude) -> None:
    turn = await claude.play(
        uses("Bash", command="sleep 1; echo late > late.txt", description="Slowly", run_in_background=True),
        says("It runs."),
        says("It has ended."),
        profile={"words": ("--allowedTools=Bash",)},
    )
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "It has ended.")
    assert (claude.worktree / "late.txt").read_text() == "late\n"
    assert [event.text for event in turn.all(Notice)] == ["the agent waits for what it has left running: Slowly"]


async def test_a_command_that_never_ends_does_not_hold_the_turn_up(claude: Claude, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locus.agents.claude.session.COMMAND_PATIENCE", 0.5)
    monkeypatch.setattr("locus.agents.turn_process.EXIT_GRACE", 0.2)
    turn = await claude.play(
        uses("Bash", command="echo $$ > pid; mv pid server; sleep 600", description="Serve", run_in_background=True),
        uses("Bash", command="until [ -e server ]; do sleep 0.05; done", description="Wait for it"),
        says("It serves."),
        profile={"words": ("--allowedTools=Bash",)},
    )
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "It serves.")
    (server,) = numbers(claude.worktree / "server")
    assert not alive(server)


async def test_long_lines_come_whole(claude: Claude) -> None:
    content = "".join(f"{number} {'x' * 90}\n" for number in range(30_000))
    turn = await claude.play(uses("Write", file_path="{cwd}/long.txt", content=content), says("Done."))
    assert (await turn.end()).outcome == "ok"
    assert (claude.worktree / "long.txt").read_text() == content
    (update,) = turn.updates
    assert update.diff is not None
    assert len(update.diff) == 64 * 1024


async def test_a_persons_rules_see_every_change(claude: Claude) -> None:
    turn = await claude.play(uses("Write", file_path="{cwd}/a.txt", content="a\n"), says("No."), asks_first=True)
    asked = await turn.until(PermissionRequest)
    await turn.session.answer(asked.id, Decision(allow=False, message="the rule `edit: a.txt`"))
    assert (await turn.end()).outcome == "denied"
    assert not (claude.worktree / "a.txt").exists()
