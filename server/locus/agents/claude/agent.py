"""`claude`: Claude Code, in the mode in which it is talked to over stdin and stdout."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Final

from locus import process
from locus.agents.claude.session import ClaudeSession, first_words
from locus.agents.program import about, found, require
from locus.agents.protocol import Assignment, Standing
from locus.agents.turn_process import begin
from locus.errors import Refused
from locus.model.config import AgentProfile

INSTALL: Final = "install Claude Code with `npm install -g @anthropic-ai/claude-code`, or name the program in `argv` of the agent"

TESTED: Final = "2.1.329"
LOGIN: Final = "log in: start `claude` and say `/login`, or set ANTHROPIC_API_KEY"

_LOGINS: Final = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
)

_MODES: Final = {"ask": "manual", "edits": "acceptEdits", "bypass": "bypassPermissions"}

_NOT_HERE: Final = (
    # Other sessions on this machine are nobody's business here.
    "ListAgents",
    "SendMessage",
    # Nothing is left to come back to when the turn is over.
    "CronCreate",
    "ScheduleWakeup",
    # The worktree is Locus' matter.
    "EnterWorktree",
    "ExitWorktree",
    # A plan that waits for a person's approval; it enters this mode by itself, and leaves it into another one than was asked for.
    "EnterPlanMode",
    "ExitPlanMode",
)


class ClaudeAgent:
    kind = "claude"
    can_resume = True

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile

    def check(self, root: Path) -> None:
        require(self._profile.words[0], root, INSTALL)

    def seems_ready(self) -> bool:
        env = self._env()
        folder = Path(env.get("CLAUDE_CONFIG_DIR") or Path(env.get("HOME", "")) / ".claude")
        return any(env.get(name) for name in _LOGINS) or (folder / ".credentials.json").exists()

    async def standing(self, root: Path) -> Standing:
        version, status = await about(found(self._profile.words[0], root), ["auth", "status"], root, self._env())
        return Standing(version=version[0] if version else None, tested=TESTED, logged_in=_logged_in(status), login=LOGIN)

    def _env(self) -> dict[str, str]:
        return process.agent_env(dict(self._profile.env))

    async def start(self, assignment: Assignment) -> ClaudeSession:
        temporary = assignment.prompt_file.parent / "claude-tmp"
        temporary.mkdir(mode=0o700, exist_ok=True)
        own = {"CLAUDE_CODE_TMPDIR": str(temporary)}  # its sockets and the output of its background commands
        budget = self._profile.limits.budget_usd if assignment.budget_usd is None else assignment.budget_usd
        env = process.agent_env({**assignment.variables, **own, **self._profile.env})
        begun = await begin(self._argv(assignment, budget), assignment, env, first_words(assignment.prompt))
        return ClaudeSession(begun, assignment.worktree, temporary, budget)

    def _argv(self, assignment: Assignment, budget_usd: float | None) -> list[str]:
        """What the profile adds comes first: of an option that is given twice Claude takes the last."""
        program, *extra = self._profile.words
        mode = self._profile.permission_mode
        if not assignment.bypass_allowed and (mode == "bypass" or any(_switches_off(word) for word in extra)):
            raise Refused(
                "the agent would work without asking for any permission, and the repository's configuration cannot decide that",
                "say it in your own configuration file, or choose `permissionMode` edits or ask",
            )
        argv = [
            found(program, assignment.root),
            *extra,
            "-p",
            "--input-format=stream-json",
            "--output-format=stream-json",
            "--verbose",
            "--include-partial-messages",
            "--permission-prompt-tool=stdio",
            f"--permission-mode={_MODES[assignment.permission_mode(mode)]}",
            f"--disallowedTools={','.join(_NOT_HERE)}",
            f"--resume={assignment.session}" if assignment.session else f"--session-id={uuid.uuid4()}",
        ]
        if not assignment.settings_trusted:
            argv.append("--setting-sources=user")
        if model := assignment.model or self._profile.model:
            argv.append(f"--model={model}")
        if budget_usd is not None:
            argv.append(f"--max-budget-usd={budget_usd:.6f}")
        return argv


def _logged_in(status: process.Completed | None) -> bool | None:
    """`claude auth status` answers `{"loggedIn": bool, ...}`; older ones do not know the question."""
    try:
        answer = json.loads(status.out) if status is not None else None
    except ValueError:
        return None
    known = answer.get("loggedIn") if isinstance(answer, dict) else None
    return known if isinstance(known, bool) else None


def _switches_off(word: str) -> bool:
    return "dangerously" in word or "bypassPermissions" in word
