"""The real Codex when something is wrong: it is stopped, refused, cut off, limited, or ends by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import pytest

from locus.model.agent import Exited, PermissionRequest, Retry, Started, Text, ToolStart
from support.codex import Codex, config_of
from support.models.responses import Refusal, Step, new_file, shell, tool_outputs
from support.models.server import Midway
from support.procs import alive, carriers, numbers, program, until_async

pytestmark = pytest.mark.agents

STALLS = Step("First line.\nThe second one is never said to its end.", midway=Midway.SILENCE)


async def test_a_text_is_interrupted_and_the_thread_goes_on(codex: Codex) -> None:
    scenario = codex.script(Step(calls=[new_file("a.txt", "a\n")]), STALLS, Step("I remember."))
    turn = await codex.again(scenario, prompt="The word is heliotrope.")
    await turn.until(Text)
    asked_for = time.monotonic()
    await turn.session.interrupt()
    end = await turn.end()
    assert (end.outcome, end.reason) == ("cancelled", "it was interrupted")
    assert time.monotonic() - asked_for < 5
    assert turn.one(Exited).code == 0

    codex.model.scenarios[scenario] = (Step("I remember."),)
    later = await codex.again(scenario, prompt="What was the word?", session=turn.session_id)
    assert (await later.end()).summary == "I remember."
    assert later.session_id == turn.session_id
    told = codex.requests[-1].text
    assert "heliotrope" in told
    assert "a.txt" in told
    assert "What was the word?" in told


async def test_a_command_is_interrupted_and_the_thread_goes_on(codex: Codex) -> None:
    pids = codex.worktree / "pids"
    steps = Step(calls=[shell("sleep 300 & echo $$ $! > pids; wait", yield_time_ms=30_000)]), Step("It was stopped.")
    scenario = codex.script(*steps)
    turn = await codex.again(scenario)
    await turn.until(ToolStart)
    await until_async(lambda: numbers(pids), 30)
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    later = await codex.again(scenario, prompt="Go on.", session=turn.session_id)
    assert (await later.end()).summary == "It was stopped."
    assert "sleep 300" in codex.requests[-1].text
    assert "aborted" in tool_outputs(codex.requests[-1])[-1]


async def test_what_waits_for_an_answer_is_refused_by_an_interrupt(codex: Codex) -> None:
    turn = await codex.play(Step(calls=[new_file("a.txt", "a\n")]), Step("Never."), profile={"permission_mode": "ask"})
    await turn.until(PermissionRequest)
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    assert not (codex.worktree / "a.txt").exists()


async def test_an_interrupt_before_it_has_begun(codex: Codex) -> None:
    turn = await codex.play(Step("Never."))
    await turn.session.interrupt()
    assert (await turn.end()).outcome == "cancelled"
    assert not codex.requests


async def test_nothing_is_left_of_a_killed_turn(codex: Codex) -> None:
    turn = await codex.play(Step(calls=[shell("sleep 300", yield_time_ms=30_000)]), profile={"env": {"MARK": codex.home.name}})
    await turn.until(ToolStart)
    await turn.session.kill()
    assert (await turn.end()).outcome == "cancelled"
    assert not carriers("CODEX_HOME", str(config_of(codex, "scenario-0")))


_OURS = """
import asyncio, json, sys
from pathlib import Path
from locus.agents import build
from locus.agents.protocol import Assignment
from locus.model.config import AgentProfile
async def main():
    profile, folder = AgentProfile.model_validate_json(sys.argv[1]), Path(sys.argv[2])
    given = Assignment("run-1", 1, root=folder, worktree=folder, prompt="do it", prompt_file=folder / "prompt.md", base="abc",
                       bypass_allowed=True)
    async for event in (await build(profile).start(given)).events():
        pass
asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["edits", "bypass"])
async def test_kill_of_our_process_leaves_nothing_of_it(codex: Codex, mode: str) -> None:
    scenario = codex.script(Step(calls=[shell("sleep 300 & echo $! > pids; wait", yield_time_ms=30_000)]))
    profile = codex.profile(scenario, permission_mode=mode)
    script = codex.home / "ours.py"
    script.write_text(_OURS)
    ours = await asyncio.create_subprocess_exec(sys.executable, script, profile.model_dump_json(by_alias=True), codex.worktree)
    try:
        await until_async(lambda: numbers(codex.worktree / "pids"), 45)
        ours.send_signal(signal.SIGKILL)
        await ours.wait()
        await until_async(lambda: not carriers("CODEX_HOME", str(config_of(codex, scenario))), 15)
    finally:
        if ours.returncode is None:
            ours.kill()
            await ours.wait()


