"""What stands in the worktree of a task that is taken up again: accepted work to be published, perhaps with what a person did on top.

A task that is blocked asks the person for something: to merge, to resolve. Their commits are the answer and stay.
"""

from __future__ import annotations

from locus.engine import verify
from locus.engine.effects import Effect, Result
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import blocked, failed
from locus.errors import Refused
from locus.model.states import TaskState
from locus.repo import worktrees
from locus.repo.commits import trailers_of, tree_state
from locus.repo.discover import linked_git_dir
from locus.repo.drift import in_progress
from locus.repo.files import present
from locus.repo.objects import commit_of, is_ancestor
from locus.repo.status import status


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


async def given_back(run: Run, place: Place, tip: str) -> str:
    """Where a person has left a sprint's branch after they were asked to bring it together with the base, or with others' commits.

    Raises TaskEnded where they are not finished: the worktree is theirs until then, and nothing in it is touched.
    """
    try:
        linked_git_dir(place.worktree)
    except Refused:  # there is no worktree any more
        return await commit_of(run.repo.here, f"refs/heads/{place.branch}") or tip
    _require_settled(place)
    found = await status(place.worktree, untracked=False)
    if found.branch != place.branch:
        raise blocked(f"{place.worktree} is not on {place.branch}", f"`git switch {place.branch}` in it; then `locus run --resume`")
    if found.changes:
        raise blocked(
            f"{place.worktree} has changes that are not committed",
            "commit them, or take them back (`git restore --staged --worktree .`); then `locus run --resume`",
        )
    if found.head is None or found.head == tip:
        return tip
    await _gone_on(run, place, found.head)
    return found.head


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
    await _gone_on(run, place, head)
    return True


async def _gone_on(run: Run, place: Place, head: str) -> None:
    async def look() -> Result | None:
        return None

    async def act() -> Result:
        return {"head": head}

    await run.effects.perform(Effect(f"resolved:{head}", look, act))  # the branch's tip, should the run end here
    run.warn(f"{place.branch} was moved to {head[:12]} meanwhile: the work goes on from there")


async def _holds(place: Place, start: str, tip: str, head: str) -> bool:
    if await is_ancestor(place.worktree, tip, head):
        return True
    ours, theirs = [await trailers_of(place.worktree, f"{start}..{end}") for end in (tip, head)]
    tasks = {commit.trailers["Locus-Task"] for commit in ours if "Locus-Task" in commit.trailers}
    return bool(tasks) and tasks <= {commit.trailers.get("Locus-Task") for commit in theirs}
