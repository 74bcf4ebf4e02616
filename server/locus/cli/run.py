"""`locus run`: checked, started, watched, summed up."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from locus.cli.attend import Attendance, Attended
from locus.cli.display import Display, PlainDisplay, SilentDisplay
from locus.cli.parser import Given
from locus.cli.present import from_line
from locus.cli.session import Session
from locus.cli.summary import exit_code, summary
from locus.cli.text import cut, harmless, one_line, plural, table
from locus.errors import InvalidArguments

if TYPE_CHECKING:
    from locus.commands.runs import RunStartedResult
    from locus.model.learning import Proposal
    from locus.model.plan import Plan, PlannedTask
    from locus.model.run import RunView
    from locus.trust import TrustItem

_FROZEN = ("base", "agent", "model", "dry-run")


async def run(session: Session, given: Given) -> int:
    if given.has("resume"):
        return await _resume(session, given)
    wanted: dict[str, Any] = {
        "tasks": given.numbers("numbers") or None,
        "sprint": given.text("sprint"),
        "base": given.text("base"),
        "agent": given.text("agent"),
        "model": given.text("model"),
    }
    prompts = given.flag("show-prompt")
    if prompts and not given.flag("dry-run"):
        raise InvalidArguments("--show-prompt goes with --dry-run", "what an agent was told is kept: .git/locus/runs/RUN/tasks/N/prompt.md")
    plan: Plan = await session.call("locus.run.plan", prompts=prompts or None, **wanted)
    if given.flag("dry-run"):
        session.show(plan, lambda: _plan_lines(session, plan))
        return 2 if plan.refused else 0
    if plan.refused:
        _refuse(session, plan)
        return 2
    if given.flag("trust"):
        await _trust(session)
    wanted["sprint"] = plan.sprint  # chosen once, by the plan
    if given.flag("detach"):
        return await _detached(session, "locus.run.start", wanted)
    return await _attached(session, "locus.run.start", wanted)


async def _resume(session: Session, given: Given) -> int:
    if given.has("numbers"):
        raise InvalidArguments("--resume takes a run, not issues", "`locus status` shows the runs; `locus run N` starts a new one")
    for name in _FROZEN:
        if given.has(name):
            raise InvalidArguments(f"--{name} and --resume do not go together", "a resumed run goes on as it was started")
    if given.text("resume") is not None and given.has("sprint"):
        raise InvalidArguments("--resume RUN and --sprint: give one of them", "each names the run to go on with")
    if given.flag("trust"):
        await _trust(session)
    wanted = {"runId": given.text("resume"), "sprint": given.text("sprint")}
    if given.flag("detach"):
        return await _detached(session, "locus.run.resume", wanted)
    views: list[RunView] = await session.call("locus.run.list")
    return await _attached(session, "locus.run.resume", wanted, {view.id: view.seq for view in views})


async def _detached(session: Session, command: str, wanted: dict[str, Any]) -> int:
    session.face.interactive = False  # nobody will watch
    started: RunStartedResult = await session.call(command, **wanted)
    session.show(
        started,
        lambda: [
            f"Started {started.run_id}",
            f"Watch it with: locus logs {started.run_id} -f",
            f"Stop it with: locus stop {started.run_id}",
        ],
    )
    return 0


async def _attached(session: Session, command: str, wanted: dict[str, Any], known: dict[str, int] | None = None) -> int:
    attendance = Attendance(session, _display(session, resumed=known is not None))
    with attendance.attentive():
        started: RunStartedResult = await session.call(command, **wanted)
        ended = await attendance.follow(started.run_id, after=(known or {}).get(started.run_id, -1))
    if ended.left is not None:
        return _left(session, ended, ended.left)
    proposals: list[Proposal] = await session.call("locus.memory.list")
    learned = sum(len(proposal.learned) for proposal in proposals if proposal.run == ended.view.id)
    session.show(ended.view, lambda: summary(ended.view, session.terminal, learned))
    return exit_code(ended.view, interrupted=ended.interrupted)


def _left(session: Session, ended: Attended, number: int) -> int:
    """The run is nobody's child and goes on; a closed terminal cannot be told so."""
    if number == signal.SIGTERM:
        session.terminal.note(f"no longer watching; {ended.view.id} goes on: `locus logs {ended.view.id} -f`, `locus stop {ended.view.id}`")
    return 128 + number


