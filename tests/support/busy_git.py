"""A person whose git does everything at once while something of ours is tried."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.repos import Person

PERSON = {
    "gc": "git gc --quiet --prune=now",
    "prune": "git worktree prune",
    "fetch": "git fetch --quiet --prune origin",
    "worktree": "git worktree add --quiet --detach ../theirs-$n && git worktree remove ../theirs-$n",
    "looking": "git status --short; git worktree list; git branch",
}


@contextmanager
def busy(person: Person, stop: Path) -> Iterator[dict[str, str]]:
    """The person's commands, each again and again; afterwards, what they complained about."""
    said: dict[str, str] = {}
    loop = "n=0; until [ -e '{}' ] || [ $n -ge 1000 ]; do n=$((n+1)); {}; done"
    going = {
        name: subprocess.Popen(
            ["sh", "-c", loop.format(stop, command)],
            cwd=person.path,
            env=person.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, command in PERSON.items()
    }
    try:
        yield said
    finally:
        stop.touch()
        said |= {name: words for name, process in going.items() if (words := process.communicate(timeout=60)[1])}
