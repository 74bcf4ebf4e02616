"""Config: every setting Locus knows, with its type, default and meaning. Reading them from disk is settings.py's work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from locus.model.base import Model
from locus.model.permissions import RuleText

Argv = Annotated[tuple[str, ...], Field(min_length=1)]
Command = str | Argv
"""An argv list, or one string for `sh -c` (`cmd /c` on Windows)."""


def text_of(command: Command) -> str:
    """For reading; not to be run."""
    return command if isinstance(command, str) else " ".join(command)


Count = Annotated[int, Field(strict=True, ge=1)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]


PermissionMode = Literal["ask", "edits", "bypass"]


class AgentLimits(Model):
    """What one profile has otherwise than `agent.*` and `limits.*` say."""

    budget_usd: Dollars | None = None
    idle_timeout: Seconds | None = None
    timeout: Seconds | None = None


class AgentProfile(Model):
    """`agents.<name>`: one way to have work done. `claude` and `codex` are found on PATH where `argv` does not say otherwise; what follows
    the program in `argv` is given to it too."""

    kind: Literal["shell", "claude", "codex", "acp"]
    argv: Argv | None = None
    env: dict[str, str] = Field(default_factory=dict)
    model: str | None = None
    permission_mode: PermissionMode = "edits"
    """`ask`: every change is asked for; `edits`: what stays in the worktree is not; `bypass`: nothing is, and only the person's own
    settings may say so."""
    limits: AgentLimits = AgentLimits()

    @model_validator(mode="after")
    def _has_a_program(self) -> AgentProfile:
        if self.argv is None and self.kind in ("shell", "acp"):
            raise PydanticCustomError("no_program", "argv is missing: a {kind} agent is the program that you name", {"kind": self.kind})
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """The program and what it is given in any case."""
        return self.argv or (self.kind,)


ParserName = Literal["pytest", "ruff", "mypy", "tsc", "eslint", "cargo", "go", "lines"]
"""Whose output it is; `lines` is what most tools print: `file:line:column: message`."""


class VerifyCommand(Model):
    name: str
    run: Command
    timeout: Seconds = 900.0
    parser: ParserName | None = None
    """None: told from the command, or from its output."""


def built_in() -> dict[str, AgentProfile]:
    """Agents that need no configuration, in the order in which `auto` looks for them."""
    return {"claude": AgentProfile(kind="claude"), "codex": AgentProfile(kind="codex")}


class AiSection(Model):
    provider: str = Field("auto", description="The agent that does the work: an `agents` entry, claude, codex, or auto, what is there")
    model: str | None = Field(None, description="The model the agent is asked to use")


class AgentSection(Model):
    max_parallel: Count = Field(3, description="Max concurrent tasks in parallel mode")
    auto_label: Flag = Field(True, description="Auto-update issue labels during execution")
    auto_pr: Flag = Field(True, alias="autoPR", description="Auto-create PRs for completed tasks")
    base_branch: str | None = Field(
        None, description="Base branch for PRs and worktree creation; unset: the remote's HEAD, else main or master"
    )
    rebase_before_task: Flag = Field(True, description="Check for base branch drift between tasks")
    max_attempts: Count = Field(2, description="How often the agent may try one task when verification fails")
    idle_timeout: Seconds = Field(600.0, description="Seconds without a word from the agent before it is stopped")
    timeout: Seconds = Field(7200.0, description="Seconds an agent may take for one attempt")
    review: Flag = Field(False, description="A finished task waits for review (in-review) instead of being done")
    budget_usd: Dollars | None = Field(None, description="US dollars that one task may cost; then its agent is stopped")


class PromptSection(Model):
    max_chars: Annotated[int, Field(strict=True, ge=8000)] = Field(
        120_000, description="Characters that the prompt of a task may have; its parts share them by need"
    )


class SprintSection(Model):
    stop_on_failure: Flag = Field(True, description="Stop sprint execution when a task fails")
    draft_pr: Flag = Field(
        False, alias="draftPR", description="Make a sprint's PR as a draft after its first finished task; it is ready when all are done"
    )
    active: str | None = Field(None, description="Name of the currently active sprint; `locus sprint active` overrides it")


class PermissionsSection(Model):
    allow: tuple[RuleText, ...] = Field((), description="What agents may do without asking; only your own settings may say so")
    ask: tuple[RuleText, ...] = Field((), description="What agents must ask for, also where it would be allowed")
    deny: tuple[RuleText, ...] = Field((), description="What agents may not do")


class LimitsSection(Model):
    max_wait: Seconds = Field(21600.0, description="Seconds for which a run waits until a provider's limit is over")


class QuestionSection(Model):
    timeout: Seconds = Field(60.0, description="Seconds a run waits for an answer")


class RunSection(Model):
    on_editor_exit: Literal["continue", "interrupt"] = Field("continue", description="What happens to runs when their editor closes")


class WorktreeSection(Model):
    max_kept: Count = Field(
        20, description="Worktrees of ended tasks that stay on disk; of more, those least recently used become snapshots"
    )


class KeepSection(Model):
    days: Count = Field(30, description="Days for which a snapshot of a worktree can be restored")
    max_bytes: Count = Field(5 * 1024**3, description="Bytes that all snapshots may take together; beyond it the earliest go")


class Config(Model):
    """The effective configuration of one run or workspace."""

    tracker: Literal["auto", "github", "local"] = Field(
        "auto", description="Where tasks live; auto: on GitHub where the remote is there and gh is logged in, else embedded"
    )
    ai: AiSection = Field(default_factory=AiSection)
    agent: AgentSection = Field(default_factory=AgentSection)
    sprint: SprintSection = Field(default_factory=SprintSection)
    verify: tuple[VerifyCommand, ...] = Field((), description="Commands that must pass before a task counts as done")
    verify_detect: Flag = Field(
        True, description="Where verify is not set, the checks that the repository clearly uses are taken, once you have allowed them"
    )
    prompt: PromptSection = Field(default_factory=PromptSection)
    permissions: PermissionsSection = Field(default_factory=PermissionsSection)
    question: QuestionSection = Field(default_factory=QuestionSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    run: RunSection = Field(default_factory=RunSection)
    worktree: WorktreeSection = Field(default_factory=WorktreeSection)
    keep: KeepSection = Field(default_factory=KeepSection)
    agents: dict[str, AgentProfile] = Field(default_factory=dict, description="Agents by name; `claude` and `codex` need no entry")

    @property
    def profiles(self) -> Mapping[str, AgentProfile]:
        """All agents that can be chosen: those that are configured, and those that need not be."""
        return {**self.agents, **{name: profile for name, profile in built_in().items() if name not in self.agents}}

    def model_of(self, agent: str, asked: str | None) -> str | None:
        """The model that an agent is asked to use: the run's, else its profile's, else the one for all."""
        return asked or self.profiles[agent].model or self.ai.model
