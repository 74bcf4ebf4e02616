"""How far the move has come, in the state folder, so that what was interrupted goes on and makes nothing twice.

Written before and after each thing that is made. `moving.json` while it goes on; `moved.json` afterwards, where it tells the number that
each task had here and has there.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from locus.engine.files import dump, write_atomically
from locus.errors import LocusError
from locus.model.base import Recorded
from locus.tracker.github.place import GitHubPlace

MOVING, MOVED = "moving.json", "moved.json"


class SprintMoved(Recorded):
    """`title` is None from the moment when its milestone is about to be made until it is known to be there."""

    title: str | None = None
    made: bool
    """By this move: otherwise the milestone was there before."""
    after: int = 0


class TaskMoved(Recorded):
    """`there` is None from the moment when its issue is about to be made until its number is known."""

    there: int | None = None
    sent: str = ""
    """Which text the issue has got."""
    seen: str = ""
    """How the task was when all of it had been brought there; empty before."""
    comments: int = 0
    """How many of its comments are there."""


class Progress(Recorded):
    v: Literal[1] = 1
    id: str
    """Part of the hidden marks in what is made."""
    host: str
    owner: str
    name: str
    head_owner: str
    newest: int
    """The highest number there when the move began: what was made by it comes after."""
    sprints: dict[str, SprintMoved] = Field(default_factory=dict)
    tasks: dict[int, TaskMoved] = Field(default_factory=dict)
    pulls: dict[int, int] = Field(default_factory=dict)

    @property
    def place(self) -> GitHubPlace:
        return GitHubPlace(self.host, self.owner, self.name, self.head_owner)

    def there(self, number: int) -> int | None:
        known = self.tasks.get(number)
        return known.there if known is not None else None

    def request(self, number: int) -> str:
        """The hidden id of the wish for this task's issue."""
        return f"{self.id}-{number}"


def begin(place: GitHubPlace, newest: int) -> Progress:
    return Progress(id=uuid.uuid4().hex, host=place.host, owner=place.owner, name=place.name, head_owner=place.head_owner, newest=newest)


def unfinished(state: Path) -> bool:
    return (state / MOVING).exists()


def load(state: Path) -> Progress | None:
    """Of a move that was interrupted, else of the last one. Raises LocusError where it cannot be read."""
    for path in (state / MOVING, state / MOVED):
        try:
            return Progress.model_validate(json.loads(path.read_bytes()))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, ValidationError) as error:
            raise LocusError(
                f"{path} cannot be read: it says what has been moved to GitHub already",
                "restore it: without it all would be moved again",
            ) from error
    return None


def moved_to(state: Path, keeper: str) -> Progress | None:
    """Of the tasks that have moved to this keeper; None where none have."""
    found = load(state) if (state / MOVED).exists() else None
    return found if found is not None and found.place.full_name == keeper else None


class Notebook:
    """The progress, written down with each change."""

    def __init__(self, state: Path, progress: Progress) -> None:
        self._state = state
        self.progress = progress

    def sprint(self, name: str, moved: SprintMoved) -> None:
        self._note(sprints={**self.progress.sprints, name: moved})

    def task(self, number: int, moved: TaskMoved) -> None:
        self._note(tasks={**self.progress.tasks, number: moved})

    def pull(self, number: int, there: int) -> None:
        self._note(pulls={**self.progress.pulls, number: there})

    def write(self) -> None:
        write_atomically(self._state / MOVING, dump(self.progress.wire()))

    def end(self) -> None:
        (self._state / MOVING).replace(self._state / MOVED)

    def _note(self, **changed: object) -> None:
        self.progress = self.progress.model_copy(update=changed)
        self.write()
