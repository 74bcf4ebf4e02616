"""The runner: one process per run, no descendant of an editor. It re-checks everything before its first effect, then goes to the end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from locus import process
from locus.engine import asking, before, briefs, questions, remaining, request, retention, runstate, sprint, standalone, store, taking_up
from locus.engine import plan as planning
from locus.engine.claims import Claims, guard
from locus.engine.control import Control
from locus.engine.effects import Effect, Effects, Result
from locus.engine.glances import Glances
from locus.engine.inbox import ForceStop
from locus.engine.journal import Journal, Sink
from locus.engine.notices import Notices
from locus.engine.patience import Patience
from locus.engine.run import Run
from locus.engine.store import RunStore
from locus.engine.survey import Survey, survey, together
from locus.engine.verdicts import TaskEnded, and_resume
from locus.errors import LocusError, NotFound, NotSetUp, Refused, expected
from locus.locks import Lock, Slots
from locus.model import naming
from locus.model.events import RunEnded, RunPlanned, RunStarted, RunStateChanged, Warned
from locus.model.plan import Plan
from locus.model.states import RunState, TaskState
from locus.model.view import view_of
from locus.repo.base import BaseBranch
from locus.repo.names import OWN_REFS
from locus.repo.objects import refs_below, rev_parse
from locus.repo.push import remote_tips
from locus.workspace import Workspace

log = logging.getLogger("locus.runner")


def main(folder: Path, lock_fd: int) -> int:
    """Returns 0 when the run came to an end of any kind that the journal tells."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lock = Lock.adopt(lock_fd, folder / store.LOCK)
    process.adopt_orphans()
    process.mark_children(folder.name)
    try:
        with process.forking():
            asyncio.run(conduct(folder, Journal(folder / store.JOURNAL), signals=True, lock=lock))
    finally:
        lock.close()
    return 0


async def conduct(folder: Path, journal: Sink, *, signals: bool = False, lock: Lock | None = None) -> None:
    """The whole run. Whatever happens, short of the death of this process, the journal's last line says how it ended.

    The caller holds the run's lock; `lock` is guarded against its deletion.
    """
    asked = request.load(folder)
    control = Control(on_stop=lambda: _stopping(journal))
    patience = Patience(journal, control)
    ws = Workspace(Path(asked.root), patience=patience.until, keep_open=True)
    if signals:
        control.listen_to_signals()
    resumed, died = journal.fold.started, journal.fold.started and not journal.fold.state.ended
    journal.append(RunStarted(resumed=resumed))
    if resumed:
        taking_up.recall_spending(journal, folder)
    asking.settle(journal, folder / store.INBOX)
    claims = Claims(ws.branch_lock, patient=resumed)
    beside = [
        asyncio.create_task(control.watch(folder / store.INBOX)),
        asyncio.create_task(_project(ws, journal)),
        asyncio.create_task(guard(lambda: [*([lock] if lock else []), *claims], lambda lost: _lost(lost, lock, control))),
    ]
    try:
        await _clear_leftovers(ws, asked.run_id if died else None)
        await before.clear_cut_off(ws, asked.run_id)
        ending = await _carry_out(folder, asked, ws, journal, control, claims, patience)
    except Refused as error:
        ending = RunEnded(state=RunState.FAILED if _begun(journal) else RunState.REFUSED, reason=error.message, hint=_mend(error, journal))
    except Exception as error:
        known = expected(error)  # tasks run in parallel: what they raise comes as a group
        if known is None:
            log.exception("the run ended by a bug")
            known = LocusError("Locus hit an internal error", f"see {folder / store.LOG}, then resume")
        stopped = isinstance(known, TaskEnded) and known.state is TaskState.INTERRUPTED
        ending = RunEnded(state=RunState.STOPPED if stopped else RunState.FAILED, reason=known.message, hint=_mend(known, journal))
    finally:
        control.on_stop = lambda: None  # from here on it is too late
        patience.end()
        claims.close()
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
    process.end_forking()
    await process.sweep_orphans()
    ws.close()
    await _update(ws, journal, ending)
    journal.append(ending)
    await journal.sync()


