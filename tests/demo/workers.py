"""Who does the work in the demonstration: the script beside this file, or the real Claude Code."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.playground import ROOT
from support.models.anthropic import messages_server, says, uses

SCRIPT = "tests/demo/agent.py"
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
PINNED = ROOT / "tests/agents/node_modules/.bin/claude"


class NotThere(Exception):
    """What is missing, and how to get it."""


@dataclass(frozen=True)
class Worker:
    """`profile` is the agent's in the configuration, where `{project}` is the person's checkout; `who` says what it is."""

    name: str
    profile: dict[str, Any]
    who: Sequence[str]

    def configured(self, project: Path) -> dict[str, Any]:
        argv = [word.replace("{project}", str(project)) for word in self.profile["argv"]]
        return {"ai": {"provider": self.name}, "agents": {self.name: {**self.profile, "argv": argv}}}


@contextlib.contextmanager
def at_hand(name: str, folder: Path) -> Iterator[Worker]:
    """`folder` is for what the worker needs of its own."""
    if name == "script":
        yield script()
        return
    program = shutil.which("claude") or (str(PINNED) if PINNED.exists() else None)
    if program is None:
        raise NotThere("Claude Code is not there: `npm install -g @anthropic-ai/claude-code` installs it.")
    if any(os.environ.get(key) for key in KEYS):
        yield with_key(program)
        return
    with messages_server() as model:
        model.scenarios["demo"] = (
            uses("Bash", command=f'{sys.executable} {ROOT / SCRIPT} "$LOCUS_PROMPT_FILE"', description="Do what the issue says"),
            says("I have done what the issue says."),
        )
        yield without_key(program, model.url("demo"), folder / "claude")


def script() -> Worker:
    return Worker(
        "scripted",
        {"kind": "shell", "argv": [sys.executable, "{project}/" + SCRIPT, "{prompt_file}"]},
        (
            "The agent is a small script (tests/demo/agent.py), not an AI: it does literally",
            "what the issues say. Everything else is real: the server, git, the worktrees, the branches.",
        ),
    )


def without_key(program: str, url: str, home: Path) -> Worker:
    """Its configuration and its sessions are not the person's."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".claude.json").write_text("{}\n", encoding="utf-8")  # two that start at once would each miss it, and say so
    env = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "demo",
        "CLAUDE_CONFIG_DIR": str(home),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return Worker(
        "claude",
        {"kind": "claude", "argv": [program, "--allowedTools=Bash"], "env": env},
        (
            "The agent is the real Claude Code. There is no key in the environment, so its model is not an AI",
            "but a script on this machine (tests/support/models): it has Claude Code execute",
            "tests/demo/agent.py, which does literally what the issues say. Everything else is real.",
        ),
    )


def with_key(program: str) -> Worker:
    """Without a shell it has nothing to ask the person for."""
    return Worker(
        "claude",
        {"kind": "claude", "argv": [program, "--tools=Read,Edit,Write,Glob,Grep"]},
        ("The agent is the real Claude Code, and the key in the environment pays for what it does: five", "small tasks, without a shell."),
    )
