"""What can be seen of a repository, its remote and its tracker when a run has ended, and how two such sights differ.

Left out is what must differ: shas, dates, run ids, attempt numbers. So are snapshots (keep refs): a crash in the middle of a task leaves
one more, which is what they are for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locus.model.task import TaskFilter
from locus.repo.layout import LEFTOVER
from support.github.github import GitHub
from support.house import House
from support.procs import until_async
from support.repos import OURS, all_refs, files_of

Sight = dict[str, Any]


async def seen(house: House, github: GitHub | None = None) -> Sight:
    """With `github` the tracker's side is all that there is on GitHub, whoever made it."""
    return {**await _of_git(house), **(_of_github(github) if github is not None else await _of_the_local_tracker(house))}


async def _of_git(house: House) -> Sight:
    common = house.ws.repo.common_dir
    here, there = _ours(common), _ours(house.person.remote)
    return {
        "branches": {name: _history(house, common, name) for name in here if name.startswith("refs/heads/")},
        "remote": {name: _history(house, house.person.remote, name) for name in there},
        "pushed": {name: here.get(name) == tip for name, tip in there.items()},
        "own refs": _trees(house, [name for name in here if name.startswith("refs/locus/own/")]),
        "worktrees": {name: _worktree(house, name) for name in house.worktrees()},
        "worktree records": sorted(path.name for path in (common / "worktrees").glob("*")),
        "run-state": _plain(str(house.run_state())),
        "litter": await _litter(house),
    }


async def _of_the_local_tracker(house: House) -> Sight:
    tracker = house.ws.tracker
    tasks = sorted(await tracker.tasks(TaskFilter(state="all")), key=lambda task: task.number)
    refs = [*_ours(house.ws.repo.common_dir), *_ours(house.person.remote)]
    names = {ref.removeprefix("refs/heads/") for ref in refs}
    pulls = sorted([pull for name in sorted(names) for pull in await tracker.pulls(name)], key=lambda pull: pull.branch)
    return {
        "pull requests": [(pull.branch, pull.base, pull.state, pull.draft, pull.title, _plain(pull.body)) for pull in pulls],
        "pull request numbers": sorted(pull.number for pull in pulls),
        "tasks": [(task.number, task.status, task.state, task.labels, _branch(task.pull_request)) for task in tasks],
        "comments": {
            task.number: sorted((comment.author, _plain(comment.body)) for comment in await tracker.comments(task.number)) for task in tasks
        },
    }


def _of_github(github: GitHub) -> Sight:
    """`made` counts whatever was ever made there: also what is there no more would show in it."""
    (repository,) = github.world.repositories.values()
    issues = [issue for issue in repository.issues.values() if issue.pull is None]
    pulls = [(issue, issue.pull, issue.pull.merged_at is not None) for issue in repository.issues.values() if issue.pull is not None]
    labels = {issue.number: sorted(label.name for label in repository.labels_of(issue)) for issue in repository.issues.values()}
    titles = {milestone.number: milestone.title for milestone in repository.milestones.values()}
    return {
        "pull requests": sorted(
            (pull.head, pull.base, issue.state, merged, pull.draft, issue.title, _plain(issue.body or ""), labels[issue.number])
            for issue, pull, merged in pulls
        ),
        "pull request numbers": sorted(issue.number for issue, _, _ in pulls),
        "issues": {
            issue.number: (issue.title, issue.body, issue.state, issue.state_reason, titles.get(issue.milestone or 0), labels[issue.number])
            for issue in issues
        },
        "comments": {
            issue.number: sorted((comment.user, _plain(comment.body)) for comment in issue.comments) for issue in repository.issues.values()
        },
        "labels": sorted((label.name, label.color, label.description) for label in repository.labels.values()),
        "milestones": sorted((milestone.number, milestone.title, milestone.state) for milestone in repository.milestones.values()),
        "made": github.world.last_id,
    }


def different(expected: Sight, found: Sight) -> list[str]:
    """In what two sights differ, each with both sides; empty when they are equal."""
    return [
        f"{name}:\n    expected {one!r}\n    found    {other!r}"
        for key in sorted({*expected, *found})
        for name, one, other in _parts(key, expected.get(key), found.get(key))
        if one != other
    ]


def _parts(name: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Of a mapping each entry by itself: that is shorter to read."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield f"{name} of {key}", one.get(key), other.get(key)
    else:
        yield name, one, other


def _ours(repository: Path | None) -> dict[str, str]:
    assert repository is not None
    return {name: tip for name, tip in sorted(all_refs(repository).items()) if name.startswith(OURS) and not name.endswith(".lock")}


def _history(house: House, repository: Path | None, ref: str) -> list[str]:
    """Of each commit, oldest first: its tree, how many parents it has, and its message with the trailers."""
    done = house.person.look("log", "-z", "--reverse", "--format=%T %p%n%B", ref, "--", cwd=repository)
    return [_commit(entry) for entry in done.split("\0") if entry]


def _commit(entry: str) -> str:
    head, _, message = entry.partition("\n")
    tree, *parents = head.split(" ")
    return f"{tree} {len(parents)} {_plain(message.strip())}"


def _trees(house: House, refs: list[str]) -> dict[str, str]:
    if not refs:
        return {}
    trees = house.person.look("rev-parse", *(f"{ref}^{{tree}}" for ref in refs)).splitlines()
    return dict(zip(refs, trees, strict=True))


def _branch(pull: Any) -> str | None:
    return None if pull is None else str(pull.branch)


def _worktree(house: House, name: str) -> tuple[str, dict[str, str]]:
    """The branch it is on, and its files."""
    head = house.ws.repo.common_dir / "worktrees" / name / "HEAD"
    return head.read_text() if head.exists() else "no worktree", files_of(house.ws.repo.worktrees_dir / name)


async def _litter(house: House) -> list[str]:
    """What killed commands leave: git's lock files, our own scratch files, a worktree half thrown away.

    Not what somebody is using, nor a folder of unknown origin that was moved out of the way: it may be somebody's.
    """
    roots = (house.ws.repo.common_dir, house.person.remote)

    def lying() -> list[str]:
        found = [path for root in roots if root for pattern in ("*.lock", "locus-index-*") for path in root.rglob(pattern)]
        found += (path for path in (house.ws.state / "trash").glob("*") if not path.name.startswith(LEFTOVER))
        return sorted(str(path.relative_to(house.person.path.parent)) for path in found)

    with contextlib.suppress(AssertionError):
        await until_async(lambda: not lying(), 2)
    return lying()


def _plain(text: str) -> str:
    text = re.sub(r"run-\d{4}-\d\d-\d\dT[\w-]+", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"(RUN \d+) \w+ -->", r"\1 N -->", text)
    text = re.sub(r"(Locus-Attempt:) \d+", r"\1 N", text)
    text = re.sub(r" in \d+ attempts", "", text)
    text = re.sub(r"Pull request: #\d+|'pr': \d+", "PULL", text)  # tasks side by side get theirs in any order
    return re.sub(r"\b[0-9a-f]{10,40}\b", "SHA", text)
