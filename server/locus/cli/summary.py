"""What a person wants to know when a run has ended: what became of each task, and what to do next. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from locus.cli.present import problem_lines, run_glyph
from locus.cli.text import duration, one_line, plural, spent, table
from locus.model.states import RunState, TaskState

if TYPE_CHECKING:
    from locus.cli.terminal import Terminal
    from locus.model.run import RunView, TaskRun
    from locus.model.task import PullRequest

_PROBLEMS = 5
_BRANCH = re.compile(r"[\w./+-]+")


def exit_code(view: RunView, *, interrupted: bool) -> int:
    if view.state is RunState.DONE:
        return 0
    if interrupted or view.state is RunState.STOPPED:
        return 130
    return 2 if view.state is RunState.REFUSED else 1


def summary(view: RunView, terminal: Terminal, learned: int = 0) -> Iterator[str]:
    """`learned`: how much of what its agents have learned waits for a yes."""
    rows = [_row(task) for task in view.tasks]
    if view.state is not RunState.REFUSED:
        for task, line in zip(
            view.tasks, table(rows, width=terminal.width - 2, flexible=2, ellipsis=terminal.glyphs.ellipsis), strict=True
        ):
            yield f"{run_glyph(terminal, task.state)} {line}"
            yield from (f"    {said}" for said in _troubles(view, task))
        yield ""
    yield f"{run_glyph(terminal, view.state)} {_total(view)}"
    if view.hint and not _says_only_to_go_on(view.hint):
        yield f"    hint: {one_line(view.hint)}"
    yield from _next(view)
    if learned:
        yield ""
        yield f"Its agents have learned {plural(learned, 'thing')} about this repository; shall later tasks know?"
        yield "  locus memory list"


def _row(task: TaskRun) -> tuple[str, ...]:
    pull = f"pull request #{task.pull_request.number}" if task.pull_request else ""
    return (f"#{task.number}", str(task.state), one_line(task.title), one_line(task.branch or ""), (task.commit or "")[:10], pull)


def cost_line(task: TaskRun) -> Iterator[str]:
    """What a task has cost, and each of its attempts where there were several."""
    if total := spent(task.tokens, task.cost_usd):
        each = [f"attempt {one.attempt}: {said}" for one in task.attempts if (said := spent(one.tokens, one.cost_usd))]
        yield f"cost: {total}" + (f" ({'; '.join(each)})" if len(each) > 1 else "")


def _troubles(view: RunView, task: TaskRun) -> Iterator[str]:
    yield from cost_line(task)
    if task.denials:
        yield f"refused to it: {', '.join(one_line(denial) for denial in task.denials)}"
    if task.error and task.error != view.reason:
        yield f"error: {one_line(task.error)}"
    if task.hint and not _says_only_to_go_on(task.hint):
        yield f"hint: {one_line(task.hint)}"
    yield from (f"  {line}" for line in problem_lines(task, _PROBLEMS))
    if task.state in (TaskState.FAILED, TaskState.BLOCKED, TaskState.INTERRUPTED):
        if task.worktree:
            yield f"its files: {one_line(task.worktree)}"
        yield f"its log: locus logs {view.id} --task {task.number}"


def _total(view: RunView) -> str:
    reason = one_line(view.reason or "")
    facts = [reason if reason.startswith(view.state) else f"{view.state}: {reason}" if reason else str(view.state)]
    if view.state is not RunState.REFUSED and len(view.tasks) > 1:
        facts += [f"{view.done} of {len(view.tasks)} done"]
    if view.ended_at:
        try:
            seconds = (datetime.fromisoformat(view.ended_at) - datetime.fromisoformat(view.started_at)).total_seconds()
            facts.append(duration(seconds))
        except ValueError:
            pass
    return ", ".join(fact for fact in [*facts, spent(view.tokens, view.cost_usd)] if fact)


def _says_only_to_go_on(hint: str) -> bool:
    """`_next` says it too, and with the run's name."""
    return hint in ("go on with `locus run --resume`", "mend the cause, then `locus run --resume`")


def _next(view: RunView) -> Iterator[str]:
    finished = [task for task in view.tasks if task.state.succeeded]
    if finished:
        yield from _deliverables(view, finished)
    asked = {question.task for question in view.questions}  # those go on by themselves when they are answered
    if view.state.unfinished and any(not task.state.succeeded and task.number not in asked for task in view.tasks):
        yield ""
        yield "Go on with what is left:"
        yield f"  locus run --resume {view.id}"


def _deliverables(view: RunView, finished: list[TaskRun]) -> Iterator[str]:
    """Pull requests on a server are reviewed there; branches are looked at and merged here."""
    pulls = [view.pull_request] if view.sprint else [task.pull_request for task in finished]
    online = list(dict.fromkeys(pull.url for pull in pulls if pull is not None and pull.url))
    if online:
        yield ""
        yield "Review and merge:"
        yield from (f"  {one_line(url)}" for url in online)
        return
    branches = list(dict.fromkeys(branch for task in finished if (branch := view.branch or task.branch)))
    if not branches:
        return
    target = _target(view, pulls)
    start = target or (view.base_commit or "HEAD")[:10]
    yield ""
    yield "Look at it, then merge it:"
    yield from (f"  git diff {quote(start)}...{quote(branch)}" for branch in branches)
    if target:
        yield f"  git switch {quote(target)}"
    yield from (f"  git merge --no-ff {quote(branch)}" for branch in branches)


def _target(view: RunView, pulls: Iterable[PullRequest | None]) -> str | None:
    """The branch that the work is to be merged into; None where the run began at a commit that is no branch."""
    for pull in pulls:
        if pull is not None:
            return pull.base
    is_commit = view.base_commit is not None and view.base_commit.startswith(view.base)
    return view.base if _BRANCH.fullmatch(view.base) and not is_commit else None
