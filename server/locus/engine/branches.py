"""Which branch a task or sprint goes to when one of that name is there already, and where the work on it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from locus.engine import snapshots
from locus.engine.claims import Claim
from locus.engine.merged import note_merged
from locus.engine.moving import progress
from locus.engine.run import Run
from locus.engine.store import RunStore
from locus.engine.verdicts import TaskEnded, blocked
from locus.errors import LocusError
from locus.model import naming
from locus.model.body import closes
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState
from locus.model.task import PullRequest
from locus.repo.commits import trailers_of
from locus.repo.names import OWN_REFS
from locus.repo.objects import is_ancestor, update_ref
from locus.repo.push import fetch_own
from locus.repo.worktrees import clear_branch_lock


@dataclass(frozen=True)
class Beginning:
    branch: str
    start: str
    exists: bool
    """The branch stands at `start` already; otherwise it is to be made there."""


@dataclass(frozen=True)
class _Tips:
    local: str | None
    remote: str | None
    """Where the remote has it and nothing newer is here; its commits are here too."""
    apart: bool = False
    """Each of the two has commits that the other lacks."""

    @property
    def newest(self) -> str | None:
        return self.local if self.apart else self.remote or self.local


async def beginning(run: Run, wanted: str, task: int | None, claim: Claim) -> Beginning:
    """A branch of that name is continued while its pull request is open, or its finished work is ours. It begins afresh, the old tip kept,
    after its pull request was merged or closed, or an attempt failed. What is not ours is left alone, and ours gets a suffix.
    `claim` has the wanted branch, and gets the one that it is to be.

    Raises TaskEnded(blocked) where a branch to go on with has other people's commits on the remote that do not follow on ours.
    """
    found = await _beginning(run, wanted, task)
    if found is not None:
        return found
    taken = {naming.branch_of(sprint) for sprint in await run.tracker.sprints("all")} if task is None else set()
    for suffix in range(2, 1000):
        branch = f"{wanted}-{suffix}"
        if branch in taken or not claim.add(branch):
            continue
        if (found := await _beginning(run, branch, task)) is not None:
            run.warn(f"{wanted} has commits that this Locus did not make: it is left alone, the work goes to {branch}")
            return found
        claim.drop(branch)
    raise RuntimeError(f"no free name for {wanted}")


async def _beginning(run: Run, branch: str, task: int | None) -> Beginning | None:
    base, here = run.planned.base_commit, run.repo.here
    clear_branch_lock(run.repo, branch)
    own = run.branches.get(f"{OWN_REFS}{branch}")
    tips = await _tips(run, branch)
    tip = tips.newest
    if tip is None:
        return Beginning(branch, base, exists=False)
    contained = await is_ancestor(here, tip, base)
    pulls = [pull for pull in await run.tracker.pulls(branch) if not _of_another(pull, task)]
    if contained:
        pulls = await _merged(run, pulls)
    ours = not contained and await _finished_by_us(run, tip, task)
    attempt = None if contained or ours else await _attempt(run, branch, tips, own)
    if attempt is not None:
        ours = not await is_ancestor(here, attempt, base) and await _finished_by_us(run, attempt, task)
    if any(pull.state == "open" for pull in pulls) or (ours and not pulls):
        if tips.apart and not await _finished_by_us(run, str(tips.remote), task):
            raise _apart(branch)
        if attempt is not None:
            await snapshots.keep_tip(run, tip, task)
        start = attempt or tip
        if start != tips.local:
            await update_ref(here, f"refs/heads/{branch}", start, tips.local or "")
        return Beginning(branch, start, exists=True)
    if not (pulls or attempt or tip == own or contained):
        return None
    return await _afresh(run, branch, tips, pulls, task)


def _of_another(pull: PullRequest, task: int | None) -> bool:
    """It delivers other issues: from before they had the numbers that they have now."""
    closed = closes(pull.body)
    return task is not None and bool(closed) and task not in closed


async def _afresh(run: Run, branch: str, tips: _Tips, pulls: list[PullRequest], task: int | None) -> Beginning:
    base = run.planned.base_commit
    for tip in dict.fromkeys(tip for tip in (tips.newest, tips.remote) if tip is not None):
        if not await is_ancestor(run.repo.here, tip, base):
            await snapshots.keep_tip(run, tip, task)
    if pulls:
        run.warn(f"pull request #{pulls[0].number} of {branch} is {pulls[0].state}: the work begins afresh")
    await update_ref(run.repo.here, f"refs/heads/{branch}", base, tips.local or "")
    return Beginning(branch, base, exists=True)


async def _tips(run: Run, branch: str) -> _Tips:
    local, remote = run.branches.get(f"refs/heads/{branch}"), run.remote_tips.get(branch)
    if remote is None or remote == local or run.planned.remote is None:
        return _Tips(local, None)
    fetched = await fetch_own(run.repo, run.planned.remote, branch)
    if fetched is None or local is None or await is_ancestor(run.repo.here, local, fetched):
        return _Tips(local, fetched)
    if await is_ancestor(run.repo.here, fetched, local):
        return _Tips(local, None)
    return _Tips(local, fetched, apart=True)


async def _merged(run: Run, pulls: list[PullRequest]) -> list[PullRequest]:
    """All of the branch is in the base, so its pull request is merged, whether anybody has noticed or not."""
    if run.tracker.keeper != "local":
        return pulls  # whoever keeps them says what they are
    going_on = {task.number for task in run.planned.tasks}
    return [await note_merged(run.tracker, pull, keep_open=going_on) if pull.state == "open" else pull for pull in pulls]


async def _attempt(run: Run, branch: str, tips: _Tips, own: str | None) -> str | None:
    """Where an attempt of ours had begun whose unfinished commits are at the tip: it ended badly there, or its run was killed."""
    tip = str(tips.newest)
    standing = run.repo.worktrees_dir / naming.worktree_name(branch) / ".git"
    if tip != own and not (tip == tips.local and standing.exists()):
        return None
    for view, tasks in _earlier(run, branch):
        if tip != own and view.state is not RunState.LOST:
            return None
        for task in tasks:
            if not task.state.succeeded and await is_ancestor(run.repo.here, str(task.start), tip):
                return task.start
        if tip != own:
            return None
    return None


def _earlier(run: Run, branch: str) -> Iterator[tuple[RunView, list[TaskRun]]]:
    """The runs that have worked on a branch, newest first, with the tasks that they began there."""
    runs = RunStore(run.ws.runs)
    for run_id in runs.ids():
        try:
            view = runs.view(run_id)
        except LocusError:
            continue  # the doctor says what is wrong with it
        tasks = [task for task in view.tasks if task.branch == branch and task.start is not None]
        if tasks and run_id != run.id and (view.sprint is not None or view.of(run.tracker.keeper)):
            yield view, tasks


async def _finished_by_us(run: Run, tip: str, task: int | None) -> bool:
    """The tip is a commit that Locus made for this task, or for any in a sprint."""
    for commit in await trailers_of(run.repo.here, f"{tip}^!"):
        return is_ours(run, commit.trailers) if task is None else task_of(run, commit.trailers) == task
    return False


def is_ours(run: Run, trailers: Mapping[str, str]) -> bool:
    """Whether a commit is of this keeper, or was made here before the tasks moved to it. `local` is a keeper on every machine: there it
    must be of a run that is known here.
    """
    return trailers.get("Locus-Keeper") == run.tracker.keeper != "local" or _made_here(run, trailers)


def task_of(run: Run, trailers: Mapping[str, str]) -> int | None:
    """The present number of the task that a commit of ours was made for; None where it is not ours, or for no task."""
    name = trailers.get("Locus-Task", "")
    if not name.isdecimal() or not is_ours(run, trailers):
        return None
    if trailers.get("Locus-Keeper") == run.tracker.keeper:
        return int(name)
    moved = progress.moved_to(run.ws.state, run.tracker.keeper)
    return moved.there(int(name)) if moved is not None else None


def _made_here(run: Run, trailers: Mapping[str, str]) -> bool:
    made_by = trailers.get("Locus-Run", "")
    if trailers.get("Locus-Keeper") != "local" or naming.run_began(made_by) is None or not (run.ws.runs / made_by).is_dir():
        return False
    return run.tracker.keeper == "local" or progress.moved_to(run.ws.state, run.tracker.keeper) is not None


def _apart(branch: str) -> TaskEnded:
    return blocked(
        f"somebody has pushed other commits to {branch}, and the branch here has commits that they lack",
        f"bring the two together in a checkout of {branch}: `git merge refs/locus/remote/{branch}`, commit; then run it again",
    )
