"""textDocument/codeAction: an issue from the selection; run, stop or resume the task that this code belongs to. From memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from locus.lsp.announced import ACT_KIND, CREATE_KIND
from locus.lsp.features.anchored_code import AnchoredCode
from locus.lsp.features.following import Following
from locus.lsp.positions import Positions
from locus.lsp.presenters import tasks as present
from locus.lsp.presenters.words import plain
from locus.lsp.workspaces import Workspaces


class CodeActions:
    def __init__(self, workspaces: Workspaces, following: Following, code: AnchoredCode) -> None:
        self._workspaces = workspaces
        self._following = following
        self._code = code

    def at(self, params: types.CodeActionParams, positions: Positions) -> list[types.CodeAction]:
        only = params.context.only
        offered = [*self._create(params), *self._act(params, positions)]
        return [action for action in offered if action.kind is not None and _wanted(action.kind, only)]

    def _create(self, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
        selected = params.range
        # Some editors ask at every move of the cursor: without a selection they get no offer that nobody asked for.
        silent = params.context.trigger_kind == types.CodeActionTriggerKind.Automatic and selected.start == selected.end
        if self._workspaces.off is not None or silent:
            return
        arguments = {"uri": params.text_document.uri, "range": selected}
        command = types.Command("Create issue from selection", "locus.issue.create", arguments=[arguments])
        yield types.CodeAction(command.title, kind=CREATE_KIND, command=command)

    def _act(self, params: types.CodeActionParams, positions: Positions) -> Iterator[types.CodeAction]:
        for located in self._code.in_document(params.text_document.uri):
            if not _touch(positions.lsp(located.lines, located.anchor.range), params.range):
                continue
            found = located.found
            view = self._following.latest(found.workspace, found.task.number)
            for action in present.actions(found.task, view, found.workspace.folder, trusted=self._workspaces.trusted):
                if action.kind == "diff":
                    continue
                title = f"{action.word} #{found.task.number} {plain(found.task.title)}" if found.task.sprint is None else action.word
                if action.kind != "run" and found.task.sprint is not None:
                    title = f"{action.word} #{found.task.number} {plain(found.task.title)}"
                command = types.Command(title, action.command, arguments=[action.arguments])
                about = [each for each in params.context.diagnostics if each.source == "locus" and each.data == {"task": found.task.number}]
                yield types.CodeAction(title, kind=ACT_KIND, command=command, diagnostics=about or None)


def _wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Kinds are hierarchical: asking for `refactor` asks for `refactor.rewrite`, and asking for the empty kind asks for all."""
    return only is None or any(each == "" or kind == each or kind.startswith(f"{getattr(each, 'value', each)}.") for each in only)


def _touch(one: types.Range, other: types.Range) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line
