"""The `shell` agent, as the engine uses it: what it is given, what is heard of it, how it ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from locus.agents import build
from locus.agents.protocol import Assignment
from locus.errors import LocusError, Refused
from locus.model.agent import AgentEvent, Exited, Learned, Notice, Plan, Text, ToolStart, TurnEnd, Usage
from locus.model.config import AgentProfile
from support.procs import alive, numbers, until_async


def _assignment(folder: Path, prompt: str = "do it\n") -> Assignment:
    worktree = folder / "worktree"
    worktree.mkdir(exist_ok=True)
    prompt_file = folder / "prompt.md"
    prompt_file.write_text(prompt)
    return Assignment("run-1", 7, root=folder, worktree=worktree, prompt=prompt, prompt_file=prompt_file, base="abc123", model="big")


async def _events(folder: Path, *argv: str, prompt: str = "do it\n", **env: str) -> list[AgentEvent]:
    agent = build(AgentProfile(kind="shell", argv=argv, env=env))
    session = await agent.start(_assignment(folder, prompt))
    return [event async for event in session.events()]


def _said(events: list[AgentEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def _end(events: list[AgentEvent]) -> TurnEnd:
    (end,) = [event for event in events if isinstance(event, TurnEnd)]
    return end


async def test_placeholders_are_replaced_once_and_never_by_a_shell(tmp_path: Path) -> None:
    events = await _events(
        tmp_path, "printf", "%s\n", "{worktree}", "{prompt_file}", "{base}", "{id}", "a{id}b{base}", "$(id) {worktree", "{{id}}"
    )
    worktree, prompt_file, *rest = _said(events)
    assert (Path(worktree), Path(prompt_file)) == (tmp_path / "worktree", tmp_path / "prompt.md")
    assert rest == ["abc123", "7", "a7babc123", "$(id) {worktree", "{7}"]


async def test_the_prompt_is_on_stdin_and_in_a_file_and_the_worktree_is_the_folder(tmp_path: Path) -> None:
    events = await _events(
        tmp_path, "sh", "-c", 'cat; cat "$LOCUS_PROMPT_FILE"; pwd; echo $LOCUS_TASK $LOCUS_RUN_ID $LOCUS_MODEL $EXTRA', EXTRA="mine"
    )
    assert _said(events) == ["do it", "do it", str(tmp_path / "worktree"), "7 run-1 big mine"]


async def test_a_large_prompt_that_nobody_reads_is_no_trouble(tmp_path: Path) -> None:
    events = await _events(tmp_path, "sh", "-c", "echo done", prompt="x" * 5_000_000)
    assert _end(events).outcome == "ok"


@pytest.mark.parametrize(
    ("script", "words"),
    [("exit 3", "exited with 3"), ("echo it broke >&2; exit 1", "exited with 1: it broke"), ("kill -9 $$", "ended by signal 9")],
)
async def test_a_bad_end_says_why(tmp_path: Path, script: str, words: str) -> None:
    events = await _events(tmp_path, "sh", "-c", script)
    assert _end(events).outcome == "failed" and words in str(_end(events).reason)
    assert isinstance(events[-1], Exited)


async def test_the_summary_is_the_last_whole_lines(tmp_path: Path) -> None:
    events = await _events(tmp_path, "sh", "-c", "seq 1000")
    summary = str(_end(events).summary)
    assert summary.endswith("\n1000") and len(summary) <= 500 and summary.splitlines()[0] in {str(n) for n in range(1000)}


async def test_an_interrupted_agent_is_cancelled_whatever_its_exit_code(tmp_path: Path) -> None:
    agent = build(AgentProfile(kind="shell", argv=("sh", "-c", "trap 'exit 0' INT; touch came; while :; do sleep 0.05; done")))
    session = await agent.start(_assignment(tmp_path))

    async def stop() -> None:
        await until_async(lambda: (tmp_path / "worktree" / "came").exists())
        await session.interrupt()

    stopping = asyncio.create_task(stop())
    events = [event async for event in session.events()]
    await stopping
    assert _end(events).outcome == "cancelled"


async def test_when_it_has_been_killed_nothing_of_it_is_left(tmp_path: Path) -> None:
    script = "trap '' TERM; setsid sleep 600 & echo $! > child; mv child there; wait"
    session = await build(AgentProfile(kind="shell", argv=("sh", "-c", script))).start(_assignment(tmp_path))
    (child,) = await until_async(lambda: numbers(tmp_path / "worktree" / "there"))
    await session.kill()  # nobody listens to its events
    assert not alive(child)


def test_a_program_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    script = tmp_path / "agent.sh"
    script.write_text("#!/bin/sh\n")
    for argv, words in (
        (("no-such-program",), "not found on PATH"),
        (("./gone.sh",), "does not exist"),
        (("./agent.sh",), "not executable"),
    ):
        with pytest.raises(Refused, match=words) as refused:
            build(AgentProfile(kind="shell", argv=argv)).check(tmp_path)
        assert refused.value.hint
    script.chmod(0o755)
    build(AgentProfile(kind="shell", argv=("./agent.sh",))).check(tmp_path)


async def test_a_relative_program_is_the_persons_not_the_worktrees(tmp_path: Path) -> None:
    (tmp_path / "worktree").mkdir()
    for folder, word in ((tmp_path, "person"), (tmp_path / "worktree", "branch")):
        (folder / "agent.sh").write_text(f"#!/bin/sh\necho from the {word}\n")
        (folder / "agent.sh").chmod(0o755)
    assert _said(await _events(tmp_path, "./agent.sh")) == ["from the person"]


async def test_what_cannot_be_started_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(LocusError, match="no-such-program"):
        await _events(tmp_path, "no-such-program")


async def test_no_github_token_and_nothing_of_the_editor_reaches_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "VSCODE_PID", "GIT_DIR", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    said = _said(await _events(tmp_path, "env"))
    assert not [line for line in said if "secret" in line]
    assert f"PATH={os.environ['PATH']}" in said


async def test_lines_may_tell_more_than_text(tmp_path: Path) -> None:
    script = r"""
printf '%s\n' '::locus progress reading' '::locus tool execute npm test' '::locus plan [x] read; [>] write; [ ] look'
printf '%s\n' '::locus usage tokens=1200 cost=0.05' '::locus learned Names are spelled out.' '::locus summary It is done.' 'the last line'
"""
    events = await _events(tmp_path, "sh", "-c", script)
    assert Text(text="reading") in events
    assert [(event.tool, event.title) for event in events if isinstance(event, ToolStart)] == [("execute", "npm test")]
    (plan,) = [event for event in events if isinstance(event, Plan)]
    assert [(entry.content, entry.status) for entry in plan.entries] == [
        ("read", "completed"),
        ("write", "in_progress"),
        ("look", "pending"),
    ]
    assert Usage(tokens=1200, cost_usd=0.05) in events
    assert Learned(text="Names are spelled out.") in events
    assert _end(events).summary == "It is done."
    assert _said(events) == ["summary: It is done.", "the last line"]


@pytest.mark.parametrize(
    "line",
    [
        "::locus",
        "::locus dance",
        "::locus tool fly away",
        "::locus plan read",
        "::locus usage much",
        f"::locus usage tokens={'9' * 5000}",
        f"::locus usage cost={'9' * 400}",
        "::locus progress",
        " ::locus progress x",
    ],
)
async def test_a_line_that_is_none_of_them_is_a_line(line: str, tmp_path: Path) -> None:
    events = await _events(tmp_path, "printf", "%s\n", line)
    assert _said(events) == [line]
