"""Runs git, and says in a person's words what went wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from locus.errors import ProcessFailed
from locus.process import Completed, git_env, run

T = TypeVar("T")

TIMEOUT = 120.0
"""Seconds for a command that works on this machine."""
NETWORK_TIMEOUT = 600.0
"""Seconds for a command that talks to a remote."""
CAP = 64 * 1024 * 1024
"""Bytes a command may print."""

NO_GC = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
"""Before a sub-command that would look whether the repository is to be packed: the person's own git does so, and at a better moment."""

_WRITING = frozenset(
    (
        *("add", "checkout", "clean", "commit", "fast-import", "fetch", "push", "rebase", "reset", "symbolic-ref"),
        *("update-index", "update-ref", "worktree", "write-tree"),
    )
)
_FINISH = 1.0
"""Seconds that these have to end by themselves."""
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds before another git that is just making a worktree is looked at again."""
_HALF_MADE = re.compile(
    r"failed to read .*worktrees/.+/\w+|bad object worktrees/.+/HEAD|Invalid path '.*/worktrees/[^']+': No such file or directory"
)

_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (r"Unable to create '.*\.lock'", "could not lock config file", "cannot lock ref"),
        "another git command may be running: wait for it, or remove the stale .lock file that is named",
    ),
    (
        (_HALF_MADE.pattern,),
        "a worktree is being made, or was left half-made by a git that was killed: try again, else remove the folder in .git/worktrees",
    ),
    (("No space left on device", "Out of diskspace", "Disk quota exceeded"), "free some disk space and try again"),
    (("Read-only file system",), "the disk is read-only; work in a repository that can be written"),
    (
        ("detected dubious ownership",),
        "the repository belongs to somebody else; allow it with `git config --global --add safe.directory <path>`",
    ),
    (
        ("identity unknown", "empty ident name", "unable to auto-detect email", "no (?:name|email) was given"),
        'run `git config user.name "..."` and `git config user.email ...`',
    ),
    (
        ("gpg failed to sign", "failed to write commit object", "error: gpg", "Couldn't (?:load|find) (?:public|private) key"),
        "signing needs a key that works without a terminal: unlock it in its agent, or `git config commit.gpgsign false` here",
    ),
    (("hook declined", "hook exited"), "a hook refused it, for the reason it gives"),
    ((r"\(non-fast-forward\)", r"\(fetch first\)", r"\(stale info\)"), "the remote branch moved: somebody else pushed to it"),
    (
        (
            "Authentication failed",
            "could not read (?:Username|Password)",
            "terminal prompts disabled",
            r"Permission denied \(",
            "Host key verification failed",
            "HTTP (?:401|403)",
            "error: 403",
            "Permission to .* denied",
        ),
        "check your credentials for this remote, for example with `git fetch` in a terminal",
    ),
    (
        (
            "Could not resolve host",
            "Connection (?:refused|timed out|reset)",
            "Network is unreachable",
            "Operation timed out",
            "unable to access",
            "Could not read from remote repository",
            "does not appear to be a git repository",
        ),
        "check the network and the remote's address (`git remote -v`)",
    ),
    (("Permission denied",), "check who owns these files and their permissions"),
)


class GitFailed(ProcessFailed):
    """A git command failed; the message ends with git's own last words."""


def last_words(stderr: str, *, lines: int = 6) -> str:
    """What git said at the end, without its advice."""
    said = [line.rstrip() for line in re.split(r"[\r\n]+", stderr) if line.strip() and not line.startswith("hint:")]
    return "\n".join(said[-lines:])


def hint_for(text: str) -> str | None:
    return next((hint for patterns, hint in _HINTS if any(re.search(pattern, text) for pattern in patterns)), None)


def half_made(done: Completed) -> bool:
    """Git reads the records of all worktrees, and fails on one that another git has not written in full yet."""
    return done.code != 0 and _HALF_MADE.search(done.err) is not None


def failure(done: Completed, doing: str) -> GitFailed:
    """The error for a command that ended badly. `doing` names it: "git push"."""
    words = last_words(done.err) or last_words(done.out)
    message = f"{doing} failed: {words}" if words else f"{doing} failed with exit code {done.code}"
    return GitFailed(message, hint_for(f"{done.err}\n{done.out}"), code=done.code, stdout=done.out, stderr=done.err)


async def git(
    *args: str | Path,
    cwd: Path,
    input: bytes = b"",
    env: Mapping[str, str] | None = None,
    check: bool = True,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - handed to `run`, whose error names the command
    cap: int = CAP,
    again: bool = True,
) -> Completed:
    """Runs `git *args` in `cwd`; `timeout` in seconds, `cap` in bytes of output.

    Where it stumbles over a worktree that somebody is just making, it is run `again` a moment later. One that writes has a second to end by
    itself when it is cancelled: a signal that meets git while it opens a lock file leaves it behind.
    Raises GitFailed on a non-zero exit code unless `check` is off, ProcessFailed when git is absent, too slow or prints too much.
    """
    environment = git_env({**_ceiling(cwd), **(env or {})})
    finish = _FINISH if _command(args) in _WRITING else 0.0
    for pause in (*_PAUSES, None):
        done = await run(("git", *args), cwd=cwd, env=environment, input=input, timeout=timeout, check=False, cap=cap, finish=finish)
        if pause is None or not again or not half_made(done):
            break
        await asyncio.sleep(pause)
    if check and done.code != 0:
        raise failure(done, f"git {_command(args)}")
    return done


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Lets a short piece of work come to its end before a cancellation goes on: a git ended in the middle of it leaves half a record."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _ceiling(cwd: Path) -> dict[str, str]:
    """In a worktree of ours whose `.git` is gone git would find the repository around it, and go on in the person's own checkout."""
    top = next((folder for folder in cwd.parents if folder.name == "worktrees" and folder.parent.name.endswith(".locus")), None)
    return {} if top is None else {"GIT_CEILING_DIRECTORIES": str(top)}


def _command(args: tuple[str | Path, ...]) -> str:
    """The sub-command among the arguments: `-c key=value` comes before it."""
    rest = iter(args)
    for arg in rest:
        if arg in ("-c", "-C"):
            next(rest, None)
        elif not str(arg).startswith("-"):
            return str(arg)
    return ""


async def version() -> tuple[int, int, int]:
    done = await git("version", cwd=Path.cwd())
    numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", done.out)
    if numbers is None:
        raise GitFailed(f"git version is not understood: {done.out}")
    return int(numbers[1]), int(numbers[2]), int(numbers[3] or 0)


def text(data: bytes) -> str:
    """A path or a name from git for showing and storing: bytes that are not UTF-8 become `\\xff`, so it can always be printed."""
    return data.decode("utf-8", "backslashreplace")
