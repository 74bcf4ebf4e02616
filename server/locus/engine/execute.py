"""One task: the agent works, what it left is looked at and verified, failures go back to it. The end is evidence, never an exit code."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from locus.engine import learning, prompt, sessions, snapshots, turn, verify
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import failed, interrupted
from locus.errors import LocusError
from locus.model.agent import TurnEnd
from locus.model.events import Accepted, Verified
from locus.model.states import TaskState
from locus.repo import records, work, worktrees
from locus.repo.objects import is_ancestor


async def execute(run: Run, number: int, agent: str, place: Place, brief: prompt.Brief, session: str | None = None) -> Accepted:
    """Raises TaskEnded when the task failed, was blocked or stopped; the worktree then stays as the agent left it.

    `session`: the agent goes on in it. Further attempts do as well, where the agent can.
    """
    first = run.task(number).attempt + 1
    failures: list[Verified] = run.journal.fold.failures.get(number, []) if session is not None else []
    for attempt in range(first, first + run.config.agent.max_attempts):
        if run.control.stop.of(number).is_set():
            raise interrupted("stopped by a person")
        phase = "working" if attempt == first else "mending what failed"
        run.move(number, TaskState.WORKING, phase=phase, attempt=attempt)
        end = await _attempt(run, number, agent, place, replace(brief, failures=failures), attempt, session, resumed=attempt == first)
        tree = await run.control.unless_stopped(number, _evidence(run, number, place))
        if run.config.verify:
            run.move(number, TaskState.VERIFYING, phase="verifying", attempt=attempt)
            failures = await verify.verify(run, number, place.worktree, place.hold)
            tree = (await run.control.unless_stopped(number, work.stage(place.worktree))).tree
        if not failures:
            accepted = _accepted(run, number, agent, attempt, tree, end)
            await _propose_learned(run, number)
            run.record(accepted, number)
            return accepted
        goes_on = sessions.known(run, number, agent)
        session = goes_on.session if goes_on is not None else None
    names = ", ".join(failure.name for failure in failures)
    tried = "1 attempt" if run.config.agent.max_attempts == 1 else f"{run.config.agent.max_attempts} attempts"
    raise failed(
        f"verification failed after {tried}: {names}",
        f"look at {place.worktree}, read `locus logs --task {number}`, then `locus run --resume`",
    )


async def _propose_learned(run: Run, number: int) -> None:
    """A failure is a warning: the work is done and verified."""
    try:
        await asyncio.to_thread(learning.propose, run.ws, run.id, number, run.task_folder(number))
    except LocusError as error:
        run.warn(f"what the agent of #{number} has learned was not kept: {error}")


async def _attempt(
    run: Run, number: int, agent: str, place: Place, brief: prompt.Brief, attempt: int, session: str | None, *, resumed: bool
) -> TurnEnd:
    """In its session, with a short word; a session that is not there any more is begun anew, once."""
    if session is not None:
        parts = [*([sessions.word(run, number)] if resumed else []), *([prompt.follow_up(brief.failures)] if brief.failures else [])]
        try:
            return await _turn(run, number, agent, place, "\n".join(parts), attempt, session)
        except turn.SessionLost:
            if resumed:  # nobody knows what the files are about
                await snapshots.back_to(run, place.worktree, place.branch, place.start, number)
                brief = replace(brief, failures=())
    return await _turn(run, number, agent, place, prompt.write(brief), attempt, None)


def _accepted(run: Run, number: int, agent: str, attempt: int, tree: str, end: TurnEnd) -> Accepted:
    fold = run.journal.fold
    task, profile = run.task(number), run.profile(agent)
    return Accepted(
        attempt=attempt,
        tree=tree,
        summary=end.summary,
        verified=run.verified,
        mended=tuple(name for name in run.verified if name in fold.failed_checks.get(number, ())),
        agent=agent,
        agent_kind=profile.kind,
        model=fold.models.get(number) or run.model_of(agent),
        tokens=task.tokens,
        cost_usd=task.cost_usd,
    )


async def _turn(run: Run, number: int, agent: str, place: Place, text: str, attempt: int, session: str | None) -> TurnEnd:
    """Nothing that the agent has started is alive afterwards: the lock files of a git of its own that was killed are taken away."""
    try:
        return await turn.take(run, number, agent, place.worktree, place.start, text, attempt, place.hold, session)
    finally:
        if records.intact(run.repo, place.worktree):
            worktrees.clear_stale_locks(run.repo, place.worktree, place.branch)


async def _evidence(run: Run, number: int, place: Place) -> str:
    """The tree that the agent left: it differs from the task's start, on the task's branch, with the history before the start untouched."""
    if not records.intact(run.repo, place.worktree):
        raise failed("the agent removed or replaced the worktree's .git file", f"`locus logs --task {number}` says what it did")
    state = await work.stage(place.worktree)
    if state.head.branch != place.branch:
        where = f"on branch {state.head.branch}" if state.head.branch else "on no branch"
        raise failed(f"the agent left the worktree {where} instead of {place.branch}", f"look at {place.worktree}; nothing was removed")
    if state.head.commit != place.start and not await is_ancestor(place.worktree, place.start, str(state.head.commit)):
        raise failed("the agent rewrote history before the task's start", f"look at {place.worktree}; nothing was removed")
    if state.tree == place.start_tree:
        raise failed("the agent changed nothing", f"say more clearly what is to be done, or read `locus logs --task {number}`")
    return state.tree
