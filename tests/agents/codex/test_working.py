"""The real Codex at work: what it does, says and asks, as the vocabulary has it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from locus.agents.protocol import Decision
from locus.model.agent import Exited, Notice, PermissionRequest, Plan, PlanEntry, Started, Thought, ToolStart, ToolUpdate, Usage
from support.codex import KEY, MODEL, Codex
from support.models.responses import Step, function, new_file, patch, shell, tool_outputs

pytestmark = pytest.mark.agents

WRITE = new_file("hello.txt", "hello\nworld\n")
EDIT = patch("*** Update File: hello.txt\n@@\n hello\n-world\n+locus\n")
NEW = "--- /dev/null\n+++ b/hello.txt\n@@ -0,0 +1,2 @@\n+hello\n+world\n"


async def test_an_edit_is_told_as_it_happens(codex: Codex) -> None:
    _git("init", "--quiet", "--initial-branch=main", cwd=codex.worktree)
    turn = await codex.play(
        Step("I will create\nthe file.", "A file\nis needed.", [WRITE]),
        Step(calls=[EDIT]),
        Step(calls=[shell("cat hello.txt; echo oh >&2; exit 3")]),
        Step("Done: it says locus."),
        prompt="Write a greeting.",
    )
    end = await turn.end()
    assert (end.outcome, end.summary, end.denials) == ("ok", "Done: it says locus.", ())
    assert (codex.worktree / "hello.txt").read_text() == "hello\nlocus\n"
    assert turn.one(Exited).code == 0  # by itself, at the end of its stdin
    started = turn.one(Started)
    assert (started.model, started.mode) == (MODEL, "edits")
    assert [event.text for event in turn.all(Thought)] == ["A file", "is needed."]
    assert turn.said.splitlines() == ["I will create", "the file.", "Done: it says locus."]
    write, edit, look, whole = turn.all(ToolStart)
    assert [(each.tool, each.title) for each in (write, edit, look, whole)] == [
        ("edit", "Add hello.txt"),
        ("edit", "Edit hello.txt"),
        ("execute", "cat hello.txt; echo oh >&2; exit 3"),
        ("edit", "All changes of this turn"),
    ]
    assert [location.path for location in edit.locations] == [str(codex.worktree / "hello.txt")]
    ends = {update.id: update for update in turn.updates if update.status != "in_progress"}
    assert ends[write.id] == ToolUpdate(id=write.id, status="completed", diff=NEW)
    assert ends[edit.id].diff == "--- a/hello.txt\n+++ b/hello.txt\n@@ -1,2 +1,2 @@\n hello\n-world\n+locus\n"
    printed = [update for update in turn.updates if update.id == look.id]
    assert printed[-1].status == "failed"
    assert "\n".join(filter(None, (update.output for update in printed))).split("\n") == ["hello", "locus", "oh", "(exit code 3)"]
    assert turn.all(Usage)[-1] == Usage(tokens=4 * 1025)
    assert not turn.asked
    first = codex.requests[0]
    assert "Write a greeting." in first.text
    assert first.headers["authorization"] == f"Bearer {KEY}"


async def test_the_diff_of_the_whole_turn_makes_the_same_tree(codex: Codex, tmp_path: Path) -> None:
    (codex.worktree / "old.txt").write_text("one\ntwo\n")
    (codex.worktree / "gone.txt").write_text("gone\n")
    _git("init", "--quiet", "--initial-branch=main", cwd=codex.worktree)
    _git("add", "--all", cwd=codex.worktree)
    _git("commit", "--quiet", "--message=start", cwd=codex.worktree)
    _git("clone", "--quiet", str(codex.worktree), str(tmp_path / "copy"), cwd=tmp_path)
    move = "*** Update File: old.txt\n*** Move to: new.txt\n@@\n one\n-two\n+three\n*** Delete File: gone.txt\n"
    turn = await codex.play(Step(calls=[WRITE]), Step(calls=[EDIT]), Step(calls=[patch(move)]), Step("Done."))
    assert (await turn.end()).outcome == "ok"
    whole = turn.updates[-1].diff
    assert whole is not None
    assert turn.all(ToolStart)[2].title == "Delete gone.txt; Move old.txt to new.txt"
    _git("apply", cwd=tmp_path / "copy", input=whole)
    assert _tree(tmp_path / "copy") == _tree(codex.worktree) == {"hello.txt": "hello\nlocus\n", "new.txt": "one\nthree\n"}


def _git(*args: str, cwd: Path, input: str = "") -> None:
    subprocess.run(["git", *args], cwd=cwd, input=input.encode(), check=True, capture_output=True)


def _tree(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


async def test_in_ask_each_change_is_asked_for(codex: Codex) -> None:
    turn = await codex.play(
        Step(calls=[WRITE]),
        Step(calls=[shell("touch made")]),
        Step(calls=[EDIT]),
        Step(calls=[shell("touch refused")]),
        Step("Well."),
        profile={"permission_mode": "ask"},
    )

    asked = await turn.until(PermissionRequest)
    assert (asked.tool, asked.name, asked.title, asked.diff) == ("edit", "fileChange", "Add hello.txt", NEW)
    assert [location.path for location in asked.locations] == [str(codex.worktree / "hello.txt")]
    assert [option.kind for option in asked.options] == ["allow_always"]
    assert not (codex.worktree / "hello.txt").exists()
    await turn.session.answer(asked.id, Decision(allow=True))

    asked = await turn.until(PermissionRequest, lambda request: request.command == "touch made")
    assert (asked.tool, asked.name, asked.input["cwd"]) == ("execute", "commandExecution", str(codex.worktree))
    await turn.session.answer(asked.id, Decision(allow=True))

    asked = await turn.until(PermissionRequest, lambda request: request.title == "Edit hello.txt")
    await turn.session.answer(asked.id, Decision(allow=False, message="leave the greeting as it is"))

    asked = await turn.until(PermissionRequest, lambda request: request.command == "touch refused")
    await turn.session.answer(asked.id, Decision(allow=False))
    await turn.session.answer(asked.id, Decision(allow=True))  # too late

    end = await turn.end()
    assert (end.outcome, end.denials) == ("denied", ("Edit hello.txt", "touch refused"))
    assert (codex.worktree / "hello.txt").read_text() == "hello\nworld\n"
    assert (codex.worktree / "made").exists()
    assert not (codex.worktree / "refused").exists()
    assert len(turn.asked) == 4
    told = codex.requests[3]
    assert "rejected" in tool_outputs(told)[-1]
    assert "leave the greeting as it is" in told.text


async def test_what_is_allowed_for_the_session_is_not_asked_again(codex: Codex) -> None:
    steps = Step(calls=[WRITE]), Step(calls=[EDIT]), Step(calls=[new_file("other.txt", "other\n")]), Step("Done.")
    turn = await codex.play(*steps, profile={"permission_mode": "ask"})
    asked = await turn.until(PermissionRequest)
    await turn.session.answer(asked.id, Decision(allow=True, always=True))
    other = await turn.until(PermissionRequest, lambda request: request.id != asked.id)
    assert other.title == "Add other.txt"
    await turn.session.answer(other.id, Decision(allow=True))
    assert (await turn.end()).outcome == "ok"
    assert (codex.worktree / "hello.txt").read_text() == "hello\nlocus\n"


async def test_the_sandbox_refuses_what_is_outside_and_says_so(codex: Codex) -> None:
    outside = codex.home.parent / "outside.txt"
    turn = await codex.play(
        Step(calls=[shell(f"touch {outside}; echo tried")]),
        Step(calls=[shell(f"touch {outside}", sandbox_permissions="require_escalated", justification="It must be there")]),
        Step("I could not."),
    )
    asked = await turn.until(PermissionRequest)
    assert (asked.command, asked.title) == (f"touch {outside}", f"touch {outside}: It must be there")
    assert not outside.exists()
    await turn.session.answer(asked.id, Decision(allow=False))
    end = await turn.end()
    assert (end.outcome, end.denials) == ("denied", (f"touch {outside}",))
    assert not outside.exists()
    first = turn.all(ToolStart)[0]
    shown = "\n".join(update.output or "" for update in turn.updates if update.id == first.id)
    assert "Read-only file system" in shown


async def test_an_escalation_that_is_allowed_leaves_the_sandbox(codex: Codex) -> None:
    outside = codex.home.parent / "outside.txt"
    command = shell(f"touch {outside}", sandbox_permissions="require_escalated", justification="It must be there")
    turn = await codex.play(Step(calls=[command]), Step("Done."))
    await turn.session.answer((await turn.until(PermissionRequest)).id, Decision(allow=True))
    assert (await turn.end()).outcome == "ok"
    assert outside.exists()


async def test_its_plan_is_told_whole_each_time(codex: Codex) -> None:
    def plan(*states: str) -> Step:
        steps = [{"step": name, "status": state} for name, state in zip(("Write", "Check"), states, strict=True)]
        return Step(calls=[function("update_plan", plan=steps)])

    turn = await codex.play(plan("in_progress", "pending"), plan("completed", "in_progress"), Step("Done."))
    await turn.end()
    first, second = turn.all(Plan)
    assert first.entries == (PlanEntry(content="Write", status="in_progress"), PlanEntry(content="Check", status="pending"))
    assert [entry.status for entry in second.entries] == ["completed", "in_progress"]


async def test_four_work_at_once(codex: Codex) -> None:
    def steps(number: int) -> tuple[Step, Step]:
        return Step(calls=[new_file(f"file-{number}.txt", f"{number}\n")]), Step(f"Done {number}.")

    scripts = [codex.script(*steps(number)) for number in range(4)]
    turns = [await codex.again(script, prompt=f"prompt {number}") for number, script in enumerate(scripts)]
    ends = await asyncio.gather(*(turn.end() for turn in turns))
    assert [(end.outcome, end.summary) for end in ends] == [("ok", f"Done {number}.") for number in range(4)]
    assert sorted(path.name for path in codex.worktree.glob("*.txt")) == [f"file-{number}.txt" for number in range(4)]
    assert len({turn.session_id for turn in turns}) == 4


async def test_a_huge_line_is_one_line(codex: Codex) -> None:
    """More than the reader of an ordinary agent would keep."""
    size = 1_200_000
    turn = await codex.play(Step(calls=[new_file("big.txt", "x" * size)]), Step("Done."))
    end = await turn.end()
    assert end.outcome == "ok"
    assert (codex.worktree / "big.txt").stat().st_size == size + 1
    assert not [notice for notice in turn.all(Notice) if notice.stream == "stdout"]
    assert len(turn.updates[0].diff or "") > size
