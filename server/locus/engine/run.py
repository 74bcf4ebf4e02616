"""Everything the parts of one run share while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from locus.agents import resolve
from locus.agents.protocol import Agent
from locus.engine.before import Before
from locus.engine.claims import Claims
from locus.engine.control import Control
from locus.engine.effects import Effects
from locus.engine.glances import Glances
from locus.engine.journal import Sink
from locus.engine.notices import Notices
from locus.engine.request import RunRequest
from locus.engine.verdicts import TaskEnded
from locus.locks import Slots
from locus.model.config import AgentProfile, Config
from locus.model.events import RunEvent, RunPlanned, TaskStateChanged, Warned
from locus.model.run import TaskRun
from locus.model.states import TaskState
from locus.model.task import Comment
from locus.repo.base import BaseBranch
from locus.repo.discover import Repository
from locus.tracker.protocol import Tracker
from locus.trust import agent_settings, is_the_persons

if TYPE_CHECKING:
    from locus.engine.survey import Survey
    from locus.workspace import Workspace


@dataclass
class Run:
    id: str
    folder: Path
    request: RunRequest
    ws: Workspace
    journal: Sink
    effects: Effects
    notices: Notices
    glances: Glances
    control: Control
    slots: Slots
    claims: Claims
    seen: Survey
    planned: RunPlanned
    resumed: bool
    base_tree: str | None = None
    branches: dict[str, str] = field(default_factory=dict)
    """`locus/...` and what we remember of them (`refs/locus/own/locus/...`), with their tips, as they were when the run began."""
    remote_tips: dict[str, str | None] = field(default_factory=dict)
    """The remote's `locus/...` branches when this run, or its resumption, began."""
    pushed: dict[str, str | None] = field(default_factory=dict)
    """Per branch the commit that the remote has as far as this run knows; None where it has no such branch."""

    comments: Mapping[int, Sequence[Comment]] = field(default_factory=dict)
    """As they were when the run began, of a tracker that may fall silent."""

    before: Before = field(init=False)
    """What checks said before the tasks."""
    drafting: asyncio.Task[None] | None = None
    """A sprint's draft pull request that is being made."""
    template: asyncio.Task[str | None] | None = None
    """The repository's own for pull requests, being read since the first was made."""

    left_out: set[int] = field(default_factory=set)
    """Tasks that were withdrawn before their turn came: they are nobody's failure."""
    refusals: dict[int, int] = field(default_factory=dict)
    """Per task how many of its turns in a row the provider was too busy for."""
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a person has answered: what they allowed for the run may settle other questions. Another one each time."""

    def __post_init__(self) -> None:
        self.before = Before(self.id)

    @property
    def config(self) -> Config:
        return self.request.config

    @property
    def verified(self) -> tuple[str, ...]:
        """The checks that a finished task has passed."""
        return tuple(check.name for check in self.config.verify if check.name not in self.journal.fold.not_counted)

    @property
    def base_branch(self) -> BaseBranch:
        """Where pull requests go."""
        return BaseBranch(self.planned.base_branch, self.planned.base_remote or self.planned.remote)

    @property
    def repo(self) -> Repository:
        return self.ws.repo

    @property
    def tracker(self) -> Tracker:
        return self.ws.tracker

    @property
    def trash(self) -> Path:
        return self.ws.state / "trash"

    def model_of(self, agent: str) -> str | None:
        """The model that it is asked to use; None: its own choice."""
        return self.config.model_of(agent, self.request.wanted.model)

    def agent(self, name: str) -> Agent:
        return self.ws.agent(name, self.config)[1]

    def profile(self, name: str) -> AgentProfile:
        return self.config.profiles[resolve(name, self.config, self.ws.root)]

    def is_the_persons(self, agent: str) -> bool:
        """Whether its profile is from the person's own settings, not from the repository."""
        return is_the_persons(self.request.merged(), agent)

    def trusts_settings(self, worktree: Path) -> bool:
        """Whether the person has allowed the very settings for agents that stand in the worktree."""
        found = agent_settings(worktree)
        return bool(found) and not self.ws.trust.missing(found)

    def tell_granted(self) -> None:
        self.granted.set()
        self.granted = asyncio.Event()

    def record(self, event: RunEvent, task: int | None = None) -> None:
        self.journal.append(event, task)

    def warn(self, message: str) -> None:
        self.record(Warned(message=message))

    def move(self, task: int, state: TaskState, *, phase: str | None = None, attempt: int | None = None) -> None:
        self.record(TaskStateChanged(state=state, phase=phase, attempt=attempt), task)

    def end(self, task: int, ended: TaskEnded) -> None:
        self.record(TaskStateChanged(state=ended.state, error=ended.message, hint=ended.hint), task)

    def task(self, number: int) -> TaskRun:
        return self.journal.fold.tasks[number]

    def task_folder(self, number: int) -> Path:
        return self.folder / "tasks" / str(number)
