"""`locus agents`: what is there, which version, who has logged in, what to do about the rest. Programs of those names stand in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locus.agents.claude.agent import TESTED as CLAUDE
from locus.agents.codex.contract import TESTED as CODEX
from support.house import House
from support.typed import Locus

CLAUDE_PROGRAM = """\
#!/bin/sh
echo "$*" >> {log}
case "$*" in --version) echo "{version} (Claude Code)";; "auth status") echo '{{"loggedIn": {logged_in}}}';; *) exit 9;; esac
"""
CODEX_PROGRAM = """\
#!/bin/sh
echo "$*" >> {log}
case "$*" in --version) echo "codex-cli {version}";; "login status") echo "Not logged in" >&2; exit 1;; *) exit 9;; esac
"""


@pytest.fixture
def bin(locus: Locus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH in which agents could be; `locus` has set PATH before."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def program(path: Path, text: str, **words: str) -> None:
    path.write_text(text.format(log=path.with_suffix(".log"), **words))
    path.chmod(0o755)


def test_versions_login_and_who_does_the_work(locus: Locus, house: House, bin: Path) -> None:
    """Asked are versions and logins, which cost nothing."""
    (house.ws.repo.locus_dir / "config.json").write_text("{}")
    program(bin / "claude", CLAUDE_PROGRAM, version="9.9.9", logged_in="true")
    program(bin / "codex", CODEX_PROGRAM, version=CODEX)
    said = locus("agents")
    assert said.out.splitlines() == [
        f"✓ claude 9.9.9, tested with {CLAUDE}, logged in · does the work",
        "    claude: claude",
        f"✗ codex {CODEX}, not logged in",
        "    codex: codex",
        *(f"    {line}" for line in locus("agents", "--json").json[1]["fix"].splitlines()),
    ]
    claude, codex = locus("agents", "--json").json
    assert (claude["version"], claude["tested"], claude["loggedIn"], claude["chosen"]) == ("9.9.9", CLAUDE, True, True)
    assert (codex["version"], codex["tested"], codex["loggedIn"], codex["chosen"]) == (CODEX, CODEX, False, False)
    assert "codex login" in codex["fix"]
    asked = {line for name in ("claude", "codex") for line in (bin / f"{name}.log").read_text().splitlines()}
    assert asked == {"--version", "auth status", "login status"}


def test_what_is_not_there_is_named_with_the_command_that_installs_it(locus: Locus, house: House, bin: Path) -> None:
    (house.ws.repo.locus_dir / "config.json").write_text("{}")
    out = locus("agents").out
    assert "✗ claude, not installed" in out and "npm install -g @anthropic-ai/claude-code" in out
    assert "✗ codex, not installed" in out and "npm install -g @openai/codex" in out
    assert "Nobody is there to do the work" in out
    doctor = {check["check"]: check for check in locus("doctor", "--json").json}
    assert not doctor["agent"]["ok"] and "npm install -g" in doctor["agent"]["fix"]


def test_profiles_of_the_configuration_stand_first_and_may_be_missing(locus: Locus, house: House, bin: Path) -> None:
    profiles = {
        "gem": {"kind": "acp", "argv": ["gemini", "--acp"], "model": "pro"},
        "mine": {"kind": "shell", "argv": ["sh", "-c", "true"]},
    }
    (house.ws.repo.locus_dir / "config.json").write_text(json.dumps({"agents": profiles, "ai": {"provider": "mine"}}))
    lines = locus("agents").out.splitlines()
    assert lines[:2] == ["✗ gem, not installed", "    acp: gemini --acp, model pro"]
    assert lines[2].startswith("    the agent's program gemini was not found on PATH")
    assert lines[3:5] == ["✓ mine · does the work", "    shell: sh -c true"]
