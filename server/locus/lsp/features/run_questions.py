"""Questions of runs, put to people whose client knows nothing of Locus: each once, with its options as buttons."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from locus.errors import LocusError
from locus.lsp.client import Client
from locus.lsp.features.following import Following, RunChange
from locus.lsp.presenters import runs, words
from locus.lsp.tasks import Tasks
from locus.model.questions import Question
from locus.model.run import RunView
from locus.workspace import Workspace

log = logging.getLogger(__name__)

Answer = Callable[[Workspace, str, str, str], Coroutine[Any, Any, None]]

LONG = 7 * 86400.0
"""Seconds that a message waits for its answer, unless it is withdrawn: a question stays open when its agent cannot wait any more."""
_MAX_TITLE, _MAX_DETAIL, _MAX_LABEL = 300, 1500, 80
"""Characters."""


class RunQuestions:
    def __init__(self, client: Client, tasks: Tasks, following: Following, answer: Answer) -> None:
        """`answer(workspace, run id, question id, option id)`."""
        self._client = client
        self._tasks = tasks
        self._following = following
        self._answer = answer
        self._asked: dict[tuple[str, str], asyncio.Task[None]] = {}
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        capabilities = self._client.capabilities
        if capabilities.locus_version is not None or not capabilities.show_message_request:
            return
        view = change.view
        open_now = {(view.id, question.id) for question in view.questions}
        for question in view.questions:
            key = (view.id, question.id)
            if key not in self._asked and self._matters(change.workspace, view, question):
                self._asked[key] = self._tasks.start(self._ask(change.workspace, view, question), f"question {question.id}")
        for (run_id, question_id), asking in self._asked.items():
            if run_id == view.id and (run_id, question_id) not in open_now and not asking.done():
                asking.cancel()  # answered elsewhere, or nobody waits any longer

    def _matters(self, workspace: Workspace, view: RunView, question: Question) -> bool:
        """Not what an ended run asks about a task that was run again since."""
        if view.alive or question.task is None:
            return view.alive
        latest = self._following.latest(workspace, question.task)
        return latest is None or latest.id <= view.id

    async def _ask(self, workspace: Workspace, view: RunView, question: Question) -> None:
        buttons = {words.plain(option.label, _MAX_LABEL): option.id for option in question.options if option.kind != "text"}
        label = await self._client.choose(message(view, question), list(buttons), LONG)
        if label is None:
            return
        try:
            await self._answer(workspace, view.id, question.id, buttons[label])
        except LocusError as error:
            log.warning("the answer to %r came to nothing: %s", question.title, error)


def message(view: RunView, question: Question) -> str:
    """`#42 Fix pagination: May the agent run `npm install`?`, and below it what there is to know."""
    task = view.task(question.task) if question.task is not None else None
    text = f"{runs.task_name(task) if task is not None else runs.name(view)}: {words.plain(question.title, _MAX_TITLE)}"
    lines = [words.plain(line, _MAX_TITLE) for line in question.detail.strip().splitlines()]
    detail = "\n".join(lines)
    if len(detail) > _MAX_DETAIL:
        detail = detail[:_MAX_DETAIL].rpartition("\n")[0] + "\n..."
    return f"{text}\n\n{detail}" if detail else text
