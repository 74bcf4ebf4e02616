"""What a run must know from a person before its first effect: which base, and whether it may run the repository's commands."""

from __future__ import annotations

import asyncio

from locus.engine.clock import stamp
from locus.engine.control import Control
from locus.engine.journal import Sink
from locus.engine.request import RunRequest
from locus.engine.survey import Survey
from locus.errors import Refused
from locus.model.events import RunStateChanged
from locus.model.questions import Option, Question, QuestionAnswered, QuestionAsked
from locus.model.states import RunState
from locus.repo import facts
from locus.repo.discover import Repository
from locus.trust import CommandText, TrustStore, commands_of

_BASES = "give --base default, --base head or --base working-tree"


async def ask(journal: Sink, control: Control, request: RunRequest, question: Question) -> str | None:
    """The chosen option; None when nobody can be asked, or nobody answers in time."""
    if not request.interactive:
        return None
    journal.append(RunStateChanged(state=RunState.WAITING, reason=question.title))
    journal.append(QuestionAsked(question=question))
    answered = control.answer(question.id)
    await asyncio.wait([answered], timeout=request.config.question.timeout)
    option = answered.result().option if answered.done() else None
    if option not in {known.id for known in question.options}:
        option = None
    journal.append(QuestionAnswered(id=question.id, option=option))
    journal.append(RunStateChanged(state=RunState.RUNNING))
    return option


async def trusted(store: TrustStore, journal: Sink, control: Control, request: RunRequest, agents: set[str]) -> None:
    """Raises Refused, showing the commands, unless the person has allowed all that this run would execute."""
    merged = request.merged()
    missing = store.missing(commands_of(merged, agents=agents))
    if not missing:
        return
    detail = shown(missing)
    question = _question(
        request,
        "trust",
        "May these commands of the repository be run?",
        detail,
        (Option(id="allow", label="Allow", kind="allow_always"), Option(id="deny", label="Do not run", kind="reject_once")),
    )
    if await ask(journal, control, request, question) != "allow":
        raise not_trusted(missing)
    store.allow(merged, [command.hash for command in missing])


def not_trusted(missing: list[CommandText]) -> Refused:
    return Refused(
        f"the repository's configuration names commands that you have not allowed:\n{shown(missing)}",
        "read them, then allow them with `locus trust`",
    )


def shown(commands: list[CommandText]) -> str:
    return "\n".join(f"{command.source}: {command.text}" for command in commands)


async def base(journal: Sink, control: Control, request: RunRequest, seen: Survey, repo: Repository) -> str | None:
    """The base to use instead, when code that an issue is about is not in the default one. Raises Refused when nobody says which."""
    lost = [f"#{number}: {code.path}" for number, code in seen.codes.items() if code.state == "lost"]
    if request.wanted.base is not None or not lost:
        return None
    here = await facts.head(repo)
    name = here.branch or "HEAD"
    question = _question(
        request,
        "base",
        f"The selected code is not in {seen.base.label}. Where shall the work begin?",
        "\n".join(lost),
        (
            Option(id="default", label=f"Base branch {seen.branch.name}"),
            Option(id="head", label=f"My branch {name} at {(here.commit or '')[:10]}"),
            Option(id="working-tree", label="Including my uncommitted changes"),
        ),
    )
    option = await ask(journal, control, request, question)
    if option is None:
        raise Refused(f"the code that the task is about is not in {seen.base.label} ({', '.join(lost)})", _BASES)
    return option


def _question(request: RunRequest, kind: str, title: str, detail: str, options: tuple[Option, ...]) -> Question:
    return Question.model_validate(
        {
            "id": kind,
            "kind": kind,
            "title": title,
            "detail": detail,
            "options": options,
            "asked_at": stamp(),
            "expires_at": stamp(after=request.config.question.timeout),
        }
    )
