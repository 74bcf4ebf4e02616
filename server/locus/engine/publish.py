"""What is done with accepted work: commit and push, pulls.py has the pull request; comment and status are told beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from locus.engine import messages
from locus.engine.effects import Effect, Result
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import and_resume, blocked, failed, others_commits
from locus.errors import OutOfReach
from locus.model.events import Accepted, TaskChanged
from locus.model.states import TaskState
from locus.model.task import PullRequest, Task
from locus.repo import facts, work
from locus.repo.commits import trailers_of
from locus.repo.diffs import diffstat
from locus.repo.objects import is_ancestor
from locus.repo.push import PushResult, fetch_own, push


async def commit(run: Run, task: Task, place: Place, accepted: Accepted) -> str:
    trailers = messages.trailers(run.id, task.number, accepted.attempt, run.tracker.keeper)

    async def look() -> Result | None:
        for found in await trailers_of(place.worktree, f"{place.start}..HEAD"):
            if trailers.items() <= found.trailers.items():
                return {"commit": found.sha}
        return None

    async def act() -> Result:
        if run.resumed:  # else it is staged since it was accepted
            await work.stage(place.worktree)
        before = (await work.head_in(place.worktree)).commit
        sha, changed = await work.commit(place.worktree, messages.commit_message(task, accepted.summary), trailers)
        if before != place.start:  # the agent has committed too
            changed = len(await diffstat(place.worktree, place.start, sha))
        run.record(TaskChanged(changed_files=changed), task.number)
        return {"commit": sha}

    result = await run.effects.perform(Effect(f"commit:{task.number}:{accepted.attempt}", look, act, repeatable=False), task.number)
    # On resume a person's own commits may be on top of it, or in its place.
    return str((await work.head_in(place.worktree)).commit) if run.resumed else str(result["commit"])


def last_good(effects: Mapping[str, Result], done: Collection[int]) -> str | None:
    """The commit with which the last of these tasks was finished, in the order in which that happened."""
    good = None
    for key, result in effects.items():
        kind, number, *_ = [*key.split(":"), ""]
        if kind in ("commit", "push") and number.isdecimal() and int(number) in done:
            good = result.get("pushed") or result.get("commit") or good
    return good


async def push_branch(run: Run, key: str, place: Place, tip: str, task: int | None, *, later: bool = False) -> bool:
    """Whether the remote has the branch now. Raises TaskEnded when the remote, or a hook, does not take it.

    A remote that cannot be reached is waited for, unless what is pushed `later` has this in it too. With the local keeper that, or missing
    credentials, are a warning: the work is on the branch all the same.
    """
    remote = run.planned.remote
    if remote is None or not run.config.agent.auto_pr:
        return False

    async def look() -> Result | None:
        return None  # pushing what is there already changes nothing

    async def act() -> Result:
        result = await push(place.worktree, remote, place.branch, expected=run.pushed.get(place.branch), tip=tip)
        if result.reason == "rejected":
            result = await _once_more(run, remote, place, tip, result)
        if result.ok:
            return {"pushed": tip, "branch": place.branch}
        embedded = run.tracker.keeper == "local"
        if (result.reason == "network" and (embedded or later)) or (result.reason == "credentials" and embedded):
            run.warn(f"{place.branch} was not pushed: {result.message}")
            return {"pushed": None}
        if result.reason == "network":
            raise OutOfReach(result.message, result.hint)
        if result.reason == "credentials":
            raise blocked(result.message, and_resume(await _login(run, remote, result)))
        raise failed(result.message, result.hint or f"nothing is lost: {place.worktree} stays; push it, or `locus run --resume`")

    result = await run.effects.perform(Effect(key, look, act), task)
    if result["pushed"] is None:
        return False
    run.pushed[place.branch] = str(result["pushed"])
    return True


async def _login(run: Run, remote: str, refused: PushResult) -> str | None:
    """What gives git a login there."""
    from locus.tracker.github.pushing import login_for

    url = await facts.remote_url(run.repo, remote, push=True)
    return (login_for(url, refused.message) if url is not None else None) or refused.hint


async def _once_more(run: Run, remote: str, place: Place, tip: str, refused: PushResult) -> PushResult:
    """The lease did not hold: the remote branch was moved or deleted. An ancestor of ours may be replaced; others' commits may not."""
    there = await fetch_own(run.repo, remote, place.branch)
    if there is not None and there == run.pushed.get(place.branch):
        return refused
    if there is not None and await is_ancestor(place.worktree, tip, there):
        return PushResult(tip)
    if there is None or await is_ancestor(place.worktree, there, tip):
        return await push(place.worktree, remote, place.branch, expected=there, tip=tip)
    raise others_commits(place.branch, place.worktree)


def finished(run: Run, number: int, attempt: int, said: str, pull: PullRequest | None) -> None:
    """What the tracker is told of a task that succeeded."""
    run.notices.comment(number, attempt, "done", said)
    run.notices.status(number, good_end(run))
    if pull is not None:
        run.notices.mark(pull.number)


def good_end(run: Run) -> TaskState:
    return TaskState.IN_REVIEW if run.config.agent.review else TaskState.DONE
