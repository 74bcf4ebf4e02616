"""A local pull request counts as merged when its tip is reachable from its base; the issues it closes are closed at the next look."""

from __future__ import annotations

from collections.abc import Collection

from locus.model import body, naming
from locus.model.task import PullRequest, TaskFilter
from locus.repo.discover import Repository
from locus.repo.objects import is_ancestor, rev_parse
from locus.tracker.protocol import Tracker


async def close_merged(repo: Repository, tracker: Tracker, number: int | None = None) -> None:
    """Looks at the open pull requests of one issue, or of all open issues. One git process answers for all whose branch has not moved."""
    if tracker.keeper != "local":
        return
    tasks = [await tracker.get(number)] if number is not None else await tracker.tasks(TaskFilter())
    pulls = {task.pull_request.number: task.pull_request for task in tasks if task.pull_request and task.pull_request.state == "open"}
    if not pulls:
        return
    names = [
        ref for pull in pulls.values() for ref in (f"refs/heads/{pull.branch}", f"refs/heads/{pull.base}", f"refs/locus/base/{pull.base}")
    ]
    found = await rev_parse(repo.here, *names)
    for index, pull in enumerate(pulls.values()):
        tip, *bases = found[3 * index : 3 * index + 3]
        if tip is None or not pull.branch.startswith(naming.PREFIX):
            continue
        for base in bases:
            if base is not None and await is_ancestor(repo.here, tip, base):
                await note_merged(tracker, pull)
                break


async def note_merged(tracker: Tracker, pull: PullRequest, *, keep_open: Collection[int] = ()) -> PullRequest:
    """Records it, and closes the issues that it closes, except those to be kept open."""
    merged = await tracker.update_pull(pull.number, state="merged")
    for issue in body.closes(pull.body):
        if issue not in keep_open:
            await tracker.close(issue, "completed")
    return merged
