"""What the engine needs of an agent: start it on a prompt, hear what it does, stop it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from locus.model.agent import AgentEvent
from locus.model.config import PermissionMode


@dataclass(frozen=True)
class Assignment:
    """One turn of work. `hold` are descriptors of locks that stay held until the agent and all it started are gone."""

    run_id: str
    task: int
    root: Path
    """The person's checkout: where a relative program is found."""
    worktree: Path
    prompt: str
    prompt_file: Path
    base: str
    """The commit the task begins on."""
    model: str | None = None
    session: str | None = None
    """Another turn of this session of the agent's, with its memory; None: a new one. Only where `Agent.can_resume`."""
    settings_trusted: bool = False
    """Whether settings and hooks for the agent that the repository brings along may take effect."""
    bypass_allowed: bool = False
    """Whether the profile is the person's own: the repository's may not switch permissions off."""
    asks_first: bool = False
    """Whatever the profile says, every change is asked for: a person's rules are to see it."""
    budget_usd: float | None = None
    """What may be spent in all in the session, earlier turns of it included. The engine watches over it too."""
    hold: Sequence[int] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def permission_mode(self, of_profile: PermissionMode) -> PermissionMode:
        """How the agent is told to ask."""
        return "ask" if self.asks_first else of_profile

    @property
    def variables(self) -> dict[str, str]:
        """What every agent finds in its environment about its work."""
        return {
            "LOCUS_RUN_ID": self.run_id,
            "LOCUS_TASK": str(self.task),
            "LOCUS_WORKTREE": str(self.worktree),
            "LOCUS_PROMPT_FILE": str(self.prompt_file),
            "LOCUS_BASE": self.base,
            **({"LOCUS_MODEL": self.model} if self.model else {}),
            **self.env,
        }


@dataclass(frozen=True)
class Decision:
    """The answer to a PermissionRequest. `option` is one of the provider's where it is `always`, which is a matter of this session only."""

    allow: bool
    always: bool = False
    message: str | None = None
    """Why it was rejected, for the agent; or the answer to its own question."""
    input: Mapping[str, Any] | None = None
    """The tool's arguments as the person has changed them."""


class Session(Protocol):
    """One turn of an agent, in a process of its own: a session goes on by `Assignment.session` in the next one."""

    def events(self) -> AsyncIterator[AgentEvent]:
        """Ends after Exited; when it has ended, no process of the agent is left."""

    async def answer(self, request: str, decision: Decision) -> None:
        """Decides the PermissionRequest with that id. One that is not waiting any more is ignored."""

    async def interrupt(self) -> None:
        """Asks the agent to stop, so that its session can be resumed; it is made to, if it does not. Permissions that it waits for are
        refused."""

    async def kill(self) -> None:
        """Ends it at once; returns when no process of it is left, whether or not anybody still listens to its events."""


@dataclass(frozen=True)
class Standing:
    """What is known of an agent's program without spending money. None: it does not say, or nobody can know."""

    version: str | None = None
    tested: str | None = None
    """The version that Locus is tested with."""
    logged_in: bool | None = None
    login: str | None = None
    """What to do where it is not logged in."""


class Agent(Protocol):
    kind: str
    can_resume: bool
    """Whether an interrupted session can be taken up again with its memory."""

    def check(self, root: Path) -> None:
        """Raises Refused, with what to install or mend, when the agent cannot be started. `root` is where relative programs are found."""

    def seems_ready(self) -> bool:
        """A guess from the environment and the presence of files, at once: whether somebody has logged in."""

    async def standing(self, root: Path) -> Standing:
        """Asks the program itself, which takes a moment."""

    async def start(self, assignment: Assignment) -> Session:
        """Raises LocusError when it could not be started at all."""
