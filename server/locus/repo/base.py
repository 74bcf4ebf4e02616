"""From which commit a run starts: the base branch as the remote has it, the person's HEAD, or their working tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from locus.errors import ProcessFailed, Refused
from locus.locks import lock
from locus.repo import ref_locks, staging
from locus.repo.discover import Repository
from locus.repo.facts import Head, head, remotes, require_commits
from locus.repo.git import NETWORK_TIMEOUT, NO_GC, git
from locus.repo.names import head_ref, require_branch
from locus.repo.objects import commit_of, rev_parse, update_ref
from locus.repo.remotes import Remotes

BASE_REFS = "refs/locus/base/"
SNAPSHOT_REFS = "refs/locus/snapshot/"

QUIET_FETCH = (*NO_GC, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
"""A fetch that moves none of the person's refs and starts no housekeeping."""


@dataclass(frozen=True)
class BaseBranch:
    name: str
    remote: str | None
    """None: the local branch is all there is."""


@dataclass(frozen=True)
class FetchResult:
    """What is known of the base branch after an attempt to fetch it."""

    commit: str | None
    """None only where no copy of the branch exists at all."""
    problem: str | None = None
    """Git's words when the fetch failed; `commit` is then the last one known."""
    hint: str | None = None

    @property
    def fresh(self) -> bool:
        return self.problem is None


@dataclass(frozen=True)
class Base:
    kind: Literal["default", "head", "working-tree", "ref"]
    label: str
    """For people: "main", "feature at 1a2b3c4d5e"."""
    commit: str
    snapshot_ref: str | None = None


async def base_branch(repo: Repository, configured: str | None = None, known: Remotes | None = None) -> BaseBranch:
    """`configured`, else the remote's HEAD, else the only one of main and master, else the current branch.

    `known` are the remotes where somebody has just looked. Raises Refused when HEAD is detached and nothing else decides.
    """
    chosen = known or await remotes(repo)
    origin = chosen.base
    if configured:
        name = configured.removeprefix("refs/heads/")
        return BaseBranch(require_branch(name.removeprefix(f"{origin}/") if origin and not await _is_local(repo, name) else name), origin)
    patterns = ["refs/heads/main", "refs/heads/master"]
    asked = [name for name in dict.fromkeys((origin, chosen.push)) if name is not None]
    patterns += [f"refs/remotes/{remote}/{name}" for remote in asked for name in ("HEAD", "main", "master")]
    done = await git("for-each-ref", "--format=%(refname) %(symref)", *patterns, cwd=repo.here)
    refs = dict(line.partition(" ")[::2] for line in done.out.splitlines())
    for remote in asked:  # a fork's tells, where nobody has asked the repository that it was forked from
        tracked = f"refs/remotes/{remote}/"
        target = refs.get(f"{tracked}HEAD", "")
        if target.startswith(tracked):
            return BaseBranch(target.removeprefix(tracked), origin)
    tracked = f"refs/remotes/{origin}/"
    usual = [name for name in ("main", "master") if f"refs/heads/{name}" in refs or f"{tracked}{name}" in refs]
    if len(usual) == 1:
        return BaseBranch(usual[0], origin)
    current = (await head(repo)).branch
    if current is None:
        raise Refused("HEAD is detached, and which branch the work is for cannot be told", "name it with --base, or set agent.baseBranch")
    return BaseBranch(current, origin)


async def fetch_base(repo: Repository, base: BaseBranch) -> FetchResult:
    """Fetches the base branch to refs/locus/base/<name>. A failed fetch is a result, not an error: old knowledge may do."""
    if base.remote is None:
        return FetchResult(await known_base(repo, base))
    refspec = f"+{head_ref(base.name)}:{BASE_REFS}{base.name}"
    try:
        with await lock(repo.state_dir / "locks" / "fetch"):
            ref_locks.clear(repo, f"{BASE_REFS}{base.name}")
            await git(*QUIET_FETCH, "--", base.remote, refspec, cwd=repo.here, timeout=NETWORK_TIMEOUT)
    except ProcessFailed as error:
        return FetchResult(await known_base(repo, base), error.message, error.hint)
    return FetchResult(await commit_of(repo.here, f"{BASE_REFS}{base.name}"))


async def known_base(repo: Repository, base: BaseBranch) -> str | None:
    """The newest commit of the base branch that is here, without asking the remote."""
    local = head_ref(base.name)
    if base.remote is None:
        return await commit_of(repo.here, local)
    ours, tracked, own = await rev_parse(repo.here, f"{BASE_REFS}{base.name}", f"refs/remotes/{base.remote}/{base.name}", local)
    if ours is None or tracked is None or ours == tracked:
        return ours or tracked or own
    newest = await git("merge-base", "--independent", ours, tracked, cwd=repo.here)
    tips = newest.out.split()
    return ours if ours in tips else tracked


async def resolve(repo: Repository, base: str, branch: BaseBranch, *, fetched: str | None = None, snapshot_ref: str | None = None) -> Base:
    """`default`, `head`, `working-tree` or any revision, as a commit. Fetches nothing: `fetched` is what `fetch_base` has just found the
    base branch at. Without it the newest that is known is taken, which a branch that was set back is not.

    `working-tree` keeps its snapshot on `snapshot_ref` (default: refs/locus/snapshot/<commit>). Raises Refused for what does not exist.
    """
    if base == "default":
        found = fetched or await known_base(repo, branch)
        if found is None:
            await require_commits(repo)
            raise Refused(f"the base branch `{branch.name}` does not exist here", "name another with --base, or set agent.baseBranch")
        return Base("default", branch.name, found)
    if base in ("head", "working-tree"):
        commit = await require_commits(repo)
        label = _label(await head(repo))
        if base == "head":
            return Base("head", label, commit)
        taken = await snapshot_working_tree(repo, snapshot_ref)
        return Base("working-tree", f"{label} with uncommitted changes", taken, snapshot_ref or f"{SNAPSHOT_REFS}{taken}")
    found = await commit_of(repo.here, base)
    if found is None:
        raise Refused(f"there is no commit `{base}` here", "give a branch, a tag or a commit that exists, or fetch it first")
    return Base("ref", f"{base} at {found[:10]}", found)


async def snapshot_working_tree(repo: Repository, ref: str | None = None) -> str:
    """HEAD with everything uncommitted and untracked (ignored files not) as a commit on `ref`; HEAD itself when nothing is uncommitted.

    The person's index, HEAD and files stay as they are. Raises Refused without a checkout or a commit.
    """
    if repo.toplevel is None:
        raise Refused("a bare repository has no working tree", "use --base with a branch or a commit")
    commit = await require_commits(repo)
    tree, same = await staging.present_tree(repo.toplevel, "HEAD")
    if not same:
        message = b"The working tree, with uncommitted changes\n"
        done = await git("commit-tree", "--no-gpg-sign", tree, "-p", commit, cwd=repo.toplevel, input=message)
        commit = done.out
    await update_ref(repo.toplevel, ref or f"{SNAPSHOT_REFS}{commit}", commit)
    return commit


def _label(at: Head) -> str:
    commit = (at.commit or "")[:10]
    return f"{at.branch} at {commit}" if at.branch else commit


async def _is_local(repo: Repository, name: str) -> bool:
    return (await git("show-ref", "--verify", "--quiet", head_ref(name), cwd=repo.here, check=False)).code == 0
