"""Stages everything that is present in a checkout, into its own index or a temporary one."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from locus.repo.discover import linked_git_dir
from locus.repo.files import explained
from locus.repo.git import failure, git, text
from locus.repo.submodules import named

_ADD = ("-c", "core.safecrlf=false", "-c", "advice.addEmbeddedRepo=false", "add", "--all", "--sparse")
_GITLINK = b"160000"


@contextlib.contextmanager
def temporary_index(worktree: Path) -> Iterator[dict[str, str]]:
    """The environment for commands on a copy of the checkout's index, with its times: else every file would be read again."""
    git_dir = linked_git_dir(worktree)
    with scratch_index(git_dir) as env:
        with explained("copying the index"), contextlib.suppress(FileNotFoundError):
            shutil.copy2(git_dir / "index", env["GIT_INDEX_FILE"])
        yield env


@contextlib.contextmanager
def scratch_index(git_dir: Path) -> Iterator[dict[str, str]]:
    """The environment for commands on an index of their own, empty at first and gone afterwards."""
    index = git_dir / f"locus-index-{uuid.uuid4().hex[:12]}"
    try:
        yield {"GIT_INDEX_FILE": str(index)}
    finally:
        index.unlink(missing_ok=True)
        index.with_name(f"{index.name}.lock").unlink(missing_ok=True)


async def stage_all(worktree: Path, env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Stages all files that are not ignored, deletions too. Returns the nested repositories it left out.

    A repository that somebody made or cloned inside the checkout would become a link to a commit that nobody else has.
    """
    done = await git(*_ADD, cwd=worktree, env=env, check=False)
    if done.code == 0:
        return await _unlink_nested(worktree, env) if b"adding embedded git repository" in done.stderr else ()
    if b"does not have a commit checked out" not in done.stderr:
        raise failure(done, "git add")
    nested = await _nested_repositories(worktree, env)
    pathspecs = b"\0".join((b":/", *(b":(top,exclude,literal)" + name for name in nested)))
    await git(*_ADD, "--pathspec-from-file=-", "--pathspec-file-nul", cwd=worktree, env=env, input=pathspecs)
    return tuple(map(text, nested))


async def present_tree(worktree: Path, compare: str) -> tuple[str, bool]:
    """The tree of the files that are present and not ignored, and whether `compare` (a commit) has the same."""
    with temporary_index(worktree) as env:
        await stage_all(worktree, env)
        tree = (await git("write-tree", cwd=worktree, env=env)).out
    there = await git("rev-parse", "--verify", "--quiet", f"{compare}^{{tree}}", cwd=worktree, check=False)
    return tree, there.out == tree


async def _nested_repositories(worktree: Path, env: Mapping[str, str] | None) -> list[bytes]:
    """Untracked ones: git lists them, unlike other folders, as a name that ends in a slash."""
    done = await git("ls-files", "--others", "--exclude-standard", "-z", cwd=worktree, env=env)
    return [name.rstrip(b"/") for name in done.stdout.split(b"\0") if name.endswith(b"/")]


async def _unlink_nested(worktree: Path, env: Mapping[str, str] | None) -> tuple[str, ...]:
    """Takes links to nested repositories out of the index again, except submodules, which .gitmodules names."""
    done = await git("ls-files", "--stage", "-z", cwd=worktree, env=env)
    links = {entry.partition(b"\t")[2] for entry in done.stdout.split(b"\0") if entry.startswith(_GITLINK)}
    known = await git("ls-tree", "-r", "-z", "HEAD", cwd=worktree, check=False)
    links -= {entry.partition(b"\t")[2] for entry in known.stdout.split(b"\0") if entry.startswith(_GITLINK)}
    links -= {os.fsencode(path) for path in (await named(worktree)).values()}
    if links:
        await git("update-index", "--force-remove", "-z", "--stdin", cwd=worktree, env=env, input=b"\0".join(links) + b"\0")
    return tuple(sorted(map(text, links)))
