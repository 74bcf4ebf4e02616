"""A person's answer to a question of a run, from a face: put where the run finds it; a run that has ended goes on with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from locus.engine import inbox, launch, resuming, store
from locus.engine.inbox import Answer
from locus.engine.store import RunStore
from locus.errors import InvalidArguments, NotFound, Refused
from locus.model.questions import Question
from locus.model.run import RunView
from locus.workspace import Workspace

_TAKEN_WITHIN = 10.0
"""Seconds in which a living run takes an answer."""


async def answer(
    ws: Workspace,
    run_id: str,
    question_id: str,
    option: str,
    message: str | None = None,
    input: Mapping[str, Any] | None = None,
    *,
    interactive: bool,
) -> RunView:
    """The first answer counts; a second one is refused. With no runner alive the task that asked is taken up again."""
    runs = RunStore(ws.runs)
    view = runs.view(run_id)
    question = next((question for question in view.questions if question.id == question_id), None)
    if question is None:
        raise NotFound(f"run {run_id} has no open question {question_id!r}", "it may have been answered elsewhere, or have expired")
    _check(question, option, message, input)
    if not view.alive:
        if not ws.trusted:
            raise Refused("this folder is not trusted: the run cannot go on", "trust it in your editor, then answer again")
        await resuming.chosen(ws, run_id, None)  # says why, where it cannot be taken up
    given = Answer(question_id=question_id, option=option, message=message, input=dict(input) if input is not None else None)
    if not inbox.put(ws.runs / run_id / store.INBOX, given):
        hint = "the first answer counts" + ("" if view.alive else f"; go on with `locus run --resume {run_id}`")
        raise Refused("the question has been answered already", hint)
    return await _heard(ws, runs, view, question, interactive=interactive)


def _check(question: Question, option: str, message: str | None, input: Mapping[str, Any] | None) -> None:
    chosen = next((known for known in question.options if known.id == option), None)
    if chosen is None:
        raise InvalidArguments(f"option: {option!r} is none of {', '.join(known.id for known in question.options)}")
    if chosen.kind == "text" and not (message or "").strip():
        raise InvalidArguments("message: it is the answer, and there is none", f"say what the answer to {question.title!r} is")
    if input is not None and (question.input is None or chosen.kind != "allow_once"):
        raise InvalidArguments("input: it cannot be changed by this answer", "leave it out, or allow it once")


async def _heard(ws: Workspace, runs: RunStore, view: RunView, question: Question, *, interactive: bool) -> RunView:
    """When a runner has taken the answer: one that is alive, or one that is started for it. A run may end in this very moment."""
    deadline = time.monotonic() + _TAKEN_WITHIN
    while time.monotonic() < deadline:
        view = runs.view(view.id)
        if all(known.id != question.id for known in view.questions):
            break
        if not view.alive:
            try:
                await launch.resume(ws, view.id, None, interactive=interactive, only=_alone(view, question))
            except Refused:
                if not runs.view(view.id).alive:  # else somebody else has just resumed it
                    raise
            return runs.view(view.id)
        await asyncio.sleep(0.02)
    return view


def _alone(view: RunView, question: Question) -> tuple[int, ...] | None:
    """A sprint goes on from its task."""
    return (question.task,) if view.sprint is None and question.task is not None else None
