"""What a repository brings along for Codex counts only where the person trusts it, and Codex is found and refused as it should be."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from locus.agents import build
from locus.agents.codex.contract import TESTED
from locus.errors import Refused
from locus.model.config import AgentProfile
from support.codex import MODEL, PROGRAM, Codex, binary, config_of
from support.models.responses import Step, shell

pytestmark = pytest.mark.agents

_THEIRS = """
model = "model-of-the-repository"
sandbox_mode = "danger-full-access"
[mcp_servers.theirs]
command = "sh"
args = ["-c", "touch {mark}; cat"]
"""


@pytest.fixture
def linked(codex: Codex) -> Path:
    """A worktree of a repository that has settings for Codex, MCP servers among them."""
    repository = codex.home.parent / "repository"
    repository.mkdir()
    (repository / ".codex").mkdir()
    (repository / ".codex" / "config.toml").write_text(_THEIRS.format(mark=codex.home / "ran"))
    (repository / "AGENTS.md").write_text("Words of the repository.\n")
    worktree = repository / ".locus" / "worktrees" / "issue-1"
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message=start"],
        ["worktree", "add", "--quiet", "-b", "locus/issue-1", str(worktree)],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True)
    return worktree


STEPS = Step(calls=[shell("touch made")]), Step("Done.")


@pytest.mark.parametrize("before", ["", '[projects."{repository}"]\ntrust_level = "trusted"\n'])
async def test_settings_of_the_repository_do_not_count(codex: Codex, linked: Path, before: str) -> None:
    """Not even where the person has once told Codex itself to trust the repository; and Codex' own file stays as it is."""
    scenario = codex.script(*STEPS)
    file = config_of(codex, scenario) / "config.toml"
    file.write_text(own := file.read_text() + before.format(repository=linked.parents[2]))
    turn = await codex.again(scenario, worktree=linked)
    assert (await turn.end()).outcome == "ok"
    assert (linked / "made").exists()
    assert codex.requests[0].body["model"] == MODEL
    assert "Words of the repository." not in codex.requests[0].text
    assert not (codex.home / "ran").exists()
    assert file.read_text() == own


async def test_settings_of_a_trusted_repository_count(codex: Codex, linked: Path) -> None:
    scenario = codex.script(*STEPS)
    file = config_of(codex, scenario) / "config.toml"
    own = file.read_text()
    turn = await codex.again(scenario, worktree=linked, settings_trusted=True)
    assert (await turn.end()).outcome == "ok"
    assert codex.requests[0].body["model"] == "model-of-the-repository"
    assert "Words of the repository." in codex.requests[0].text
    assert (codex.home / "ran").exists()
    assert file.read_text() == own


@pytest.mark.parametrize("profile", [{"permission_mode": "bypass"}, {"words": ("--dangerously-bypass-approvals-and-sandbox",)}])
async def test_a_repository_cannot_switch_permissions_off(codex: Codex, profile: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="repository's configuration") as caught:
        await codex.play(Step("Never."), profile=profile)
    assert caught.value.hint is not None


async def test_the_persons_own_settings_can(codex: Codex) -> None:
    outside = codex.home / "outside.txt"
    steps = Step(calls=[shell(f"touch {outside}")]), Step("Done.")
    turn = await codex.play(*steps, profile={"permission_mode": "bypass"}, bypass_allowed=True)
    assert (await turn.end()).outcome == "ok"
    assert outside.exists()


async def test_the_profiles_own_words_and_model_are_passed_on(codex: Codex) -> None:
    steps = (Step("Done."),)
    turn = await codex.play(*steps, profile={"words": ("-c", 'model_reasoning_effort="low"'), "model": "gpt-5.6"})
    await turn.end()
    assert codex.requests[0].body["model"] == "gpt-5.6"
    assert codex.requests[0].body["reasoning"]["effort"] == "low"
    await (await codex.play(*steps, profile={"model": "gpt-5.6"}, model="gpt-5.4")).end()
    assert codex.requests[1].body["model"] == "gpt-5.4"


async def test_the_native_program_is_found_behind_npms_script(codex: Codex, tmp_path: Path) -> None:
    program = Path(binary())
    assert program.read_bytes()[:4] == b"\x7fELF"
    for word in (str(PROGRAM), str(program)):
        agent = build(AgentProfile(kind="codex", argv=(word,), env={"HOME": str(tmp_path), "CODEX_HOME": str(codex.home)}))
        standing = await agent.standing(tmp_path)
        assert (standing.version, standing.tested, standing.logged_in) == (TESTED, TESTED, False)
        assert not agent.seems_ready()
    nobody = await build(AgentProfile(kind="codex", argv=("no-such-codex",))).standing(tmp_path)
    assert (nobody.version, nobody.logged_in) == (None, None)


def test_where_it_is_missing_the_command_that_installs_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        build(AgentProfile(kind="codex", argv=("no-such-codex",))).check(tmp_path)
    assert caught.value.hint is not None
    assert "npm install -g @openai/codex" in caught.value.hint
    build(AgentProfile(kind="codex", argv=(str(PROGRAM),))).check(tmp_path)
