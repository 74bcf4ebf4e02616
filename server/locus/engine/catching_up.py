"""Before each task of a sprint: has the base advanced, and does the branch go together with it?"""

from __future__ import annotations

from locus.engine import messages, snapshots
from locus.engine.context import changes_since
from locus.engine.earlier import Changes
from locus.engine.effects import Effect, Result
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded, blocked, others_commits
from locus.model.events import Conflicted, ConflictedFile
from locus.repo.base import fetch_base
from locus.repo.drift import Drift, drift, in_progress, integrate, settle
from locus.repo.objects import is_ancestor, rev_parse
from locus.repo.push import fetch_own


async def catch_up(run: Run, place: Place, number: int, base: str | None) -> str | None:
    """The base commit that the branch now contains; `base` is the one that it is known to contain.

    Raises TaskEnded(blocked) with files and lines when the two do not merge.
    """
    if run.planned.base_kind != "default" or not run.config.agent.rebase_before_task:
        return base
    fetched = await fetch_base(run.repo, run.base_branch)
    if fetched.problem is not None:
        run.warn(f"{run.planned.base_branch} could not be fetched before #{number}: {fetched.problem}")
    if fetched.commit is None or fetched.commit == base:
        return base
    found = await drift(place.worktree, fetched.commit)
    if found.state == "conflict":
        raise _conflict(run, place, number, found)
    if found.state == "unrelated":
        raise _unrelated(run, place, number, found)
    if not await is_ancestor(place.worktree, base or run.planned.base_commit, fetched.commit):
        run.warn(
            f"{run.planned.base_branch} was set back or rewritten: {place.branch} still has the commits that it had before"
            f" (`git log {fetched.commit[:12]}..{place.branch}`)"
        )
    if found.state == "clean":
        await _integrate(run, place, number, found)
    return fetched.commit


def pushed_by_others(run: Run, place: Place, start: str) -> bool:
    """Whether the remote's branch stood elsewhere when this run began than where this run knows it to be."""
    return run.remote_tips.get(place.branch) not in (None, start, run.pushed.get(place.branch))


async def follow(run: Run, place: Place, number: int, start: str) -> str:
    """Where to go on from when somebody else has pushed to the branch since this run last did. Raises TaskEnded(blocked) where that does
    not follow on `start`, at which the worktree stands.
    """
    if run.planned.remote is None or not pushed_by_others(run, place, start):
        return start
    fetched = await fetch_own(run.repo, run.planned.remote, place.branch)
    if fetched is None or await is_ancestor(place.worktree, fetched, start):
        return start
    if not await is_ancestor(place.worktree, start, fetched):
        run.record(Conflicted(base_commit=fetched, files=()), number)
        raise others_commits(place.branch, place.worktree)
    run.warn(f"somebody has pushed to {place.branch}: the work goes on from there")
    run.pushed[place.branch] = fetched
    return fetched


async def _integrate(run: Run, place: Place, number: int, found: Drift) -> None:
    async def look() -> Result | None:
        if in_progress(place.worktree) is None and await is_ancestor(place.worktree, found.base, "HEAD"):
            (head,) = await rev_parse(place.worktree, "HEAD")
            return {"head": head}
        return None

    async def act() -> Result:
        if not await is_ancestor(place.worktree, found.head, found.base):
            await snapshots.keep_tip(run, found.head, number, "before it was rebased")
        await settle(place.worktree, place.branch, found.head)
        message = messages.merge_message(run.planned.base_branch, run.id, run.tracker.keeper)
        done = await integrate(place.worktree, found.base, message=message)
        return {"head": done.head, "how": done.how}

    await run.effects.perform(Effect(f"integrate:{number}:{found.head}:{found.base}", look, act), number)


def _conflict(run: Run, place: Place, number: int, found: Drift) -> TaskEnded:
    files = tuple(ConflictedFile(path=c.path, ranges=tuple((r.start, r.end) for r in c.ranges), reason=c.kind) for c in found.conflicts)
    run.record(Conflicted(base_commit=found.base, files=files), number)
    shown = "; ".join(f.path + (f" lines {', '.join(f'{a}-{b}' for a, b in f.ranges)}" if f.ranges else f" ({f.reason})") for f in files)
    return blocked(
        f"{run.planned.base_branch} has advanced and conflicts with {place.branch}: {shown}",
        f"in {place.worktree}: `git merge {found.base[:12]}`, resolve, commit; then `locus run --resume`",
    )


def _unrelated(run: Run, place: Place, number: int, found: Drift) -> TaskEnded:
    run.record(Conflicted(base_commit=found.base, files=()), number)
    return blocked(
        f"{run.planned.base_branch} was replaced: it has no commit in common with {place.branch} any more",
        f"in {place.worktree}: `git rebase --onto {found.base[:12]} {run.planned.base_commit[:12]}`; then `locus run --resume`",
    )


async def sprint_diff(place: Place, base: str) -> Changes:
    """What the branch has changed so far, since it left the base."""
    return await changes_since(place.worktree, base, place.start)
