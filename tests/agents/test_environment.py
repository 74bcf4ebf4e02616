"""What every kind of agent finds in its environment: its work, the person's keys, and nothing of GitHub or the server's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest

from locus.agents import build
from locus.agents.protocol import Assignment
from locus.model.config import AgentProfile

OURS = (
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "VSCODE_PID",
    "ELECTRON_RUN_AS_NODE",
    "PYTHONPATH",
    "GIT_DIR",
)


@pytest.mark.parametrize("kind", ["shell", "claude", "codex", "acp"])
async def test_no_agent_gets_a_github_token_or_the_servers_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Literal["shell", "claude", "codex", "acp"]
) -> None:
    """A program in each one's place writes down what it was given, and ends without a word."""
    for name in OURS:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LOCUS_OF_ANOTHER", "secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    program, worktree = tmp_path / "program", tmp_path / "worktrees" / "issue-7"
    worktree.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/env.txt\n")
    program.chmod(0o755)
    assignment = Assignment("run-1", 7, tmp_path, worktree, "Do it.", tmp_path / "prompt.md", "abc123")
    session = await build(AgentProfile(kind=kind, argv=(str(program),), env={"MINE": "too"})).start(assignment)
    async with asyncio.timeout(20):
        async for _ in session.events():
            pass
    found = dict(line.split("=", 1) for line in (tmp_path / "env.txt").read_text().splitlines() if "=" in line)
    assert "secret" not in found.values() and not found.keys() & set(OURS)
    assert (found["LOCUS_RUN_ID"], found["LOCUS_TASK"], found["LOCUS_WORKTREE"]) == ("run-1", "7", str(worktree))
    assert (found["ANTHROPIC_API_KEY"], found["MINE"]) == ("a-key", "too")
