"""The real Claude Code when things go otherwise: interrupts, kills, refusals of its provider, sessions that go on and that are gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from locus.agents.protocol import Decision
from locus.model.agent import Exited, PermissionRequest, Retry, Started, Text, ToolStart, Usage
from support.claude import Claude
from support.models.anthropic import Refusal, Step, says, text, uses
from support.models.server import Midway
from support.procs import alive, carriers, numbers, until, until_async
from support.turns import PATIENCE

pytestmark = pytest.mark.agents

ANY_COMMAND: dict[str, Any] = {"words": ("--allowedTools=Bash",)}
LONG = uses("Bash", command="echo $$ > pid; mv pid tool; sleep 600; touch finished", description="Wait")


async def _tool(claude: Claude) -> int:
    """The process of the LONG command, once it runs."""
    (pid,) = await until_async(lambda: numbers(claude.worktree / "tool"), PATIENCE)
    return pid


def _program(claude: Claude) -> int:
    """Claude Code itself, among its processes."""
    (pid,) = [pid for pid in carriers("LOCUS_RUN_ID", claude.turns.run_id) if Path(f"/proc/{pid}/comm").read_text().startswith("claude")]
    return pid


async def test_interrupted_in_a_tool_it_goes_on_in_the_same_session(claude: Claude) -> None:
    script = claude.script(LONG, says("I go on."))
    turn = await claude.again(script, prompt="the first prompt", profile=ANY_COMMAND)
    tool = await _tool(claude)
    await turn.session.interrupt()
    await turn.session.interrupt()
    end = await turn.end()
    assert (end.outcome, end.denials) == ("cancelled", ())
    assert not alive(tool)
    assert turn.one(Usage).tokens == 1025

    going_on = await claude.again(script, prompt="the second prompt", session=turn.session_id)
    end = await going_on.end()
    assert (end.outcome, end.summary) == ("ok", "I go on.")
    assert going_on.session_id == turn.session_id
    assert going_on.one(Usage).tokens == 2 * 1025  # of the session
    last = claude.requests[-1].text
    assert last.index("the first prompt") < last.index("sleep 600") < last.index("the second prompt")


async def test_interrupted_in_a_text_it_keeps_what_was_said(claude: Claude) -> None:
    turn = await claude.play(Step((text("The first line.\nThe second " + "and " * 600),), pace=0.05), prompt="the first prompt")
    await turn.until(Text)
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    assert turn.said.splitlines()[0] == "The first line."
    going_on = await claude.play(says("I go on."), prompt="the second prompt", session=turn.session_id)
    assert (await going_on.end()).outcome == "ok"
    assert "the first prompt" in claude.requests[-1].text


async def test_interrupted_while_it_waits_for_a_permission(claude: Claude) -> None:
    turn = await claude.play(uses("Write", file_path="{cwd}/a.txt", content="a\n"), says("No."), profile={"permission_mode": "ask"})
    asked = await turn.until(PermissionRequest)
    await turn.session.interrupt()
    await turn.session.answer(asked.id, Decision(allow=True))
    assert (await turn.end()).outcome == "cancelled"
    assert not (claude.worktree / "a.txt").exists()
    assert len(claude.requests) == 1


async def test_interrupted_before_it_has_said_a_word(claude: Claude) -> None:
    turn = await claude.play(uses("Write", file_path="{cwd}/a.txt", content="a\n"), says("Done."))
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    assert not (claude.worktree / "a.txt").exists()


async def test_a_provider_that_falls_silent_does_not_hold_an_interrupt_up(claude: Claude) -> None:
    turn = await claude.play(Step((text("One.\nTwo.\nThree.\nFour."),), midway=Midway.SILENCE))
    await turn.until(Text)
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"


async def test_one_that_hears_nothing_any_more_is_made_to_end(claude: Claude, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locus.agents.turn_process.INTERRUPT_GRACE", 0.3)
    turn = await claude.play(LONG, profile=ANY_COMMAND)
    tool = await _tool(claude)
    os.kill(_program(claude), signal.SIGSTOP)
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    assert turn.one(Exited).code == 137
    assert not alive(tool)


async def test_when_it_has_been_killed_nothing_of_it_is_left(claude: Claude) -> None:
    turn = await claude.play(LONG, profile=ANY_COMMAND)
    tool = await _tool(claude)
    await turn.session.kill()
    assert not alive(tool)
    assert not carriers("LOCUS_RUN_ID", claude.turns.run_id)
    assert (await turn.end()).outcome == "cancelled"


async def test_one_that_ends_without_a_result_has_failed(claude: Claude) -> None:
    turn = await claude.play(LONG, profile=ANY_COMMAND)
    tool = await _tool(claude)
    os.kill(_program(claude), signal.SIGKILL)
    end = await turn.end()
    assert (end.outcome, end.reason) == ("failed", "Claude Code was ended by signal 9 without a result")
    assert not alive(tool)


async def test_an_option_it_does_not_know_is_named(claude: Claude) -> None:
    turn = await claude.play(says("Hello."), profile={"words": ("--no-such-option",)})
    end = await turn.end()
    assert end.outcome == "failed"
    assert end.reason is not None
    assert "--no-such-option" in end.reason
    assert "--no-such-option" in turn.one(Exited).stderr_tail


HOST = """
import asyncio, sys
from pathlib import Path
from typing import Any
from locus.agents import build
from locus.agents.protocol import Assignment
from locus.model.config import AgentProfile
async def main():
    profile, folder = AgentProfile.model_validate_json(sys.argv[1]), Path(sys.argv[2])
    places = {"root": folder, "worktree": folder / "worktree", "prompt_file": folder / "prompt.md"}
    given = Assignment(sys.argv[3], 1, prompt="do it", base="abc", **places)
    async for _ in (await build(profile).start(given)).events():
        pass