async def _carry_out(
    folder: Path, asked: request.RunRequest, ws: Workspace, journal: Sink, control: Control, claims: Claims, patience: Patience
) -> RunEnded:
    await ws.settle()
    planned, seen = await control.unless_stopped(None, _plan(asked, ws, journal, control, claims), grace=0)
    effects = Effects(journal, patience)
    run = Run(
        id=asked.run_id,
        folder=folder,
        request=asked,
        ws=ws,
        journal=journal,
        effects=effects,
        glances=Glances(patience),
        notices=Notices(asked.run_id, journal, effects, ws.tracker, labels=asked.config.agent.auto_label),
        control=control,
        slots=Slots(ws.locks / "slots", asked.config.agent.max_parallel),
        claims=claims,
        seen=seen,
        planned=planned,
        resumed=claims.patient,
    )
    await control.unless_stopped(None, _begin(run), grace=0)
    if run.resumed and (view := view_of(journal.fold)) is not None:
        run.notices.outdated(remaining.later(view, RunStore(ws.runs).views()))
    async with run.notices.sent_beside(control):
        if planned.tasks:
            await (sprint.run_all(run) if asked.mode == "sprint" else standalone.run_all(run))
        await retention.tidy(run)
    return _ending(run)


async def _plan(asked: request.RunRequest, ws: Workspace, journal: Sink, control: Control, claims: Claims) -> tuple[RunPlanned, Survey]:
    """Re-checked in full before the first effect; a resumed run keeps the plan it has, but for what has changed since. Its branches are
    claimed.
    """
    known = journal.fold.planned
    wanted = asked.wanted
    if known is not None:
        wanted = wanted.model_copy(update={"base": known.base_commit})
    seen = await survey(ws, wanted, asked.config, fetch=known is None)
    if known is not None:
        await taking_up.follow_the_repository(ws, journal)
        known, seen = await taking_up.still_to_do(ws, journal, known, seen)
        known = taking_up.only(journal, known, asked.only)
        await questions.trusted(ws.trust, journal, control, asked, {task.agent for task in known.tasks})
        claims.take(task.branch for task in known.tasks if not journal.fold.tasks[task.number].state.succeeded)
        return known, replace(seen, branch=BaseBranch(known.base_branch, known.base_remote or known.remote))
    plan = planning.make(seen)
    _require_accepted(plan)
    claims.take(task.branch for task in plan.tasks)
    await questions.trusted(ws.trust, journal, control, asked, {task.agent for task in plan.tasks})
    chosen = await questions.base(journal, control, asked, seen, ws.repo)
    if chosen is not None:
        seen = await survey(ws, wanted.model_copy(update={"base": chosen}), asked.config, fetch=False)
        plan = planning.make(replace(seen, held=frozenset()))  # it is us
        _require_accepted(plan)
    for warning in seen.warnings:
        journal.append(Warned(message=warning))
    planned = RunPlanned(
        base=seen.base.label,
        base_kind=seen.base.kind,
        base_commit=seen.base.commit,
        base_branch=seen.branch.name,
        remote=seen.remote,
        base_remote=seen.branch.remote if seen.branch.remote != seen.remote else None,
        branch=plan.branch,
        tasks=plan.tasks,
    )
    journal.append(planned)
    return planned, seen


def _require_accepted(plan: Plan) -> None:
    """One refused issue refuses the whole run."""
    if plan.refused:
        reasons = "; ".join(refusal.reason for refusal in plan.refused)
        raise Refused(reasons, plan.refused[0].hint)


async def _begin(run: Run) -> None:
    numbers = [task.number for task in run.planned.tasks]

    async def look() -> Result | None:
        return None

    async def act() -> Result:
        try:
            await run.tracker.manage(numbers)
        except (Refused, NotFound) as error:
            if run.config.agent.auto_label or isinstance(error, NotSetUp):
                raise
            run.warn(f"the issues could not be labelled: {error.message}")  # somebody else's repository
        return {}

    _, run.comments, (run.base_tree,), branches, tips = await together(
        run.effects.perform(Effect("manage", look, act)),
        briefs.comments_so_far(run),
        rev_parse(run.repo.here, f"{run.planned.base_commit}^{{tree}}"),
        refs_below(run.repo.here, f"refs/heads/{naming.PREFIX}", OWN_REFS),
        _remote_branches(run),
    )
    run.branches.update(branches)
    run.remote_tips = tips or {}
    left = _left_on_the_remote(run.journal)
    run.pushed = left if tips is None else tips | {branch: commit for branch, commit in left.items() if branch in tips}


