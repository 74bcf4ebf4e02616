"""A sprint's pull request: a draft while it goes on, if that is wanted, and one for all that is done when the run ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from locus.engine import branches, endings, messages, publish, pulls
from locus.engine.bodies import Entry, Part
from locus.engine.glances import MOMENT
from locus.engine.place import Place
from locus.engine.run import Run
from locus.engine.verdicts import interrupted
from locus.errors import LocusError, NotFound
from locus.model.task import PullRequest
from locus.repo.base import known_base
from locus.repo.commits import trailers_of
from locus.repo.objects import is_ancestor


async def draft(run: Run, place: Place, number: int, commit: str) -> PullRequest | None:
    """After a finished task, if the configuration wants it and more are to come. It is made beside the work, which waits for it a moment at
    most; its words are brought up to date at the end.
    """
    others = {planned.number for planned in run.planned.tasks} - run.left_out - {number}
    wanted = run.config.sprint.draft_pr and not all(run.task(other).state.succeeded for other in others)
    if wanted and pulls.drafted(run) is None and (run.drafting is None or run.drafting.done()):
        run.drafting = asyncio.create_task(_draft(run, place, commit))
        await asyncio.wait([run.drafting], timeout=MOMENT)
    return pulls.drafted(run)


async def _draft(run: Run, place: Place, commit: str) -> None:
    """That there is none yet is no failure of the task that has just been finished."""
    name = _name(run)
    try:
        await pulls.early_draft(run, place.branch, messages.sprint_title(name), _part(run, name, await _done_in(run, commit)))
    except LocusError as error:
        if not run.control.stopping:
            run.warn(f"no draft pull request could be made, the sprint goes on without: {error.message}")


@contextlib.asynccontextmanager
async def drafting(run: Run) -> AsyncIterator[None]:
    """What is not made when the body is left is not waited for."""
    try:
        yield
    finally:
        if run.drafting is not None:
            run.drafting.cancel()
            await asyncio.wait([run.drafting])


async def deliver(run: Run, place: Place) -> None:
    """One pull request for what is done; the worktree goes when everything is."""
    here = {planned.number for planned in run.planned.tasks if run.task(planned.number).state.succeeded}
    good = publish.last_good(run.journal.fold.effects, here)
    if run.control.stopping:
        raise interrupted("stopped by a person")
    if good is None:
        return
    if run.drafting is not None:
        await run.drafting
    finished = len(here | run.left_out) == len(run.planned.tasks)
    pushed = await _push_rest(run, place, good)
    done = await _done_in(run, good)
    if done:
        name, drafted = _name(run), run.config.sprint.draft_pr
        pull = await pulls.pull_request(
            run,
            f"pull:sprint:{len(here)}" + (":ready" if drafted and finished else ""),
            place.branch,
            messages.sprint_title(name),
            _part(run, name, done),
            None,
            draft=drafted and not finished,
            ready=drafted and finished,
        )
        if pull is not None:
            run.notices.mark(pull.number)
    if finished and (pushed or run.planned.remote is None or not run.config.agent.auto_pr):
        await endings.put_away(run, "remove:sprint", place.worktree, None)


def _name(run: Run) -> str:
    return str(run.request.wanted.sprint if run.seen.sprint is None else run.seen.sprint.name)


def _part(run: Run, name: str, done: Sequence[tuple[int, str]]) -> Part:
    agents = {planned.number: planned.agent for planned in run.planned.tasks}
    accepted = run.journal.fold.accepted
    entries = tuple(Entry(number, title, agents.get(number, ""), accepted.get(number)) for number, title in done)
    return Part(run.id, entries, heading=messages.sprint_title(name))


async def _done_in(run: Run, tip: str) -> list[tuple[int, str]]:
    """The tasks, with their titles, whose commits are in the branch and not in the base: also those of earlier runs."""
    base: str | None = run.planned.base_commit
    if run.planned.base_kind == "default":
        base = await known_base(run.repo, run.base_branch)
    commits = await trailers_of(run.repo.here, f"{base or run.planned.base_commit}..{tip}")
    numbers = {number for commit in commits if (number := branches.task_of(run, commit.trailers)) is not None}
    found = [(task.number, task.title) for task in run.seen.tasks if task.number in numbers]
    for number in sorted(numbers - {number for number, _ in found}):  # finished, and taken out of the sprint since
        try:
            found.append((number, (await run.tracker.get(number)).title))
        except NotFound:
            continue
    return found


async def _push_rest(run: Run, place: Place, tip: str) -> bool:
    """What an earlier task's push did not get through. Never what a failed task has left on the branch, nor what nobody has verified."""
    if run.planned.remote is None or not run.config.agent.auto_pr:
        return False
    pushed = run.pushed.get(place.branch)
    if pushed is not None and (pushed == tip or await is_ancestor(run.repo.here, tip, pushed)):
        return True
    return await publish.push_branch(run, f"push:sprint:{tip}", place, tip, None)
