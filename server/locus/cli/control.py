"""`locus stop` and `locus answer`: a word to a run that is going on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from locus.cli.parser import Given
from locus.cli.prompt import pick
from locus.cli.session import Session
from locus.cli.text import one_line
from locus.errors import InvalidArguments, NotFound

if TYPE_CHECKING:
    from locus.model.questions import Question
    from locus.model.run import RunView


async def stop(session: Session, given: Given) -> int:
    task, force = given.number("task"), given.flag("force")
    view: RunView = await session.call("locus.run.stop", runId=given.text("run"), task=task, force=force)
    what = f"#{task} of {view.id}" if task is not None else view.id
    how = "is ended at once" if force else "is being stopped; what was done is kept. Once more within 2 s, or with --force, ends it at once"
    again = f"locus run --resume {view.id}"
    session.show(view, lambda: [f"{what} {how}", f"Go on with it later: {again}"])
    return 0


async def answer(session: Session, given: Given) -> int:
    wanted, option = given.text("question") or "", given.text("option") or ""
    views = await _views(session, given.text("run"))
    view, question = _asked(views, wanted, given.text("run"))
    names = [choice.id for choice in question.options]
    picked = pick(option, names)
    if picked is None:
        picked = pick(option, [choice.label for choice in question.options])
    message = given.text("message")
    if picked is None and message is None and (free := _free(question)) is not None:
        picked, message = free, option  # the answer in the person's own words
    if picked is None:
        choices = ", ".join(f"{number}) {choice.id}" for number, choice in enumerate(question.options, 1))
        raise InvalidArguments(f"{option!r} is no option of the question {question.id}", f"the options are: {choices}")
    after: RunView = await session.call(
        "locus.run.answer", runId=view.id, questionId=question.id, option=names[picked], message=message, input=_input(given)
    )
    session.show(after, lambda: _confirmed(after, question, picked, resumed=not view.alive))
    return 0


def _free(question: Question) -> int | None:
    return next((place for place, option in enumerate(question.options) if option.kind == "text"), None)


def _input(given: Given) -> dict[str, Any] | None:
    text = given.text("input")
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidArguments(f"--input is not JSON: {error}", "give an object, as `locus status --json` shows it") from error
    if not isinstance(value, dict):
        raise InvalidArguments("--input is no JSON object", "give an object, as `locus status --json` shows it")
    return value


def _confirmed(view: RunView, question: Question, picked: int, *, resumed: bool) -> Iterable[str]:
    yield f"Answered {question.id} of {view.id}: {one_line(question.options[picked].label)}"
    if resumed:
        yield f"#{question.task} goes on with it: locus logs -f {view.id}"


async def _views(session: Session, run_id: str | None) -> list[RunView]:
    if run_id is not None:
        return [await session.call("locus.run.show", runId=run_id)]
    views: list[RunView] = await session.call("locus.run.list")
    return views


def _asked(views: list[RunView], wanted: str, run_id: str | None) -> tuple[RunView, Question]:
    found = [(view, question) for view in views for question in view.questions if question.id == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        runs = ", ".join(view.id for view, _ in found)
        raise InvalidArguments(f"several runs ask {wanted!r}: {runs}", f"name the run: `locus answer RUN {wanted} OPTION`")
    where = run_id or "no run"
    open_questions = [question.id for view in views for question in view.questions]
    asks = f"these are waiting for an answer: {', '.join(open_questions)}" if open_questions else "nothing is waiting for an answer"
    raise NotFound(f"{where} asks {wanted!r}" if run_id is None else f"{where} does not ask {wanted!r}", asks)
