"""Runs: planned, started, watched, answered, stopped, resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from locus.commands.registry import Arguments, Command, Face
from locus.errors import InvalidArguments, Refused
from locus.model.base import Model
from locus.model.plan import Plan, Wanted
from locus.model.run import RunView
from locus.model.states import RunState

if TYPE_CHECKING:
    from locus.workspace import Workspace


class StartRun(Arguments):
    tasks: tuple[int, ...] | None = Field(None, min_length=1)
    sprint: str | None = None
    base: str | None = None
    agent: str | None = None
    model: str | None = None


class PlanRun(StartRun):
    prompts: bool = False
    """Each planned task has the text of its prompt."""


class ResumeRun(Arguments):
    run_id: str | None = None
    sprint: str | None = None


class StopRun(Arguments):
    run_id: str | None = None
    task: int | None = None
    force: bool = False


class ListRuns(Arguments):
    state: RunState | None = None
    limit: int | None = Field(None, ge=1)


class ShowRun(Arguments):
    run_id: str


class AnswerRun(Arguments):
    run_id: str
    question_id: str
    option: str
    message: str | None = None
    input: dict[str, Any] | None = None


class RunStartedResult(Model):
    run_id: str


async def plan(ws: Workspace, args: PlanRun, face: Face) -> Plan:
    from locus.engine.plan import draw_up

    return await draw_up(ws, await _request(ws, args, face), prompts=args.prompts)


def load() -> None:
    """What a start needs: it takes some tens of milliseconds."""
    import locus.engine.launch  # noqa: F401 - to have it loaded


async def start(ws: Workspace, args: StartRun, face: Face) -> RunStartedResult:
    from locus.engine.launch import start as launch

    return RunStartedResult(run_id=await launch(ws, await _request(ws, args, face), interactive=face.interactive))


async def resume(ws: Workspace, args: ResumeRun, face: Face) -> RunStartedResult:
    from locus.engine.launch import resume as launch

    return RunStartedResult(run_id=await launch(ws, args.run_id, args.sprint, interactive=face.interactive))


async def stop(ws: Workspace, args: StopRun, _face: Face) -> RunView:
    from locus.engine.launch import stop as send

    return await send(ws, args.run_id, task=args.task, force=args.force)


async def answer(ws: Workspace, args: AnswerRun, face: Face) -> RunView:
    from locus.engine.answering import answer as send

    return await send(ws, args.run_id, args.question_id, args.option, args.message, args.input, interactive=face.interactive)


async def listed(ws: Workspace, args: ListRuns, _face: Face) -> list[RunView]:
    from locus.engine.store import RunStore

    return RunStore(ws.runs).views(state=args.state, limit=args.limit)


async def show(ws: Workspace, args: ShowRun, _face: Face) -> RunView:
    from locus.engine.store import RunStore

    return RunStore(ws.runs).view(args.run_id)


async def _request(ws: Workspace, args: StartRun, face: Face) -> Wanted:
    """With neither tasks nor a sprint the active sprint is meant; without one the person is asked where that is possible."""
    if args.tasks and args.sprint:
        raise InvalidArguments("tasks and sprint: give one of them", "a sprint runs its own tasks in order")
    wanted = Wanted(tasks=args.tasks or (), sprint=args.sprint, base=args.base, agent=args.agent, model=args.model)
    if args.tasks or args.sprint:
        return wanted
    name = ws.active_sprint()
    if name is None:
        names = [sprint.name for sprint in await ws.tracker.sprints("open")]
        if not names:
            raise Refused("there is no sprint to run", "create one with `locus sprint create NAME`, or run issues by number")
        name = await face.choose("Which sprint?", names)
    if name is None:
        raise Refused("there is no active sprint", "choose one with `locus sprint active NAME`, or run issues by number")
    return wanted.model_copy(update={"sprint": name})


COMMANDS = (
    Command("locus.run.plan", "Show what a run would do", PlanRun, "Plan", plan),
    Command("locus.run.start", "Start a run", StartRun, "{runId}", start, executes=True),
    Command("locus.run.resume", "Resume a run", ResumeRun, "{runId}", resume, executes=True),
    Command("locus.run.stop", "Stop a run", StopRun, "RunView", stop),
    Command("locus.run.answer", "Answer a question of a run", AnswerRun, "RunView", answer),
    Command("locus.run.list", "List runs", ListRuns, "RunView[]", listed),
    Command("locus.run.show", "Show a run", ShowRun, "RunView", show),
)
