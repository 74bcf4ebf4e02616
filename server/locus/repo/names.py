"""Which names may be given to git as branches and revisions. A name never becomes an option."""

from __future__ import annotations

import re

from locus.errors import InvalidArguments

OWN_REFS = "refs/locus/own/"
"""`refs/locus/own/<branch>` is where an unfinished attempt of ours left a branch."""

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)")


def branch_ok(name: str) -> bool:
    """`git check-ref-format --branch`, without starting it."""
    return bool(name) and name != "@" and name != "HEAD" and name[0] not in "-./" and name[-1] not in "./" and not _FORBIDDEN.search(name)


def require_branch(name: str) -> str:
    if not branch_ok(name):
        raise InvalidArguments(f"{name!r} is not a branch name", "see `git check-ref-format --branch`")
    return name


def require_revision(name: str) -> str:
    if not name or name[0] == "-" or "\n" in name or "\0" in name:
        raise InvalidArguments(f"{name!r} is not a revision", "give a branch, a tag or a commit")
    return name


def head_ref(branch: str) -> str:
    return f"refs/heads/{require_branch(branch)}"
