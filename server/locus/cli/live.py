"""A run as it goes on, rewritten in place: one line for each task."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from locus.cli.present import glyph_of, what_of
from locus.cli.status import seconds_since
from locus.cli.terminal import Glyphs, Style, Terminal
from locus.cli.text import cut, duration, money, one_line, plural, width_of
from locus.model.states import RunState, TaskState

if TYPE_CHECKING:
    from locus.model.run import RunView, TaskRun

_EVERY: Final = 0.1  # seconds between two drawings
_STATE_WIDTH: Final = 11
Piece = tuple[str, Style | None]


class LiveDisplay:
    """Below what the terminal shows already; leaves nothing behind when it is closed. Lines said stay above it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._console = Console(file=terminal.stdout, markup=False, emoji=False, highlight=False, no_color=not terminal.colour)
        self._live: Live | None = None
        self._paused = False
        self._drawn = 0.0
        self._view: RunView | None = None
        self._warned = 0

    def show(self, view: RunView) -> None:
        for warning in view.warnings[self._warned :]:
            self.say(f"warning: {one_line(warning)}")
        self._warned = len(view.warnings)
        now = time.monotonic()
        if self._paused or now - self._drawn < _EVERY:
            return
        self._drawn, self._view = now, view
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
            self._live.start()
        size = self._console.size
        # One cell stays free: some terminals wrap a line that ends at the edge.
        lines = rows(view, size.width - 1, size.height - 1, self._terminal.glyphs, seconds_since)
        self._live.update(Group(*(_drawable(line) for line in lines)), refresh=True)

    def say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def pause(self) -> None:
        self._paused = True
        self._end()

    def resume(self) -> None:
        self._paused = False

    def close(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _drawable(line: list[Piece]) -> Text:
    return Text.assemble(*((text, style or "") for text, style in line), no_wrap=True, overflow="crop")


def rows(view: RunView, width: int, height: int, glyphs: Glyphs, age: Callable[[str], float]) -> list[list[Piece]]:
    """At most `height` lines of at most `width` cells. `age` gives the seconds since a stamp."""
    shown = _shown(view.tasks, max(1, height - 2))
    hidden = [task for task in view.tasks if task not in shown]
    number = max((len(f"#{task.number}") for task in shown), default=0)
    titles = {task.number: one_line(task.title) for task in shown}
    title = min(max((width_of(text) for text in titles.values()), default=0), max(12, (width - number - _STATE_WIDTH - 16) // 2))
    lines = [_task_row(task, titles[task.number], number, title, width, glyphs, age) for task in shown]
    if hidden and height > 2:
        counts = Counter(task.state for task in hidden)
        more = ", ".join(f"{count} {state}" for state, count in counts.items())
        lines.append([(cut(f"  and {more}", width, glyphs.ellipsis), "dim")])
    lines.append([(cut(_footer(view, glyphs, age), width, glyphs.ellipsis), "dim")])
    return lines


def _task_row(task: TaskRun, title: str, number: int, size: int, width: int, glyphs: Glyphs, age: Callable[[str], float]) -> list[Piece]:
    mark, style = glyph_of(task.state, glyphs)
    taken = duration(age(task.started_at)) if task.state.active and task.started_at else ""
    shown = cut(title, size, glyphs.ellipsis)
    pieces: list[Piece] = [
        (mark, style),
        (f" {f'#{task.number}':>{number}} {shown}{' ' * (size - width_of(shown))}  ", None),
        (f"{task.state:<{_STATE_WIDTH}}", style),
        (f" {taken:>7}  ", "dim"),
        (_doing(task), None if task.state.active else "dim"),
    ]
    return _fitted(pieces, width, glyphs.ellipsis)


def _doing(task: TaskRun) -> str:
    """What the task is about at the moment, or what became of it."""
    if task.error:
        return one_line(task.error)
    if task.state.active:
        again = f"attempt {task.attempt}: " if task.attempt > 1 else ""
        return again + one_line(task.activity or task.phase or "")
    if task.state is TaskState.PENDING:
        return one_line(task.phase or "") if task.resumes_at else ""
    said = [plural(task.changed_files, "file") if task.changed_files is not None else "", money(task.cost_usd)]
    return ", ".join(part for part in said if part)


def _footer(view: RunView, glyphs: Glyphs, age: Callable[[str], float]) -> str:
    state = {RunState.STARTING: "starting", RunState.WAITING: "waiting", RunState.STOPPING: "stopping"}.get(view.state, "")
    reason = f": {one_line(view.reason)}" if state and view.reason else ""
    if state and reason.startswith(f": {state}"):  # waiting for GitHub until 14:05
        state, reason = "", reason[2:]
    facts = [
        what_of(view) if view.sprint else "",
        f"{view.done} of {len(view.tasks)} done",
        duration(age(view.started_at)),
        money(view.cost_usd),
        f"{state}{reason}" or "Ctrl+C or Esc stops",
    ]
    return "  " + f" {glyphs.dot} ".join(fact for fact in facts if fact)


def _shown(tasks: tuple[TaskRun, ...], room: int) -> list[TaskRun]:
    """Those that fit: what is worked on before what needs a look before what waits before what is done; in the order they have."""
    if len(tasks) <= room:
        return list(tasks)
    chosen = {task.number for task in sorted(tasks, key=_rank)[: max(1, room - 1)]}
    return [task for task in tasks if task.number in chosen]


def _rank(task: TaskRun) -> int:
    if task.state.active:
        return 0
    if task.state is TaskState.PENDING:
        return 2
    return 3 if task.state.succeeded else 1


def _fitted(pieces: list[Piece], width: int, ellipsis: str) -> list[Piece]:
    fitted: list[Piece] = []
    room = width
    for text, style in pieces:
        text = cut(text, room, ellipsis) if room > 0 else ""
        if text:
            fitted.append((text, style))
        room -= width_of(text)
    return fitted
