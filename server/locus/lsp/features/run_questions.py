"""Questions of runs, put to people whose client knows nothing of Locus: each once, with its options as buttons."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from locus.errors import LocusError
from locus.lsp.client import PERSON_SECONDS, Client
from locus.lsp.features.following import Following, RunChange
from locus.lsp.presenters import runs
from locus.lsp.tasks import Tasks
from locus.model.events import Question
from locus.model.run import RunView
from locus.workspace import Workspace

log = logging.getLogger(__name__)

Answer = Callable[[Workspace, str, str, str], Coroutine[Any, Any, None]]


class RunQuestions:
    def __init__(self, client: Client, tasks: Tasks, following: Following, answer: Answer) -> None:
        """`answer(workspace, run id, question id, option id)`."""
        self._client = client
        self._tasks = tasks
        self._answer = answer
        self._asked: dict[tuple[str, str], asyncio.Task[None]] = {}
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        capabilities = self._client.capabilities
        if capabilities.locus_version is not None or not capabilities.show_message_request:
            return
        open_now = {(change.view.id, question.id) for question in change.view.questions}
        for question in change.view.questions:
            key = (change.view.id, question.id)
            if key not in self._asked:
                self._asked[key] = self._tasks.start(self._ask(change.workspace, change.view, question), f"question {question.id}")
        for (run_id, question_id), asking in self._asked.items():
            if run_id == change.view.id and (run_id, question_id) not in open_now and not asking.done():
                asking.cancel()  # answered elsewhere, or nobody waits any longer

    async def _ask(self, workspace: Workspace, view: RunView, question: Question) -> None:
        about = f"#{question.task}" if question.task is not None else runs.name(view)
        text = f"{about}: {question.title}" + (f"\n\n{question.detail}" if question.detail else "")
        label = await self._client.choose(text, [option.label for option in question.options], _seconds_left(question))
        chosen = next((option for option in question.options if option.label == label), None)
        if chosen is None:
            return
        try:
            await self._answer(workspace, view.id, question.id, chosen.id)
        except LocusError as error:
            log.warning("the answer to %r came to nothing: %s", question.title, error)


def _seconds_left(question: Question) -> float:
    if question.expires_at is None:
        return PERSON_SECONDS
    return max(1.0, (datetime.fromisoformat(question.expires_at) - datetime.now(UTC)).total_seconds())