async def test_a_wrong_key_ends_it_at_once(codex: Codex) -> None:
    turn = await codex.play(Step(refusal=Refusal(401, "Incorrect API key provided", more={"code": "invalid_api_key"})))
    end = await turn.end()
    assert end.outcome == "credentials"
    assert end.reason is not None
    assert "Incorrect API key provided" in end.reason
    assert "http" not in end.reason
    assert end.hint is not None
    assert end.hint.startswith("run `codex login`")
    assert not turn.all(Retry)


async def test_a_missing_key_is_told_as_that(codex: Codex) -> None:
    scenario = codex.script(Step("Never."))
    config = config_of(codex, scenario) / "config.toml"
    config.write_text(config.read_text().replace("SCRIPTED_KEY", "NO_SUCH_KEY"))
    end = await (await codex.again(scenario)).end()
    assert (end.outcome, end.reason) == ("credentials", "Missing environment variable: `NO_SUCH_KEY`.")


async def test_a_busy_provider_is_tried_again_and_that_is_shown(codex: Codex) -> None:
    busy = Refusal(429, "Rate limit reached. Please try again in 1s.", {"retry-after": "1"}, {"code": "rate_limit_exceeded"}, times=1)
    turn = await codex.play(Step("It worked.", refusal=busy))
    assert (await turn.end()).outcome == "ok"
    assert [(retry.attempt, retry.status) for retry in turn.all(Retry)] == [(1, 429)]


async def test_a_failing_provider_is_given_up(codex: Codex) -> None:
    turn = await codex.play(Step(refusal=Refusal(500)))
    end = await turn.end()
    assert end.outcome == "busy"
    assert end.reason is not None
    assert "high demand" in end.reason
    assert [retry.attempt for retry in turn.all(Retry)] == [1, 2]


async def test_a_used_up_quota_says_when_it_is_over(codex: Codex) -> None:
    resets = int(time.time()) + 3600
    headers = {
        "x-codex-primary-used-percent": "100",
        "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": str(resets),
    }
    more = {"type": "usage_limit_reached", "plan_type": "plus", "resets_at": resets}
    end = await (await codex.play(Step(refusal=Refusal(429, "The usage limit has been reached", headers, more)))).end()
    assert end.outcome == "limit"
    assert end.resets_at == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(resets))
    later = await (await codex.play(Step(refusal=Refusal(429, "The usage limit has been reached", more=more)))).end()
    assert later.resets_at is not None  # from its words: to the minute
    named = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(resets + 60))
    assert later.resets_at[:16] == named


async def test_a_refused_request_fails_with_the_providers_words(codex: Codex) -> None:
    end = await (await codex.play(Step(refusal=Refusal(400, "no such parameter")))).end()
    assert (end.outcome, end.reason) == ("failed", "no such parameter")


async def test_a_stream_that_is_cut_off_is_asked_for_again(codex: Codex) -> None:
    turn = await codex.play(Step("One two.\nThree four.", midway=Midway.CUT, times=1))
    end = await turn.end()
    assert (end.outcome, end.summary) == ("ok", "One two.\nThree four.")
    assert [retry.attempt for retry in turn.all(Retry)] == [1]


async def test_an_unknown_session_is_lost(codex: Codex) -> None:
    scenario = codex.script(Step("Never."))
    for session in ("01a214ac-9b1a-7e70-b48a-7c19aef5fa5d", "nonsense"):
        turn = await codex.again(scenario, session=session)
        assert (await turn.end()).outcome == "lost"
        assert not turn.all(Started)
    assert not codex.requests


async def test_codex_that_ends_by_itself_has_failed_with_its_last_words(codex: Codex) -> None:
    turn = await codex.play(Step("Never."), profile={"words": ("-c", "tools.update_plan=1")})
    end = await turn.end()
    assert end.outcome == "failed"
    assert end.reason is not None
    assert end.reason.startswith("Codex exited with 1 in the middle of its turn: Error: invalid type")
    assert end.reason.endswith("in `tools.update_plan`")
    exited = turn.one(Exited)
    assert exited.code == 1
    assert "update_plan" in exited.stderr_tail


async def test_a_mistake_in_the_persons_settings_is_told(codex: Codex) -> None:
    scenario = codex.script(Step("Never."))
    file = config_of(codex, scenario) / "config.toml"
    file.write_text("model = 7\n")
    end = await (await codex.again(scenario)).end()
    assert end.outcome == "failed"
    assert str(file) in (end.reason or "")


async def test_codex_that_is_killed_by_somebody_has_failed(codex: Codex) -> None:
    turn = await codex.play(STALLS)
    await turn.until(Text)
    pid = min(pid for pid in carriers("CODEX_HOME", str(config_of(codex, "scenario-0"))) if program(pid) == "codex")
    os.kill(pid, signal.SIGKILL)
    end = await turn.end()
    assert end.outcome == "failed"
    assert end.reason is not None
    assert end.reason.startswith("Codex was ended by signal 9")
    assert not alive(pid)
