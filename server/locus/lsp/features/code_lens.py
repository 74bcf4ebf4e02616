"""textDocument/codeLens: above anchored code, how its task is and what can be done about it. From memory."""

from __future__ import annotations

from datetime import UTC, datetime

from lsprotocol import types

from locus.lsp.client import Client
from locus.lsp.features.anchored_code import AnchoredCode, Located
from locus.lsp.features.following import Following, RunChange
from locus.lsp.features.later import Later
from locus.lsp.features.task_cache import TaskCache
from locus.lsp.positions import Positions
from locus.lsp.presenters import tasks as present
from locus.lsp.tasks import Tasks
from locus.model.run import RunView

_Seen = tuple[tuple[object, ...], ...]


class CodeLenses:
    def __init__(self, client: Client, tasks: Tasks, following: Following, cache: TaskCache, code: AnchoredCode) -> None:
        self._following = following
        self._code = code
        self._refresh = Later(tasks, client.refresh_code_lenses, "refreshing code lenses")
        cache.listeners.append(self._refresh.poke)
        following.listeners.append(self._changed)

    def of(self, uri: str, positions: Positions, *, trusted: bool) -> list[types.CodeLens]:
        return [lens for located in self._code.in_document(uri) for lens in self._lenses(located, positions, trusted=trusted)]

    def _lenses(self, located: Located, positions: Positions, *, trusted: bool) -> list[types.CodeLens]:
        found = located.found
        folder = found.workspace.folder
        view = self._following.latest(found.workspace, found.task.number)
        headline = present.headline(found.task, view.task(found.task.number) if view else None, datetime.now(UTC))
        place = positions.lsp(located.lines, located.anchor.range)
        show = types.Command(headline, "locus.issue.show", arguments=[{"number": found.task.number, "folder": folder}])
        actions = present.actions(found.task, view, folder, trusted=trusted)
        commands = [show, *(types.Command(action.word, action.command, arguments=[action.arguments]) for action in actions)]
        # On one line: an editor draws them there in this order, and some refuse a lens over several.
        where = types.Range(place.start, place.end if place.end.line == place.start.line else place.start)
        return [types.CodeLens(where, command) for command in commands]

    def _changed(self, change: RunChange) -> None:
        if change.before is None or _seen(change.view) != _seen(change.before):
            self._refresh.poke()


def _seen(view: RunView) -> _Seen:
    """What lenses show of a run."""
    return ((view.alive,), *((task.number, task.state, task.error, task.changed_files) for task in view.tasks))
