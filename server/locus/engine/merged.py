"""What happened to pull requests outside of Locus shows in their issues at the next look.

A local one counts as merged when its tip is reachable from its base. GitHub says itself what became of its own, and closes the issues of
those that went into the default branch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from locus.errors import LocusError
from locus.model import body, naming
from locus.model.task import PullRequest, Task, TaskStatus
from locus.repo.base import BASE_REFS
from locus.repo.discover import Repository
from locus.repo.names import head_ref
from locus.repo.objects import merged_into, rev_parse
from locus.tracker.protocol import Tracker

log = logging.getLogger(__name__)


async def follow_pulls(repo: Repository, tracker: Tracker, tasks: Sequence[Task]) -> bool:
    """Looks at the pull requests of these issues. Whether any issue was changed."""
    return await (_close_merged(repo, tracker, tasks) if tracker.keeper == "local" else _follow_github(tracker, tasks))


async def _follow_github(tracker: Tracker, tasks: Sequence[Task]) -> bool:
    """What cannot be written now, for want of a network or of permission, is at a later look."""
    wanted = {task.number: status for task in tasks if (status := _followed(task)) is not None}
    done = await asyncio.gather(*(tracker.set_status(number, status) for number, status in wanted.items()), return_exceptions=True)
    for number, result in zip(wanted, done, strict=True):
        if isinstance(result, LocusError):
            log.warning("the status of #%d could not follow its pull request: %s", number, result)
        elif isinstance(result, BaseException):
            raise result
    return None in done


def _followed(task: Task) -> TaskStatus | None:
    """The status that its pull request gives it, if that is another one."""
    pull = task.pull_request
    if pull is None or pull.state == "open" or not pull.branch.startswith(naming.PREFIX):
        return None
    if pull.state == "merged" and task.status is TaskStatus.IN_REVIEW:  # that has mostly closed the issue
        return TaskStatus.DONE
    if pull.state == "closed" and task.state == "open" and task.status in (TaskStatus.IN_REVIEW, TaskStatus.DONE):
        return TaskStatus.QUEUED
    return None


async def _close_merged(repo: Repository, tracker: Tracker, tasks: Sequence[Task]) -> bool:
    """Two git processes answer for all, and a third where the remote's base is not what is here."""
    pulls = {
        head_ref(pull.branch): pull
        for task in tasks
        if (pull := task.pull_request) is not None and pull.state == "open" and pull.branch.startswith(naming.PREFIX)
    }
    bases = sorted({ref for pull in pulls.values() for ref in _bases(pull)})
    commits = dict(zip(bases, await rev_parse(repo.here, *bases), strict=True)) if pulls else {}
    merged: dict[str, PullRequest] = {}
    for commit in {commit for commit in commits.values() if commit is not None}:
        towards = {ref: pull for ref, pull in pulls.items() if commit in [commits[base] for base in _bases(pull)]}
        merged |= {ref: pulls[ref] for ref in await merged_into(repo.here, commit, towards)}
    for pull in merged.values():
        await note_merged(tracker, pull)
    return bool(merged)


def _bases(pull: PullRequest) -> tuple[str, str]:
    """Here, and as it was last fetched."""
    return head_ref(pull.base), f"{BASE_REFS}{pull.base}"


async def note_merged(tracker: Tracker, pull: PullRequest, *, keep_open: Collection[int] = ()) -> PullRequest:
    """Records it, and closes the issues that it closes, except those to be kept open."""
    merged = await tracker.update_pull(pull.number, state="merged")
    for issue in body.closes(pull.body):
        if issue not in keep_open:
            await tracker.close(issue, "completed")
    return merged
