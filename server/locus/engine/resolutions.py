"""What stands in the worktree of a task that is taken up again: accepted work to be published, perhaps with what a person did on top.

A task that is blocked asks the person for something: to merge, to resolve. Their commits are the answer and stay.
"""

from __future__ import annotations

from locus.engine import verify
from locus.engine.effects import Effect, Result
from locus.engine.execute import Place
from locus.engine.run import Run
from locus.engine.verdicts import blocked, failed
from locus.errors import Refused
from locus.model.states import TaskState
from locus.repo import worktrees
from locus.repo.commits import trailers_of, tree_state
from locus.repo.drift import in_progress
from locus.repo.files import present
from locus.repo.objects import is_ancestor


async def accepted_stands(run: Run, number: int, place: Place) -> bool:
    """Whether the task's work was accepted and is only to be published: as it was, or committed and with commits of a person on top.

    Raises TaskEnded where those do not pass the verification, or are not all made yet.
    """
    accepted = run.journal.fold.accepted.get(number)
    if accepted is None:
        return False
    if run.task(number).state is TaskState.BLOCKED:
        _require_settled(place)
    commit = (run.effects.done(f"commit:{number}:{accepted.attempt}") or {}).get("commit")
    if not await _adopted(run, place) and (commit is None or not await _made_again(run, place)):
        return False
    if (await tree_state(place.worktree)).tree == accepted.tree:
        return True
    if commit is None or not await _went_on(run, place, place.start, str(commit)):
        return False
    failures = await verify.verify(run, number, place.worktree, place.hold)
    if failures:
        names = ", ".join(failure.name for failure in failures)
        raise failed(
            f"what was committed on {place.branch} since does not pass: {names}", f"mend it in {place.worktree}, commit, then resume"
        )
    return True


async def resolved(run: Run, place: Place, tip: str) -> bool:
    """Whether a person has gone on from `tip`, where a task was to begin that is blocked. Raises TaskEnded in the middle of their merge."""
    _require_settled(place)
    return await _adopted(run, place) and await _went_on(run, place, run.planned.base_commit, tip)


async def _adopted(run: Run, place: Place) -> bool:
    try:
        await worktrees.adopt(run.repo, place.worktree, place.branch)
    except Refused:
        return False
    return True


async def _made_again(run: Run, place: Place) -> bool:
    """A worktree of the task's branch, in place of one that was cleaned away or deleted."""
    if present(place.worktree):
        return False
    try:
        await worktrees.create(run.repo, place.worktree, place.branch, start=None)
    except Refused:
        return False
    return True


def _require_settled(place: Place) -> None:
    try:
        doing = in_progress(place.worktree)
    except Refused:
        return  # there is no worktree any more
    if doing is not None:
        raise blocked(
            f"a {doing} in {place.worktree} has not ended",
            f"end it there, or take it back with `git {doing} --abort`; then `locus run --resume`",
        )


async def _went_on(run: Run, place: Place, start: str, tip: str) -> bool:
    """The branch has moved from `tip` by commits that keep all of Locus' own since `start`: on top of them, or rebased."""
    state = await tree_state(place.worktree)
    head = str(state.head)
    if state.dirty or head == tip or not await _holds(place, start, tip, head):
        return False

    async def look() -> Result | None:
        return None

    async def act() -> Result:
        return {"head": head}

    await run.effects.perform(Effect(f"resolved:{head}", look, act))  # the branch's tip, should the run end here
    run.warn(f"{place.branch} was moved to {head[:12]} meanwhile: the work goes on from there")
    return True


async def _holds(place: Place, start: str, tip: str, head: str) -> bool:
    if await is_ancestor(place.worktree, tip, head):
        return True
    ours, theirs = [await trailers_of(place.worktree, f"{start}..{end}") for end in (tip, head)]
    tasks = {commit.trailers["Locus-Task"] for commit in ours if "Locus-Task" in commit.trailers}
    return bool(tasks) and tasks <= {commit.trailers.get("Locus-Task") for commit in theirs}