def _display(session: Session, *, resumed: bool) -> Display:
    if session.json:
        return SilentDisplay()
    if session.terminal.live:
        from locus.cli.live import LiveDisplay

        return LiveDisplay(session.terminal)
    return PlainDisplay(session.terminal, asks=session.face.interactive, resumed=resumed)


async def _trust(session: Session) -> None:
    items: list[TrustItem] = await session.call("locus.trust.show")
    missing = [item.hash for item in items if not item.allowed]
    if missing:
        await session.call("locus.trust.allow", hashes=missing)


def _refuse(session: Session, plan: Plan) -> None:
    """All at once: nobody wants to learn of the second obstacle after removing the first."""
    message = f"nothing was started: {plural(len(plan.refused), 'issue')} cannot be run"
    if session.json:
        session.terminal.document({"error": {"message": message, "refused": [refusal.wire() for refusal in plan.refused]}})
    session.terminal.note("\n".join([message, *_refusal_lines(plan)]))


def _refusal_lines(plan: Plan) -> Iterable[str]:
    for refusal in plan.refused:
        reason = harmless(refusal.reason)
        named = re.search(rf"#{refusal.number}\b", reason)
        yield f"  {reason}" if named else f"  #{refusal.number}: {reason}"
        yield from (f"      {line}" for line in harmless(refusal.hint).splitlines())


def _plan_lines(session: Session, plan: Plan) -> Iterable[str]:
    terminal = session.terminal
    how = (
        f"sprint {one_line(plan.sprint or '')} on {plan.branch}, one after another"
        if plan.mode == "sprint"
        else "each on a branch of its own"
        if len(plan.tasks) > 1
        else "on a branch of its own"
    )
    yield f"Would run {plural(len(plan.tasks), 'issue')}, {how}"
    yield from_line(plan.base, plan.base_commit)
    rows = [
        (
            f"  #{task.number}",
            one_line(task.title),
            task.branch if plan.mode == "standalone" else "",
            f"{one_line(task.agent)}{f' ({one_line(task.model)})' if task.model else ''}",
            f"prompt {task.prompt_chars:,} characters",
        )
        for task in plan.tasks
    ]
    yield from table(rows, width=terminal.width, flexible=1, ellipsis=terminal.glyphs.ellipsis)
    yield from (cut(f"warning: {one_line(warning)}", terminal.width * 4, terminal.glyphs.ellipsis) for warning in plan.warnings)
    for task in plan.tasks:
        if task.prompt is not None:
            yield from _prompt_lines(terminal.width, task)
    if plan.refused:
        yield "Cannot be run as things stand:"
        yield from _refusal_lines(plan)
    yield "Nothing was done: this was a dry run."


def _prompt_lines(width: int, task: PlannedTask) -> Iterable[str]:
    yield ""
    yield f"#{task.number}: {one_line(task.title)}"
    rows = [
        (
            f"  {part.name}",
            f"{part.chars:,} characters",
            f"about {part.tokens:,} tokens",
            f"shortened from {part.of_chars:,}" if part.of_chars else "",
        )
        for part in task.prompt_parts
    ]
    rows.append(("  all", f"{task.prompt_chars:,} characters", f"about {sum(part.tokens for part in task.prompt_parts):,} tokens", ""))
    yield from table(rows, width=width, flexible=0)
    yield ""
    yield from (f"  | {harmless(line)}".rstrip() for line in str(task.prompt).splitlines())
    yield ""
