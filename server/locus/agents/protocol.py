"""What the engine needs of an agent: start it on a prompt, hear what it does, stop it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from locus.model.agent import AgentEvent


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
    hold: Sequence[int] = ()
    env: Mapping[str, str] = field(default_factory=dict)


class Session(Protocol):
    def events(self) -> AsyncIterator[AgentEvent]:
        """Ends after Exited; when it has ended, no process of the agent is left."""

    async def interrupt(self) -> None:
        """Asks the agent to stop; it is made to, if it does not."""

    async def kill(self) -> None:
        """Ends it at once; returns when no process of it is left, whether or not anybody still listens to its events."""


class Agent(Protocol):
    kind: str
    can_resume: bool
    """Whether an interrupted session can be taken up again with its memory."""

    def check(self, root: Path) -> None:
        """Raises Refused, with what to install or mend, when the agent cannot be started. `root` is where relative programs are found."""

    async def start(self, assignment: Assignment) -> Session:
        """Raises LocusError when it could not be started at all."""
