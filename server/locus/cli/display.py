"""A run as it goes on, as lines: one for each thing that happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from locus.cli.present import from_line, how_to_answer, question_lines, task_line, what_of
from locus.cli.terminal import Terminal
from locus.cli.text import one_line
from locus.model.states import RunState, TaskState

if TYPE_CHECKING:
    from locus.model.run import RunView, TaskRun


class Display(Protocol):
    def show(self, view: RunView) -> None:
        """How the run is now. Called many times a second, changed or not."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def pause(self) -> None:
        """Until `resume` the terminal belongs to a question."""

    def resume(self) -> None: ...

    def close(self) -> None: ...


class SilentDisplay:
    """For --json: the finished run is the only output."""

    def show(self, view: RunView) -> None: ...
    def say(self, text: str) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None: ...


class PlainDisplay:
    """A line for each transition, in a form that stays the same: `#16 working  Fix pagination`."""

    def __init__(self, terminal: Terminal, *, asks: bool, resumed: bool = False) -> None:
        """`asks`: questions are put to the person, so they are not printed here. `resumed`: how tasks ended before is no news."""
        self._terminal = terminal
        self._asks = asks
        self._resumed = resumed
        self._last: RunView | None = None
        self._asked: set[str] = set()

    def show(self, view: RunView) -> None:
        if view is self._last:
            return
        before, self._last = self._last, view
        if before is None:
            self.say(f"{view.id}  {what_of(view)}")
        if view.base_commit and (before is None or before.base_commit is None):
            self.say(from_line(view.base, view.base_commit))
        for warning in view.warnings[len(before.warnings) if before else 0 :]:
            self.say(f"warning: {one_line(warning)}")
        if before is not None and view.state is not before.state and view.state in (RunState.WAITING, RunState.STOPPING):
            self.say(f"{view.state}" + (f"  {one_line(view.reason)}" if view.reason else ""))
        for task in view.tasks:
            self._task(task, before.task(task.number) if before else None)
        for question in view.questions:
            if question.id not in self._asked and not self._asks:
                self.say("\n".join(question_lines(question)))
                self.say(f"answer with: {how_to_answer(view.id, question)}")
            self._asked.add(question.id)

    def _task(self, task: TaskRun, before: TaskRun | None) -> None:
        if before is None and self._resumed and task.state.ended:
            return
        was = (before.state, before.attempt) if before else (TaskState.PENDING, task.attempt)
        if (task.state, task.attempt) == was:
            return
        again = f" (attempt {task.attempt})" if task.state is TaskState.WORKING and task.attempt > 1 else ""
        self.say(f"{task_line(task)}{again}")

    def say(self, text: str) -> None:
        self._terminal.say(text)

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def close(self) -> None: ...
