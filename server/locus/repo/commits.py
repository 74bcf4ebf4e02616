"""The state of a checkout, and commits made from it with the repository's own hooks, signing and identity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.errors import Refused
from locus.repo import staging
from locus.repo.git import NO_GC, GitFailed, failure, git, last_words
from locus.repo.names import require_revision
from locus.repo.status import status

_CHANGED = re.compile(r"^ (\d+) files? changed", re.MULTILINE)
_UNIT = "\x1f"
_RECORD = "\x1e"


@dataclass(frozen=True)
class TreeState:
    head: str | None
    """None before the first commit."""
    branch: str | None
    """None when detached."""
    tree: str
    """The tree hash of the files that are present, untracked ones too, ignored ones not."""
    dirty: bool
    """Something differs from HEAD, a submodule's inside included."""
    changed: int
    """How many paths."""


@dataclass(frozen=True)
class CommitTrailers:
    sha: str
    trailers: dict[str, str]
    """Of several with one key the last."""


async def tree_state(worktree: Path) -> TreeState:
    """Two processes for a clean checkout, three for a dirty one; its index and files stay as they are."""
    now = await status(worktree)
    if now.changes or now.head is None:
        with staging.temporary_index(worktree) as env:
            await staging.stage_all(worktree, env)
            tree = await git("write-tree", cwd=worktree, env=env)
    else:
        tree = await git("rev-parse", "--verify", f"{now.head}^{{tree}}", cwd=worktree)
    return TreeState(now.head, now.branch, tree.out, dirty=bool(now.changes), changed=len(now.changes))


async def commit_all(worktree: Path, message: str, trailers: Mapping[str, str] | None = None, *, allow_empty: bool = True) -> str:
    """Commits everything present that is not ignored and returns the commit.

    Raises GitFailed with a refusing hook's own output, everything left in place; Refused when there is nothing to commit
    and empty is not allowed.
    """
    await staging.stage_all(worktree)
    await commit_staged(worktree, message, trailers or {}, allow_empty=allow_empty)
    return (await git("rev-parse", "HEAD", cwd=worktree)).out


async def commit_staged(worktree: Path, message: str, trailers: Mapping[str, str], *, allow_empty: bool = True) -> int:
    """Commits what is staged and returns how many files that changed, as git counts them. Errors as of `commit_all`."""
    empty = ("--allow-empty",) if allow_empty else ()
    body = with_trailers(message, trailers).encode("utf-8", "surrogateescape")
    words = (*NO_GC, "commit", "--no-edit", "--cleanup=whitespace", *empty, "--file=-")
    done = await git(*words, cwd=worktree, input=body, check=False)
    if done.code == 0:
        changed = _CHANGED.search(done.out)
        return int(changed[1]) if changed else 0
    if "nothing to commit" in done.out or "nothing added to commit" in done.out:
        raise Refused("there is nothing to commit")
    if done.code == 1 and not done.err.startswith(("fatal:", "error:")):
        raise GitFailed(
            f"a commit hook refused the commit: {last_words(done.err, lines=20) or 'it gave no reason'}",
            "nothing is lost: the files stay as they are; mend what the hook names, or the hook",
            code=done.code,
            stdout=done.out,
            stderr=done.err,
        )
    raise failure(done, "git commit")


def with_trailers(message: str, trailers: Mapping[str, str]) -> str:
    block = "\n".join(f"{key}: {' '.join(value.split())}" for key, value in trailers.items())
    return f"{message.strip()}\n\n{block}\n" if block else f"{message.strip()}\n"


async def trailers_of(cwd: Path, ref_range: str, *, first_parent: bool = False) -> list[CommitTrailers]:
    """The trailers of each commit in a range such as `main..HEAD`, newest first."""
    form = f"%H{_UNIT}%(trailers:only=true,unfold=true,separator=%x1e,key_value_separator=%x1f)"
    only = ("--first-parent",) if first_parent else ()
    done = await git("log", "-z", f"--format={form}", *only, "--end-of-options", require_revision(ref_range), "--", cwd=cwd)
    found: list[CommitTrailers] = []
    for entry in done.out.split("\0"):
        sha, _, block = entry.strip("\n").partition(_UNIT)
        if sha:
            found.append(CommitTrailers(sha, dict(pair.partition(_UNIT)[::2] for pair in block.split(_RECORD) if _UNIT in pair)))
    return found
