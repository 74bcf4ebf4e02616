"""`codex`: the Codex CLI, by `codex app-server`, a process for each turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from locus import process
from locus.agents.codex.binary import native
from locus.agents.codex.contract import TESTED
from locus.agents.codex.conversation import Conversation
from locus.agents.codex.session import CodexSession, taken
from locus.agents.program import about, require
from locus.agents.protocol import Assignment, Standing
from locus.agents.turn_process import begin
from locus.errors import Refused
from locus.model.config import AgentProfile

INSTALL: Final = "install Codex with `npm install -g @openai/codex`, or name the program in `argv` of the agent"

LOGIN: Final = "log in with `codex login`"


class CodexAgent:
    kind = "codex"
    can_resume = True

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile

    def check(self, root: Path) -> None:
        require(self._profile.words[0], root, INSTALL)

    def seems_ready(self) -> bool:
        """By its login alone: `codex app-server` does not use a key that is in the environment."""
        env = self._env()
        folder = Path(env.get("CODEX_HOME") or Path(env.get("HOME", "")) / ".codex")
        return (folder / "auth.json").exists()

    async def standing(self, root: Path) -> Standing:
        env = self._env()
        version, status = await about(native(self._profile.words[0], root, env), ["login", "status"], root, env)
        return Standing(version=version[-1] if version else None, tested=TESTED, logged_in=_logged_in(status), login=LOGIN)

    def _env(self) -> dict[str, str]:
        return process.agent_env(dict(self._profile.env))

    async def start(self, assignment: Assignment) -> CodexSession:
        env = process.agent_env({**assignment.variables, **self._profile.env})
        conversation = Conversation(
            assignment.worktree,
            assignment.prompt,
            mode=assignment.permission_mode(self._profile.permission_mode),
            model=assignment.model or self._profile.model,
            thread=assignment.session,
        )
        begun = await begin(self._argv(assignment, env), assignment, env, taken(conversation))
        return CodexSession(begun, conversation)

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


def _logged_in(status: process.Completed | None) -> bool | None:
    """`codex login status` ends with 0, or says `Not logged in`."""
    if status is None:
        return None
    if status.code == 0:
        return True
    return False if "not logged in" in f"{status.out}\n{status.err}".lower() else None
