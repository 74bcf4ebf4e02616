"""Questions of an agent to the person: durable, answered from any face, and still open when the agent could not wait any longer."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from locus.agents.protocol import Decision
from locus.engine import inbox
from locus.engine.clock import stamp
from locus.engine.inbox import Answer
from locus.engine.journal import Sink
from locus.engine.permissions import Ruling
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded, blocked
from locus.model.agent import PermissionRequest
from locus.model.permissions import Rule
from locus.model.questions import AnswerUsed, Option, Question, QuestionAnswered, QuestionAsked

ONCE, ALWAYS, DENY, TEXT = "once", "always", "deny", "text"
_MAX_DETAIL = 8000
"""Characters."""
_SAID_DIFFERENTLY = frozenset({"description"})
"""Arguments that an agent words anew each time."""


def is_choice(request: PermissionRequest) -> bool:
    return request.asks or bool(request.choices)


def subject(request: PermissionRequest) -> str:
    """The same for the same tool with the same input, however it is put."""
    if is_choice(request):
        what: object = [request.title, request.choices]
    elif request.command is not None:
        what = request.command
    else:
        given = {name: value for name, value in request.input.items() if name not in _SAID_DIFFERENTLY}
        what = [given, [location.path for location in request.locations]]
    text = json.dumps([request.tool, request.name, what], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def put(run: Run, number: int, request: PermissionRequest, ruling: Ruling) -> Question:
    """Asked in the journal: every face shows it."""
    asked = [known for known in run.journal.fold.questions.asked.values() if known.question.task == number]
    seconds = run.config.question.timeout
    question = Question(
        id=f"{number}-{len(asked) + 1}",
        task=number,
        kind="choice" if is_choice(request) else "permission",
        title=_title(request),
        detail=_detail(request, ruling),
        options=_options(request, ruling.always),
        asked_at=stamp(),
        expires_at=stamp(after=seconds),
        input=dict(request.input) if request.editable and not is_choice(request) else None,
    )
    run.record(QuestionAsked(question=question, subject=subject(request), rules=ruling.always), number)
    return question


def _title(request: PermissionRequest) -> str:
    line = (request.command or request.title).strip().partition("\n")[0]
    if is_choice(request):
        return line
    return f"May the agent run `{line}`?" if request.command is not None else f"May the agent do this: {line}?"


def _detail(request: PermissionRequest, ruling: Ruling) -> str:
    if is_choice(request):
        return request.title.strip().partition("\n")[2].strip()[:_MAX_DETAIL]
    parts = [f"Asked because {ruling.why}."]
    if request.command is not None and "\n" in request.command.strip():
        parts.append(request.command.strip())
    elif request.command is None and request.locations:
        parts.append("\n".join(location.path for location in request.locations))
    if request.diff:
        parts.append(request.diff)
    return "\n\n".join(parts)[:_MAX_DETAIL]


def _options(request: PermissionRequest, always: Sequence[Rule]) -> tuple[Option, ...]:
    if is_choice(request):
        choices = [Option(id=str(place), label=choice) for place, choice in enumerate(request.choices, 1)]
        return (*choices, Option(id=TEXT, label="Another answer", kind="text"), Option(id=DENY, label="No answer", kind="reject_once"))
    scope = ", ".join(rule.pattern or rule.deed for rule in always)
    return (
        Option(id=ONCE, label="Allow once", kind="allow_once"),
        Option(id=ALWAYS, label=f"Always in this run: {' '.join(scope.split())[:120]}", kind="allow_always"),
        Option(id=DENY, label="Deny", kind="reject_once"),
    )


def decision(question: Question, answered: QuestionAnswered | Answer) -> Decision:
    """What the agent is told."""
    option = next((known for known in question.options if known.id == answered.option), None)
    if option is None or option.kind == "reject_once":
        does = "answer" if question.kind == "choice" else "allow"
        return Decision(allow=False, message=answered.message or f"The person who is asked does not {does} this.")
    if question.kind == "choice":
        return Decision(allow=True, message=answered.message if option.kind == "text" else option.label)
    return Decision(allow=True, input=answered.input)


def answered(journal: Sink, question: Question, answer: Answer, *, late: bool) -> QuestionAnswered:
    event = QuestionAnswered(id=question.id, option=answer.option, message=answer.message, input=answer.input, late=True if late else None)
    journal.append(event, question.task)
    return event


def withdrawn(run: Run, question: Question) -> None:
    """Nobody is to answer it any more."""
    if question.id in run.journal.fold.questions.open:
        run.record(QuestionAnswered(id=question.id, option=None), question.task)


def take_late(run: Run, number: int, request: PermissionRequest) -> Decision | None:
    """The answer that came when the agent did not wait any more; it counts once."""
    fold = run.journal.fold
    wanted = subject(request)
    for id, event in fold.questions.late.items():
        known = fold.questions.asked[id]
        if known.question.task == number and known.subject == wanted:
            run.record(AnswerUsed(id=id), number)
            return decision(known.question, event)
    return None


def settle(journal: Sink, folder: Path) -> None:
    """Takes up what was answered while no runner was alive, or in its last moment."""
    for message in inbox.take(folder, set()):
        question = journal.fold.questions.open.get(message.question_id) if isinstance(message, Answer) else None
        if question is not None and question.task is not None and isinstance(message, Answer):
            answered(journal, question, message, late=True)


def unanswered(run: Run, question: Question) -> TaskEnded:
    """The agent cannot wait any longer; its question stays open."""
    options = "|".join(option.id for option in question.options if option.kind != "text")
    return blocked(
        f"nobody has answered within {run.config.question.timeout:g} s: {question.title}",
        f"answer it, then it goes on by itself: locus answer {run.id} {question.id} {options}",
        question=question.id,
    )


async def answer_of(run: Run, question: Question) -> Answer:
    return await asyncio.shield(run.control.answer(question.id))
