"""Names of branches, worktrees and sprint slugs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from locus.errors import InvalidArguments

if TYPE_CHECKING:
    from locus.model.task import Sprint

PREFIX = "locus/"
RUN_TIME = "run-%Y-%m-%dT%H-%M-%S-%f"
"""How the id of a run begins: when it was started, in UTC, to the millisecond (the last three digits of `%f` are left out)."""
KEEP_REFS = "refs/locus/keep/"

_SEPARATORS = re.compile(r"[\s/\\]+")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\"'`$<>|&;!(){}#%]|@\{")


def slug(name: str) -> str:
    """A sprint's name as it stands in its branch: lower case, white space and `/` become `-`, `.` stays, the rest that git forbids goes.

    Raises InvalidArguments when nothing is left.
    """
    visible = (char for char in unicodedata.normalize("NFC", name.strip().lower()) if char.isspace() or not _invisible(char))
    text = _FORBIDDEN.sub("", _SEPARATORS.sub("-", "".join(visible)))
    text = re.sub(r"\.{2,}", ".", text)
    text = re.sub(r"-{2,}", "-", text).strip("-.")
    while text.endswith(".lock"):
        text = text.removesuffix(".lock").strip("-.")
    if not text:
        raise InvalidArguments(f"the sprint name {name!r} leaves no branch name", "give it a name with at least one letter or digit")
    if len(text.encode()) > 200:
        raise InvalidArguments("the sprint name is too long for a branch name", "keep it under 200 bytes")
    return text


def _invisible(char: str) -> bool:
    """Control, format, surrogate and unassigned characters: git takes some of them, terminals and file systems suffer from them."""
    return unicodedata.category(char).startswith("C")


def sprint_branch(name: str) -> str:
    return f"{PREFIX}sprint-{slug(name)}"


def branch_of(sprint: Sprint) -> str:
    return sprint.branch or sprint_branch(sprint.name)


def sprint_branches(names: Mapping[int, str]) -> dict[int, str]:
    """The branches of all sprints by their numbers. Where the names of two make the same one, the younger's has its number at the end."""
    found: dict[int, str] = {}
    for number, name in sorted(names.items()):
        try:
            branch = sprint_branch(name)
        except InvalidArguments:
            continue
        while branch in found.values():
            branch = f"{branch}-{number}"
        found[number] = branch
    return found


def issue_branch(number: int) -> str:
    return f"{PREFIX}issue-{number}"


def run_began(run_id: str) -> datetime | None:
    """When the run was started, without a time zone: UTC. None where it is not the id of a run."""
    try:
        return datetime.strptime(run_id.rpartition("-")[0], RUN_TIME)
    except ValueError:
        return None


def worktree_name(branch: str) -> str:
    """`locus/issue-42` stands in `.locus/worktrees/issue-42`."""
    return branch.removeprefix(PREFIX).replace("/", "-")
