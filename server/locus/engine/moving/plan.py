"""What a move does, from what is here and there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from locus.engine.moving.look import Branches, Here, There
from locus.engine.moving.progress import Progress
from locus.errors import Refused
from locus.model.labels import LABELS, order_label
from locus.model.moving import Move, MovingPull, MovingSprint, MovingTask, Unmovable
from locus.model.run import RunView
from locus.model.task import PullRequest, Sprint, Task
from locus.tracker.github.adopting import LABEL_LIMIT
from locus.tracker.github.issues import TEXT_LIMIT
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.sprints import means

_ROOM = 1000
"""Characters that the hidden mark and longer numbers may take."""
_OURS = frozenset(label.name for label in LABELS)


def make(
    place: GitHubPlace, here: Here, there: There, branches: Branches, progress: Progress | None, unfinished: Sequence[RunView] = ()
) -> Move:
    """`unfinished` are runs of the tasks here that could still be resumed."""
    sprints = tuple(_sprint(sprint, there, progress) for sprint in here.sprints)
    places = {sprint.name: sprint.after for sprint in sprints}
    tasks = tuple(_task(task, here, places, progress) for task in here.tasks)
    wanted = dict.fromkeys([*(label.name for label in LABELS), *(name for task in here.tasks for name in _labels(task, places))])
    return Move(
        to=place.full_name,
        host=place.host,
        labels=tuple(name for name in wanted if name.lower() not in there.room.labels),
        sprints=sprints,
        tasks=tasks,
        pulls=tuple(_pull(pull, branches, progress) for pull in here.pulls),
        branches=tuple(sorted(branches.here)),
        snapshots=branches.snapshots,
        warnings=(*_fork(place), *_warnings(here, unfinished)),
        refused=tuple(refusal for task in here.tasks for refusal in _refusals(task)),
    )


def new_order(task: Task, after: int) -> int | None:
    return None if task.order is None else task.order + after


def _labels(task: Task, places: dict[str, int]) -> Iterable[str]:
    yield from _foreign(task)
    order = new_order(task, places.get(task.sprint or "", 0))
    if order is not None:
        yield order_label(order).name


def _foreign(task: Task) -> tuple[str, ...]:
    own = order_label(task.order).name if task.order is not None else ""
    return tuple(name for name in task.labels if name.lower() not in _OURS and name != own)


def _sprint(sprint: Sprint, there: There, progress: Progress | None) -> MovingSprint:
    known = progress.sprints.get(sprint.name) if progress is not None else None
    joins, after = None, 0
    if known is not None:
        joins, after = (None if known.made else known.title), known.after
    elif (present := _alike(sprint.name, there.sprints)) is not None:
        joins, after = present.name, there.places.get(present.name, 0)
    return MovingSprint(name=sprint.name, state=sprint.state, due=sprint.due, tasks=len(sprint.tasks), joins=joins, after=after)


def _alike(name: str, sprints: Iterable[Sprint]) -> Sprint | None:
    """The milestone of that name, else the one whose branch would be the same."""
    alike = [sprint for sprint in sprints if sprint.name == name] or [sprint for sprint in sprints if means(sprint.name, name)]
    if len(alike) > 1:
        names = " and ".join(repr(sprint.name) for sprint in alike)
        raise Refused(f"the sprint {name!r} could become one with the milestones {names} on GitHub", "rename one of them there")
    return alike[0] if alike else None


def _task(task: Task, here: Here, places: dict[str, int], progress: Progress | None) -> MovingTask:
    known = progress.tasks.get(task.number) if progress is not None else None
    return MovingTask(
        number=task.number,
        title=task.title,
        status=task.status,
        state=task.state,
        type=task.type,
        priority=task.priority,
        sprint=task.sprint,
        order=new_order(task, places.get(task.sprint or "", 0)),
        labels=_foreign(task),
        comments=len(here.comments[task.number]),
        anchored=task.anchor is not None,
        moved_to=known.there if known is not None else None,
        changed=known is not None and bool(known.seen) and known.seen != here.seen(task),
    )


def _pull(pull: PullRequest, branches: Branches, progress: Progress | None) -> MovingPull:
    moved = progress.pulls.get(pull.number) if progress is not None else None
    return MovingPull(
        number=pull.number,
        title=pull.title,
        branch=pull.branch,
        base=pull.base,
        state=pull.state,
        stays=None if moved is not None else _stays(pull, branches),
        moved_to=moved,
    )


def _stays(pull: PullRequest, branches: Branches) -> str | None:
    """Moving tasks publishes no commits: only what is on the remote as it is here becomes a pull request there."""
    if pull.state != "open":
        return f"it is {pull.state}"
    if branches.at_remote is None:
        return f"{branches.remote} could not be asked for its branches"
    there, tip = branches.at_remote.get(pull.branch), branches.here.get(pull.branch)
    push = f"`git push {branches.remote} {pull.branch}`, then `locus tracker push`"
    if there is None:
        return f"its branch is not on {branches.remote}: {push}" if tip is not None else "its branch is gone"
    return None if tip in (None, there) else f"its branch has other commits here than on {branches.remote}: {push}"


def _fork(place: GitHubPlace) -> Iterable[str]:
    """Issues of a fork are the original's, here as in all that Locus does; who has thought of them as their own is told before."""
    if place.head_owner != place.owner:
        fork = f"{place.full_name} is not {place.head_owner}'s fork but what it was made from, and its people see these issues"
        yield f"{fork}; `gh repo set-default` chooses another repository"


def _warnings(here: Here, unfinished: Sequence[RunView]) -> Iterable[str]:
    for view in unfinished:
        what = f"the sprint {view.sprint}" if view.sprint is not None else _hashes(task.number for task in view.tasks)
        resume = f"`locus run --resume {view.id}` finishes it first"
        yield f"run {view.id} ({what}) is not finished, and cannot be resumed after the move: {resume}"
    long = [task.number for task in here.tasks for comment in here.comments[task.number] if len(comment.body) > TEXT_LIMIT - _ROOM]
    if long:
        yield f"comments on {_hashes(long)} are longer than GitHub takes: their middle is left out there"


def _refusals(task: Task) -> Iterable[Unmovable]:
    number = task.number
    if len(task.body) > TEXT_LIMIT - _ROOM:
        yield Unmovable(
            number=number,
            reason=f"the text of #{number} has {len(task.body)} characters, GitHub takes {TEXT_LIMIT - _ROOM} of it",
            hint=f"shorten it: `locus issue edit {number} --body-file FILE`",
        )
    for name in task.labels:
        if len(name) > LABEL_LIMIT:
            yield Unmovable(
                number=number,
                reason=f"the label {name!r} of #{number} has {len(name)} characters, GitHub takes {LABEL_LIMIT}",
                hint="create the issue again with a shorter one, and close this one",
            )


def _hashes(numbers: Iterable[int]) -> str:
    return ", ".join(f"#{number}" for number in dict.fromkeys(numbers))