asyncio.run(main())
"""


async def test_when_our_process_is_killed_no_process_of_it_is_left(claude: Claude, tmp_path: Path) -> None:
    profile = claude.profile(claude.script(LONG), **ANY_COMMAND).model_dump_json()
    host = await asyncio.create_subprocess_exec(sys.executable, "-c", HOST, profile, str(claude.turns.folder), claude.turns.run_id)
    try:
        tool = await _tool(claude)
        assert len(carriers("LOCUS_RUN_ID", claude.turns.run_id)) >= 3
    finally:
        host.kill()
        await host.wait()
    until(lambda: not alive(tool) and not carriers("LOCUS_RUN_ID", claude.turns.run_id), 15)


async def test_a_refused_key_ends_it_at_once_and_says_what_to_do(claude: Claude) -> None:
    refused = Step(refusal=Refusal(401, "authentication_error", "invalid x-api-key"))
    turn = await claude.play(refused, profile={"env": {"CLAUDE_CODE_MAX_RETRIES": "10"}})
    end = await turn.end()
    assert end.outcome == "credentials"
    assert end.hint is not None
    assert "/login" in end.hint
    assert len(turn.all(Retry)) == 1


@pytest.mark.parametrize(
    ("refusal", "outcome", "word"),
    [
        (Refusal(403, "permission_error", "not for you"), "credentials", "not for you"),
        (Refusal(429, "rate_limit_error", "slow down", {"retry-after": "1"}), "busy", "slow down"),
        (Refusal(529, "overloaded_error", "too many of you"), "busy", "too many of you"),
        (Refusal(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."), "limit", "Credit balance"),
        (Refusal(404, "not_found_error", "no such model"), "failed", "model"),
    ],
    ids=["403", "429", "529", "no credit", "404"],
)
async def test_what_its_provider_refuses_is_told_apart(claude: Claude, refusal: Refusal, outcome: str, word: str) -> None:
    end = await (await claude.play(Step(refusal=refusal), profile={"env": {"CLAUDE_CODE_MAX_RETRIES": "1"}})).end()
    assert (end.outcome, word in (end.reason or ""), bool(end.hint)) == (outcome, True, outcome != "busy")


async def test_nobody_logged_in(claude: Claude) -> None:
    end = await (await claude.play(says("Hello."), profile={"env": {"ANTHROPIC_API_KEY": ""}})).end()
    assert (end.outcome, end.reason) == (
        "credentials",
        "Claude Code is not logged in, or its key is refused: Not logged in · Please run /login",
    )


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limit_error"), (529, "overloaded_error")])
async def test_a_provider_that_is_busy_for_a_moment_is_asked_again_and_that_is_shown(claude: Claude, status: int, kind: str) -> None:
    turn = await claude.play(Step((text("Here I am."),), refusal=Refusal(status, kind, times=1, headers={"retry-after": "0"})))
    assert (await turn.end()).outcome == "ok"
    retry = turn.one(Retry)
    assert (retry.attempt, retry.status) == (1, status)
    assert turn.said == "Here I am."


@pytest.mark.parametrize("midway", [Midway.CUT, Midway.RESET])
async def test_a_stream_that_breaks_off_is_made_good(claude: Claude, midway: Midway) -> None:
    turn = await claude.play(Step((text("One.\nTwo and three.\nFour."),), midway=midway), says("Never."))
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "One.\nTwo and three.\nFour.")
    assert turn.said.endswith("One.\nTwo and three.\nFour.")
    assert turn.all(Retry)


@pytest.mark.parametrize(("given", "of_the_profile"), [(0.001, 5.0), (None, 0.001)])
async def test_a_budget_ends_it(claude: Claude, given: float | None, of_the_profile: float) -> None:
    profile = {"permission_mode": "ask", "limits": {"budget_usd": of_the_profile}}
    turn = await claude.play(LONG, LONG, profile=profile, budget_usd=given)
    end = await turn.end()
    assert (end.outcome, end.reason) == ("limit", "the budget of $0.001 of this task is used up")
    assert turn.one(Usage).cost_usd


async def test_a_number_of_turns_ends_it(claude: Claude) -> None:
    turn = await claude.play(uses("Bash", command="pwd", description="Where"), profile={"words": ("--max-turns=1",)})
    assert (await turn.end()).outcome == "limit"


async def test_a_session_that_is_not_there_is_lost(claude: Claude) -> None:
    turn = await claude.play(says("Hello."), session="51a04cde-426e-4eb1-97e6-06508a08c908")
    assert (await turn.end()).outcome == "lost"
    assert not claude.requests


async def test_four_at_once_in_one_home(claude: Claude) -> None:
    script = claude.script(uses("Write", file_path="{cwd}/mine.txt", content="mine\n"), says("Done."))
    worktrees = [claude.turns.folder / f"worktree-{number}" for number in range(4)]
    for worktree in worktrees:
        worktree.mkdir()
    turns = await asyncio.gather(*(claude.again(script, worktree=worktree) for worktree in worktrees))
    assert [(await turn.end()).outcome for turn in turns] == ["ok"] * 4
    assert [(worktree / "mine.txt").read_text() for worktree in worktrees] == ["mine\n"] * 4
    assert len({turn.session_id for turn in turns}) == 4
    assert all(len(turn.all(ToolStart)) == 1 and turn.one(Started).mode == "acceptEdits" for turn in turns)
