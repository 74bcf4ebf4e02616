"""What a repository may do to the person's Claude Code, and what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locus.agents import build
from locus.errors import Refused
from locus.model.config import AgentProfile
from support.claude import Claude
from support.models.anthropic import says, uses

pytestmark = pytest.mark.agents


def _with_settings(worktree: Path) -> None:
    """A repository that would run programs of its own."""
    (worktree / ".claude").mkdir()
    hook = {"hooks": [{"type": "command", "command": f"touch {worktree}/hook"}]}
    settings = {"hooks": {"SessionStart": [hook]}, "enableAllProjectMcpServers": True, "apiKeyHelper": f"touch {worktree}/helper; echo key"}
    (worktree / ".claude" / "settings.json").write_text(json.dumps(settings))
    server = {"command": "touch", "args": [f"{worktree}/server"]}
    (worktree / ".mcp.json").write_text(json.dumps({"mcpServers": {"own": server}}))


async def test_hooks_of_the_repository_run_only_when_it_is_trusted(claude: Claude) -> None:
    _with_settings(claude.worktree)
    assert (await (await claude.play(says("Hello."))).end()).outcome == "ok"
    assert not [path.name for path in claude.worktree.iterdir() if not path.name.startswith(".")]
    assert (await (await claude.play(says("Hello."), settings_trusted=True)).end()).outcome == "ok"
    assert (claude.worktree / "hook").exists()


async def test_other_sessions_of_this_machine_are_out_of_its_reach(claude: Claude) -> None:
    assert (await (await claude.play(says("Hello."))).end()).outcome == "ok"
    tools = {tool["name"] for tool in claude.requests[0].body["tools"]}
    assert {"Bash", "Edit", "Write", "AskUserQuestion"} <= tools
    assert not tools & {"ListAgents", "SendMessage", "CronCreate", "ScheduleWakeup", "EnterWorktree", "EnterPlanMode"}


async def test_permissions_are_switched_off_by_the_person_alone(claude: Claude) -> None:
    for profile in ({"permission_mode": "bypass"}, {"words": ("--dangerously-skip-permissions",)}):
        with pytest.raises(Refused, match="without asking") as refused:
            await claude.play(says("Hello."), profile=profile)
        assert refused.value.hint
    sandboxed = {"permission_mode": "bypass", "env": {"IS_SANDBOX": "1"}}  # without it Claude does not do this for root
    turn = await claude.play(uses("Bash", command="exit 3", description="Try"), says("Done."), profile=sandboxed, bypass_allowed=True)
    assert (await turn.end()).outcome == "ok"
    assert not turn.asked


async def test_it_says_which_version_it_is_and_whether_somebody_is_logged_in(claude: Claude) -> None:
    pinned = json.loads((Path(__file__).parents[1] / "package.json").read_text())["dependencies"]["@anthropic-ai/claude-code"]
    with_key, without = (build(claude.profile("any", env=env)) for env in ({}, {"ANTHROPIC_API_KEY": ""}))
    standing = await with_key.standing(claude.worktree)
    assert (standing.version, standing.tested, standing.logged_in) == (pinned, pinned, True)
    assert with_key.seems_ready() and not without.seems_ready()
    assert (await without.standing(claude.worktree)).logged_in is False
    nobody = await build(AgentProfile(kind="claude", argv=("no-such-program",))).standing(claude.worktree)
    assert (nobody.version, nobody.logged_in) == (None, None)


async def test_it_is_there(claude: Claude) -> None:
    build(claude.profile("any")).check(claude.turns.folder)
