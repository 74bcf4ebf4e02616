"""Checks and messages that are the same whoever keeps the tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from locus.errors import InvalidArguments, NotFound, Refused

TITLE_LIMIT = 256
"""Characters; GitHub's limit, kept everywhere so that tasks can move there."""


def checked_title(title: str) -> str:
    """One line, not blank, at most 256 characters."""
    line = " ".join(title.split())
    if not line:
        raise InvalidArguments("an issue needs a title", "say in one line what is to be done")
    if len(line) > TITLE_LIMIT:
        raise InvalidArguments(f"the title has {len(line)} characters, {TITLE_LIMIT} are allowed", "put the details into the body")
    return line


def checked_label(name: str) -> str:
    if not name.strip():
        raise InvalidArguments("a label needs a name", "leave it out or name it")
    return name.strip()


def checked_numbers(numbers: Sequence[int]) -> tuple[int, ...]:
    """Refuses an issue that is named twice."""
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise InvalidArguments(f"named more than once: {_hashes(twice)}", "name each issue once")
    return tuple(numbers)


def no_issue(numbers: Iterable[int], *, pulls: Iterable[int] = ()) -> NotFound:
    """`pulls`: those of the numbers that are pull requests."""
    missing, requests = sorted(numbers), sorted(pulls)
    if requests:
        are = "is a pull request, not an issue" if len(requests) == 1 else "are pull requests, not issues"
        return NotFound(f"{_hashes(requests)} {are}", "`locus issue list` shows the issues")
    what = "issue" if len(missing) == 1 else "issues"
    return NotFound(f"there is no {what} {_hashes(missing)}", "`locus issue list` shows the issues there are")


def no_pull(number: int) -> NotFound:
    return NotFound(f"there is no pull request #{number}", "`locus issue show` names the pull request of an issue")


def no_sprint(name: str, known: Sequence[str]) -> NotFound:
    if not known:
        return NotFound(f"there is no sprint {name!r}", f'create it: `locus sprint create "{name}"`')
    return NotFound(f"there is no sprint {name!r}", "the sprints are: " + ", ".join(repr(other) for other in known))


def sprint_taken(name: str, other: str) -> Refused:
    if name == other:
        return Refused(f"there is a sprint {name!r} already", "choose another name")
    return Refused(
        f"the sprint {name!r} would have the same branch as the sprint {other!r}", "choose a name that differs in more than that"
    )


def pull_open(branch: str, base: str, number: int) -> Refused:
    return Refused(f"pull request #{number} from {branch} into {base} is open already", f"update #{number} instead")


def _hashes(numbers: Iterable[int]) -> str:
    return ", ".join(f"#{number}" for number in numbers)
