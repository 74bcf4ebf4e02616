"""Which keeper has the tasks: what the configuration says, else (`auto`) what was decided at the first write, else what is at hand.

The decision for GitHub is a file in the state folder, written before the first write; the one for the embedded tracker is its database,
which stays when its tasks have moved to GitHub. An expired login is therefore an error with its fix, never a silent change to another
keeper.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locus.errors import LocusError, Refused
from locus.repo import facts
from locus.repo.discover import Repository
from locus.tracker.github.gh import Gh
from locus.tracker.github.place import GitHubPlace, on_github, place_of, require_place

RECORD = "tracker.json"
_AGAIN = 15.0
"""Seconds."""


@dataclass(frozen=True)
class Choice:
    """`place` is None for the embedded tracker. `why` is for the doctor."""

    place: GitHubPlace | None
    why: str


Logins = dict[str, tuple[bool, float]]
"""Per host whether gh is logged in, and until when (on the monotonic clock) it need not be asked again."""


async def choose(repo: Repository, wanted: Literal["auto", "github", "local"], known: Logins | None = None) -> Choice:
    """Raises Refused where GitHub is wanted and the remote is not there. `known` is a memory of what gh has said."""
    if wanted == "local":
        return Choice(None, 'the configuration says "local"')
    if wanted == "auto":
        if (recorded := _recorded(repo.state_dir)) is not None:
            return Choice(recorded, f"{recorded.full_name} was chosen before")
        if (repo.state_dir / "locus.db").exists():
            return Choice(None, "tasks were created here before")
    remote = await facts.remote(repo)
    url = await facts.remote_url(repo, remote) if remote is not None else None
    if wanted == "github":
        return Choice(require_place(remote, url), 'the configuration says "github"')
    at = place_of(url) if url is not None else None
    if at is None or not on_github(at.host):
        return Choice(None, "the remote is not on GitHub" if remote else "there is no remote")
    try:
        logged_in = await _logged_in(Gh(at.host, repo.main, repo.state_dir / "locks"), {} if known is None else known)
    except Refused:
        return Choice(None, f"the remote is on {at.host}, but gh is not installed")
    if not logged_in:
        return Choice(None, f"the remote is on {at.host}, but gh is not logged in there")
    return Choice(at, f"the remote {remote} is on {at.host} and gh is logged in")


async def _logged_in(gh: Gh, known: Logins) -> bool:
    """Asked once while it is: an editor wants to know at every command. While it is not, somebody may be about to log in."""
    said, until = known.get(gh.host, (False, 0.0))
    if time.monotonic() >= until:
        said = await gh.logged_in()
        known[gh.host] = said, math.inf if said else time.monotonic() + _AGAIN
    return said


async def place_to_move_to(repo: Repository, wanted: Literal["auto", "github"]) -> GitHubPlace:
    """Where tasks that are kept here could live. Raises Refused where the remote is not on GitHub, or not known to be."""
    remote = await facts.remote(repo)
    place = require_place(remote, await facts.remote_url(repo, remote) if remote is not None else None)
    if wanted == "auto" and not on_github(place.host):
        raise Refused(
            f"the remote {remote} is on {place.host}, which is not known to be a GitHub",
            f'if it is one, set "tracker": "github" in the configuration, or GH_HOST={place.host} in the environment',
        )
    return place


def record(state: Path, place: GitHubPlace) -> None:
    """From now on the tasks are there."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / RECORD
    temporary = path.with_name(f".{RECORD}.{os.getpid()}")
    said = {"tracker": "github", "host": place.host, "owner": place.owner, "name": place.name, "headOwner": place.head_owner}
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _recorded(state: Path) -> GitHubPlace | None:
    path = state / RECORD
    try:
        said = json.loads(path.read_bytes())
        return GitHubPlace(said["host"], said["owner"], said["name"], said["headOwner"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocusError(
            f"{path} cannot be read", 'delete it, or say in the configuration where tasks live: "tracker": "github"'
        ) from error
