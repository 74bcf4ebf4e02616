"""All runs in one status, for a status bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locus.lsp.presenters import runs
from locus.lsp.presenters.words import escaped, plain
from locus.model.run import RunView
from locus.model.states import RunState, TaskState


def status(views: Sequence[RunView], reason: str | None, offline: str | None = None) -> dict[str, Any]:
    """`locus/status`. `views` are newest first; `reason` says why no folder has a repository, None when one has; `offline` why the tracker
    cannot be asked.
    """
    alive = [view for view in views if view.alive]
    shown = alive or list(views[:1])
    tasks = [task for view in shown for task in view.tasks]
    state, text = _off() if reason is not None else _of(alive, views[0] if views else None, offline)
    costs = [view.cost_usd for view in shown if view.cost_usd is not None]
    answer: dict[str, Any] = {
        "state": state,
        "text": text,
        "tooltip": escaped(plain(reason, 300) if reason is not None else _tooltip(shown, offline)),
        "running": sum(task.state.active for task in tasks),
        "done": sum(task.state.succeeded for task in tasks),
        "failed": sum(task.state in (TaskState.FAILED, TaskState.BLOCKED) for task in tasks),
        "waiting": sum(len(view.questions) for view in shown),
    }
    if reason is not None:
        answer["reason"] = plain(reason, 300)
    if costs:
        answer["costUsd"] = round(sum(costs), 4)
    return answer


def _off() -> tuple[str, str]:
    return "off", "off"


def _of(alive: Sequence[RunView], latest: RunView | None, offline: str | None) -> tuple[str, str]:
    if alive:
        asking = [view for view in alive if view.questions]
        if asking:
            return "attention", f"{_short(asking[0])} asks"
        return "working", runs.brief(alive[0]) if len(alive) == 1 else f"{len(alive)} runs {_sum(alive)}"
    if latest is not None and latest.questions:
        return "attention", f"{_short(latest)} asks"
    if offline is not None:
        return "offline", "offline"
    if latest is None or latest.state in (RunState.DONE, RunState.STOPPED):
        return "idle", "idle"
    if latest.state is RunState.LOST:
        return "attention", f"{_short(latest)} interrupted"
    return "failed", f"{_short(latest)} {latest.state.value}"


def _sum(views: Sequence[RunView]) -> str:
    return f"{sum(view.done for view in views)}/{sum(len(view.tasks) for view in views)}"


def _short(view: RunView) -> str:
    return f"#{view.tasks[0].number}" if view.sprint is None and len(view.tasks) == 1 else plain(runs.name(view), 40)


def _tooltip(shown: Sequence[RunView], offline: str | None) -> str:
    lines = [f"{runs.name(view)}: {runs.message(view) if view.alive else runs.outcome(view)}" for view in shown] or [
        "Nothing has been run yet."
    ]
    return "\n".join([*lines, *([f"Tasks are shown as they were: {plain(offline, 300)}"] if offline else [])])
