"""The remote side of our own branches: where it stands, pushing with a lease, fetching without moving the person's refs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locus.errors import ProcessFailed
from locus.locks import lock
from locus.process import Completed
from locus.repo import gitconfig, ref_locks
from locus.repo.base import QUIET_FETCH
from locus.repo.discover import Repository, common_dir_of, discover, linked_git_dir
from locus.repo.git import NETWORK_TIMEOUT, failure, git, hint_for, last_words
from locus.repo.names import head_ref

REMOTE_REFS = "refs/locus/remote/"

Reason = Literal["rejected", "credentials", "network", "hook", "other"]

_CREDENTIALS = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied \("
    r"|Host key verification failed|HTTP (?:401|403)|error: 40[13]|Permission to .* denied|Invalid username or (?:password|token)"
    r"|[Rr]epository (?:'.*' )?not found"  # GitHub's words where somebody may not even know that it is there
)
_NETWORK = re.compile(
    r"Could not resolve host|Connection (?:refused|timed out|reset|closed)|Network is unreachable|No route to host|timed out"
    r"|unable to access|Could not read from remote repository|does not appear to be a git repository|early EOF"
    r"|unexpected disconnect|hung up unexpectedly"
)


@dataclass(frozen=True)
class PushResult:
    """`reason` None: the remote branch stands at `commit`. Otherwise `message` has git's words."""

    commit: str | None
    reason: Reason | None = None
    message: str = ""
    hint: str | None = None

    @property
    def ok(self) -> bool:
        return self.reason is None


async def remote_tip(cwd: Path, remote: str, branch: str) -> str | None:
    """The commit of the remote's branch; None where it has none. Asks the remote; raises GitFailed where that fails."""
    ref = head_ref(branch)
    done = await git("ls-remote", "--quiet", "--", remote, ref, cwd=cwd, timeout=NETWORK_TIMEOUT)
    tips = (line.split("\t") for line in done.out.splitlines())
    return next((commit for commit, name in tips if name == ref), None)


async def remote_tips(cwd: Path, remote: str, pattern: str) -> dict[str, str | None]:
    """The commits of all the remote's branches that match `pattern`, in one question. Raises GitFailed where it cannot be asked."""
    done = await git("ls-remote", "--quiet", "--", remote, f"refs/heads/{pattern}", cwd=cwd, timeout=NETWORK_TIMEOUT)
    tips = (line.split("\t") for line in done.out.splitlines())
    return {name.removeprefix("refs/heads/"): commit for commit, name in tips}


async def push(worktree: Path, remote: str, branch: str, *, expected: str | None, tip: str | None = None) -> PushResult:
    """Pushes `tip` (None: where the branch stands) to the branch of the same name, if the remote's is at `expected` (None: is not there).

    Nothing else goes along: no tags, no submodules. The pre-push hook is honoured.
    """
    ref = head_ref(branch)
    if tip is None:
        tip = (await git("rev-parse", "--verify", ref, cwd=worktree)).out
    try:
        done = await git(
            *("-c", f"remote.{remote}.mirror=false", *_from_the_main_worktree(worktree, remote)),
            *("push", "--porcelain", "--no-follow-tags", "--no-recurse-submodules", f"--force-with-lease={ref}:{expected or ''}"),
            *("--", remote, f"{tip}:{ref}"),
            cwd=worktree,
            check=False,
            timeout=NETWORK_TIMEOUT,
        )
    except ProcessFailed as error:
        return PushResult(None, "network", error.message, error.hint)
    return PushResult(tip) if done.code == 0 else _refused(done)


def _from_the_main_worktree(worktree: Path, remote: str) -> tuple[str, ...]:
    """A remote that is a relative path is meant from the main worktree; git would look for it from this one."""
    url = gitconfig.read(common_dir_of(linked_git_dir(worktree)) / "config").get(f"remote.{remote}.url", "")
    if not url.startswith(("./", "../")):
        return ()
    return ("-c", f"url.{(discover(worktree).main / url).resolve()}.insteadOf={url}")


async def fetch_own(repo: Repository, remote: str, branch: str) -> str | None:
    """The remote's tip of one of our branches, its commits fetched to refs/locus/remote/<branch>; None where the remote has no such branch.

    Raises GitFailed where the remote cannot be asked.
    """
    ref = f"{REMOTE_REFS}{branch}"
    with await lock(repo.state_dir / "locks" / "fetch"):
        ref_locks.clear(repo, ref)
        done = await git(
            *(*QUIET_FETCH, "--", remote, f"+{head_ref(branch)}:{ref}"),
            cwd=repo.here,
            check=False,
            timeout=NETWORK_TIMEOUT,
        )
    if done.code == 0:
        return (await git("rev-parse", "--verify", ref, cwd=repo.here)).out
    if "couldn't find remote ref" in done.err:
        return None
    raise failure(done, "git fetch")


def problem(reason: Reason) -> str:
    """What a person is told before git's words."""
    return {
        "rejected": "the remote refused the push",
        "credentials": "the remote did not accept the credentials",
        "network": "the remote could not be reached",
        "hook": "a hook refused the push",
        "other": "the push failed",
    }[reason]


def _refused(done: Completed) -> PushResult:
    refusals = [line.split("\t", 2)[2] for line in done.out.splitlines() if line.startswith("!\t") and line.count("\t") >= 2]
    said = f"{done.err}\n{done.out}"
    reason: Reason
    if any("hook declined" in refusal for refusal in refusals):
        reason = "hook"
    elif refusals:
        reason = "rejected"
    elif _CREDENTIALS.search(done.err):
        reason = "credentials"
    elif _NETWORK.search(done.err):
        reason = "network"
    elif done.code == 1 and "failed to push some refs" in done.err:
        reason = "hook"  # pre-push: git adds nothing to what the hook said
    else:
        reason = "other"
    words = last_words("\n".join([done.err, *refusals]), lines=10)
    return PushResult(None, reason, f"{problem(reason)}: {words}", hint_for(said))
