"""A run's pull requests: found by their head, made or brought up to date. Each an effect."""

from __future__ import annotations

import asyncio
import contextlib

from locus.engine import messages
from locus.engine.bodies import Part
from locus.engine.effects import Effect, Result
from locus.engine.run import Run
from locus.engine.verdicts import TaskEnded, failed
from locus.errors import LocusError, ProcessFailed, Refused
from locus.model.body import closes
from locus.model.task import PullDraft, PullRequest
from locus.repo.base import known_base
from locus.repo.templates import pull_request_template
from locus.tracker.protocol import NoDrafts

DRAFT = "pull:draft"


async def pull_request(
    run: Run, key: str, branch: str, title: str, part: Part, task: int | None, *, draft: bool = False, ready: bool = False
) -> PullRequest | None:
    """With `draft` a new one is a draft, where the repository has such; with `ready` an open one is none any longer."""
    if not run.config.agent.auto_pr:
        return None

    async def look() -> Result | None:
        return None  # `act` itself looks by head first

    async def act() -> Result:
        try:
            return {"pullRequest": (await _made(run, branch, title, part, draft, ready)).wire()}
        except NoDrafts as error:
            run.warn(f"the pull request is no draft: {error.message}")
            return {"pullRequest": (await _made(run, branch, title, part, False, ready)).wire()}

    return await _performed(run, Effect(key, look, act), task)


async def early_draft(run: Run, branch: str, title: str, part: Part) -> PullRequest | None:
    """A sprint's, while it goes on. None where the repository has no drafts: then there is one at the end."""
    if not run.config.agent.auto_pr:
        return None

    async def look() -> Result | None:
        return None

    async def act() -> Result:
        try:
            return {"pullRequest": (await _made(run, branch, title, part, draft=True, ready=False)).wire()}
        except NoDrafts as error:
            run.warn(f"{error.message}; the pull request is made when the sprint ends")
            return {}

    return await _performed(run, Effect(DRAFT, look, act), None)


def drafted(run: Run) -> PullRequest | None:
    """The draft that this run has made."""
    found = (run.effects.done(DRAFT) or {}).get("pullRequest")
    return None if found is None else PullRequest.model_validate(found)


async def _performed(run: Run, effect: Effect, task: int | None) -> PullRequest | None:
    try:
        result = await run.effects.perform(effect, task)
    except TaskEnded:
        raise
    except ProcessFailed as error:
        raise failed(f"the pull request could not be made: {error.message}", error.hint) from error
    return PullRequest.model_validate(found) if (found := result.get("pullRequest")) is not None else None


async def _made(run: Run, branch: str, title: str, part: Part, draft: bool, ready: bool) -> PullRequest:
    if _is_new(run, branch):
        try:
            return await _create(run, branch, title, part, draft)
        except NoDrafts:
            raise
        except Refused:
            pass  # somebody has made one meanwhile
    found = await run.tracker.pulls(branch)
    for pull in found:
        if pull.state == "open":
            return await _brought_up_to_date(run, pull, part, ready)
    marker = messages.run_marker(run.id)
    for pull in found:
        if marker in pull.body and set(part.numbers) <= set(closes(pull.body)):
            return pull
    return await _create(run, branch, title, part, draft)


def _is_new(run: Run, branch: str) -> bool:
    """Nobody can have made a pull request from a branch that was not there when this run began, but this run itself."""
    was_there = f"refs/heads/{branch}" in run.branches or branch in run.remote_tips
    return not run.resumed and not was_there and drafted(run) is None


async def _create(run: Run, branch: str, title: str, part: Part, draft: bool) -> PullRequest:
    body = part.fresh(await _template(run))
    return await run.tracker.create_pull(PullDraft(branch=branch, base=run.planned.base_branch, title=title, body=body, draft=draft))


async def _brought_up_to_date(run: Run, pull: PullRequest, part: Part, ready: bool) -> PullRequest:
    """The title is whatever it has become."""
    body = part.into(pull.body)
    changed = body if body != pull.body.replace("\r\n", "\n") else None
    undraft = ready and pull.draft
    if changed is None and not undraft:
        return pull
    return await run.tracker.update_pull(pull.number, body=changed, draft=False if undraft else None)


async def _template(run: Run) -> str | None:
    """Read once per run."""
    if run.template is None:
        run.template = asyncio.create_task(_read_template(run))
    return await asyncio.shield(run.template)  # it is other tasks' too


async def _read_template(run: Run) -> str | None:
    """As it stands in the base, whatever agents do to it. Without it, if it cannot be read, there is a pull request all the same."""
    with contextlib.suppress(LocusError):
        base = await known_base(run.repo, run.base_branch)
        return await pull_request_template(run.repo.here, base or run.planned.base_commit)
    return None
