"""`codex`: the Codex CLI, by `codex app-server`, a process for each turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from locus import process
from locus.agents.codex.binary import native
from locus.agents.codex.conversation import Conversation
from locus.agents.codex.session import CodexSession, taken
from locus.agents.program import require
from locus.agents.protocol import Assignment
from locus.errors import ProcessFailed, Refused
from locus.model.config import AgentProfile

INSTALL: Final = "install Codex with `npm install -g @openai/codex`, or name the program in `argv` of the agent"

_LINE: Final = 64 * 1024 * 1024
"""Bytes of one message: it may hold a whole file, or all that a command printed."""


class CodexAgent:
    kind = "codex"
    can_resume = True

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile

    def check(self, root: Path) -> None:
        require(self._profile.words[0], root, INSTALL)

    async def start(self, assignment: Assignment) -> CodexSession:
        env = process.agent_env({**assignment.variables, **self._profile.env})
        conversation = Conversation(
            assignment.worktree,
            assignment.prompt,
            mode=self._profile.permission_mode,
            model=assignment.model or self._profile.model,
            thread=assignment.session,
        )
        supervised = await process.supervise(
            self._argv(assignment, env),
            cwd=assignment.worktree,
            env=env,
            input=taken(conversation),
            interactive=True,
            hold=assignment.hold,
            line_cap=_LINE,
        )
        return CodexSession(supervised, conversation)

    def _argv(self, assignment: Assignment, env: dict[str, str]) -> list[str]:
        """Of a setting that is given twice Codex takes the last."""
        program, *extra = self._profile.words
        bypass = self._profile.permission_mode == "bypass" or any("dangerously" in word for word in extra)
        if bypass and not assignment.bypass_allowed:
            raise Refused(
                "the agent would work without a sandbox and without asking for any permission, and the repository's configuration cannot "
                "decide that",
                "say it in your own configuration file, or choose `permissionMode` edits or ask",
            )
        return [native(program, assignment.root, env), *extra, "app-server", "-c", _trust(assignment)]


def _trust(assignment: Assignment) -> str:
    """Whether the worktree's `.codex` (settings, MCP servers, hooks, rules of what may be executed) counts. It is always said: Codex would
    begin to trust a folder that it does not know, and write that down for good, as soon as a thread may change it."""
    level = "trusted" if assignment.settings_trusted else "untrusted"
    folders = dict.fromkeys((assignment.worktree, assignment.worktree.resolve()))
    return "projects={" + ", ".join(f'{json.dumps(str(folder))}={{trust_level="{level}"}}' for folder in folders) + "}"


async def version(program: str, root: Path) -> str | None:
    """`0.169.0`; None where it does not say."""
    env = process.agent_env()
    try:
        done = await process.run([native(program, root, env), "--version"], cwd=root, env=env, timeout=10.0)
    except ProcessFailed:
        return None
    words = done.out.split()
    return words[-1] if words and words[-1][:1].isdigit() else None