def _left_on_the_remote(journal: Sink) -> dict[str, str | None]:
    """Per branch of a resumed run what it last pushed, else what it found when it began: what is there beyond that is somebody else's."""
    found: dict[str, str | None] = {}
    for key, result in journal.fold.effects.items():
        branch = result.get("branch")
        if isinstance(branch, str) and key.startswith("worktree:") and "remote" in result:
            found[branch] = str(result["remote"]) or None
        elif isinstance(branch, str) and key.startswith("push:") and result.get("pushed"):
            found[branch] = str(result["pushed"])
    return found


async def _remote_branches(run: Run) -> dict[str, str | None] | None:
    """None where the remote cannot be asked."""
    if run.planned.remote is None or not run.config.agent.auto_pr:
        return {}
    try:
        return await remote_tips(run.repo.here, run.planned.remote, f"{naming.PREFIX}*")
    except LocusError as error:
        run.warn(f"{run.planned.remote} could not be asked for its branches: {error.message}")
        return None


def _ending(run: Run) -> RunEnded:
    """Of all tasks, also of those that were not taken up again."""
    planned = [task.number for task in (run.journal.fold.planned or run.planned).tasks]
    states = [run.task(number).state for number in planned if number not in run.left_out]
    if all(state.succeeded for state in states):
        return _told(run)
    bad = sum(state in (TaskState.FAILED, TaskState.BLOCKED) for state in states)
    if run.control.stopping or not bad:
        left = sum(not state.succeeded for state in states)
        reason = f"{left} of {len(states)} tasks are left to do" if run.request.only and not run.control.stopping else "stopped by a person"
        return RunEnded(state=RunState.STOPPED, reason=reason, hint="go on with `locus run --resume`")
    noun = "task" if len(states) == 1 else "tasks"
    return RunEnded(
        state=RunState.FAILED, reason=f"{bad} of {len(states)} {noun} did not succeed", hint="mend the cause, then `locus run --resume`"
    )


def _told(run: Run) -> RunEnded:
    """Everything is done; is it said, too?"""
    if not run.journal.fold.notices:
        return RunEnded(state=RunState.DONE)
    obstacle = run.notices.obstacle
    if obstacle is None:
        return RunEnded(state=RunState.STOPPED, reason="stopped before the tracker was told", hint="tell it with `locus run --resume`")
    return RunEnded(state=RunState.FAILED, reason=f"the tracker could not be told: {obstacle.message}", hint=and_resume(obstacle.hint))


def _begun(journal: Sink) -> bool:
    return bool(journal.fold.effects or journal.fold.intended)


def _mend(error: LocusError, journal: Sink) -> str | None:
    return and_resume(error.hint) if isinstance(error, NotSetUp) and _begun(journal) else error.hint


def _stopping(journal: Sink) -> None:
    journal.append(RunStateChanged(state=RunState.STOPPING, reason="stopped by a person"))


def _lost(lost: Lock, own: Lock | None, control: Control) -> None:
    """Somebody deleted a lock file, and another process has locked the new one."""
    if lost is own:
        log.error("another runner has taken this run: ending as in a crash, the journal is its to write")
        os._exit(1)
    log.error("another run has taken %s: stopping", lost.path.name)
    control.request(ForceStop())


async def _clear_leftovers(ws: Workspace, died: str | None) -> None:
    """What outlived a killed runner and its supervisors, of this run (`died`) or another, may work where this one is about to."""
    runs = RunStore(ws.runs)
    for run_id in process.runs_at_work() & set(runs.ids()):
        if run_id == died or _is_lost(runs, run_id):
            log.warning("ended what was left of %s: %d processes were killed", run_id, await process.end_leftovers(run_id))


def _is_lost(runs: RunStore, run_id: str) -> bool:
    try:
        return runs.view(run_id).state is RunState.LOST
    except LocusError:
        return False  # the doctor says what is wrong with it


async def _project(ws: Workspace, journal: Sink) -> None:
    """Writes run-state.json after changes, a few times a second at most."""
    written = -1
    while True:
        if journal.fold.seq != written:
            written = journal.fold.seq
            await _update(ws, journal)
        await asyncio.sleep(0.2)


async def _update(ws: Workspace, journal: Sink, ending: RunEnded | None = None) -> None:
    view = view_of(journal.fold)
    if view is not None and ending is not None:
        view = view.model_copy(update={"state": ending.state})
    if view is not None:
        try:
            told = await runstate.update(ws, view)
        except LocusError as error:
            log.warning("run-state.json was not written: %s", error)
        else:
            if told is not None:
                journal.append(Warned(message=told))
