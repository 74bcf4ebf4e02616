"""How runs and their tasks read: one line each. Pure but for the terminal's abilities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from locus.cli.text import harmless, one_line
from locus.model.states import RunState, TaskState

if TYPE_CHECKING:
    from locus.cli.terminal import Glyphs, Style, Terminal
    from locus.model.questions import Question
    from locus.model.run import RunView, TaskRun

_MAX_DETAIL_LINES = 40


def glyph_of(state: TaskState | RunState, glyphs: Glyphs) -> tuple[str, Style]:
    """The mark of a state, and its colour."""
    match state:
        case TaskState.DONE | TaskState.IN_REVIEW | RunState.DONE:
            return glyphs.done, "green"
        case TaskState.FAILED | RunState.FAILED | RunState.LOST | RunState.REFUSED:
            return glyphs.failed, "red"
        case TaskState.BLOCKED | RunState.WAITING:
            return glyphs.blocked, "yellow"
        case TaskState.INTERRUPTED | RunState.STOPPED | RunState.STOPPING:
            return glyphs.interrupted, "yellow"
        case TaskState.PENDING:
            return glyphs.pending, "dim"
        case _:
            return glyphs.active, "cyan"


def run_glyph(terminal: Terminal, state: TaskState | RunState) -> str:
    mark, style = glyph_of(state, terminal.glyphs)
    return terminal.style(mark, style)


def what_of(view: RunView) -> str:
    """`sprint Sprint 1`, or `#42, #43`."""
    if view.sprint is not None:
        return f"sprint {one_line(view.sprint)}"
    numbers = [f"#{task.number}" for task in view.tasks]
    return ", ".join(numbers[:8]) + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else "")


def from_line(base: str, commit: str) -> str:
    """`from main (0123456789)`; a commit is not named twice."""
    return f"from {one_line(base)}" + ("" if commit[:10] in base or commit.startswith(base) else f" ({commit[:10]})")


def task_line(task: TaskRun) -> str:
    """`#16 working  Fix pagination`; the same words in every version, for scripts that read them."""
    said = task.error or (task.phase if task.resumes_at else None)
    return f"#{task.number} {task.state}  {one_line(task.title)}" + (f": {one_line(said)}" if said else "")


def problem_lines(task: TaskRun, most: int) -> Iterable[str]:
    """What verification found wrong, as compilers write it."""
    yield from (one_line(str(problem)) for problem in task.problems[:most])
    if len(task.problems) > most:
        yield f"... and {len(task.problems) - most} more in its log"


def how_to_answer(run_id: str, question: Question) -> str:
    """The command, for a person who has seen the question."""
    ids = "|".join(option.id for option in question.options if option.kind != "text")
    own = ", or your own words" if any(option.kind == "text" for option in question.options) else ""
    return f"locus answer {run_id} {question.id} {ids}{own}"


def question_lines(question: Question) -> Iterable[str]:
    about = f"#{question.task} " if question.task is not None else ""
    yield f"? {about}{question.id}: {one_line(question.title)}"
    detail = harmless(question.detail).strip().splitlines()
    yield from (f"    {line}" for line in detail[:_MAX_DETAIL_LINES])
    if len(detail) > _MAX_DETAIL_LINES:
        yield f"    ({len(detail) - _MAX_DETAIL_LINES} more lines)"
    yield from (f"  {number}) {one_line(option.label)}" for number, option in enumerate(question.options, 1))
