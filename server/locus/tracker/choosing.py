"""Which keeper has the tasks: what the configuration says, else (`auto`) what was decided at the first write, else what is at hand.

The decision for GitHub is a file in the state folder, written before the first write; the one for the embedded tracker is its database,
which stays when its tasks have moved to GitHub. An expired login is therefore an error with its fix, never a silent change to another
keeper.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from locus.errors import LocusError, Refused
from locus.repo import facts
from locus.repo.discover import Repository
from locus.repo.remotes import Remotes
from locus.tracker.github.forks import Asked, ask
from locus.tracker.github.gh import Gh
from locus.tracker.github.place import GitHubPlace, between, on_github, place_of, require_place

RECORD = "tracker.json"
_AGAIN = 15.0
"""Seconds."""

Wanted = Literal["auto", "github", "local"]


@dataclass(frozen=True)
class Choice:
    """`place` is None for the embedded tracker. `why` is for the doctor."""

    place: GitHubPlace | None
    why: str


T = TypeVar("T")

_NOTHING: Final[tuple[Any, float]] = (None, 0.0)


class Memory:
    """What gh and GitHub have said: an editor wants to know at every command. A no is asked again soon: somebody may be about to log in."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[Any, float]] = {}

    async def of(self, what: str, ask: Callable[[], Awaitable[T]], lasts: Callable[[T], bool]) -> T:
        said: T
        said, until = self._said.get(what, _NOTHING)
        if time.monotonic() >= until:
            said = await ask()
            self._said[what] = said, math.inf if lasts(said) else time.monotonic() + _AGAIN
        return said


async def choose(repo: Repository, wanted: Wanted, memory: Memory | None = None) -> Choice:
    """Raises Refused where GitHub is wanted and the remote is not there."""
    if wanted == "local":
        return Choice(None, 'the configuration says "local"')
    recorded = _recorded(repo.state_dir)
    if wanted == "auto" and recorded is None and (repo.state_dir / "locus.db").exists():
        return Choice(None, "tasks have been kept here so far")
    remotes = await facts.remotes(repo)
    url, push_url = await asyncio.gather(_url(repo, remotes.base), _url(repo, remotes.push, push=True))
    memory = memory or Memory()
    if wanted == "github":
        found = _told(remotes, require_place(remotes.base, url), push_url)
        place, why = await _confirmed(repo, remotes, found, recorded, memory)
        return Choice(place, _said('the configuration says "github"', why, remotes, place))
    if recorded is not None:
        place = between(recorded, push_url)
        if place.confirmed:
            return Choice(place, _said(f"{place.full_name} was chosen before", "", remotes, place))
    at = place_of(url) if url is not None else None
    if at is None or not (recorded or await _is_github(repo, at.host, memory)):
        return Choice(None, "the remote is not on GitHub" if remotes.base else "there is no remote")
    at = _told(remotes, at, push_url)
    try:
        asked = await _asked(repo, at, memory)
    except Refused:
        return Choice(None, f"the remote is on {at.host}, but gh is not installed")
    if not asked.logged_in and recorded is None:
        return Choice(None, f"the remote is on {at.host}, but gh is not logged in there")
    place = at if _is_told(remotes, at) else asked.place
    why = f"the remote {remotes.base} is on {at.host} and gh is logged in"
    return Choice(place, _said(why, asked.why if place is asked.place else "", remotes, place))


async def _confirmed(
    repo: Repository, remotes: Remotes, found: GitHubPlace, recorded: GitHubPlace | None, memory: Memory
) -> tuple[GitHubPlace, str]:
    """Where the remotes do not tell of a fork, GitHub is asked, until the answer is on record."""
    if _is_told(remotes, found):
        return found, ""
    same = recorded is not None and (recorded.host, recorded.head_owner) == (found.host, found.head_owner)
    if recorded is not None and same and recorded.confirmed and recorded.full_name in (found.full_name, _fork_of(recorded)):
        return recorded, ""
    try:
        asked = await _asked(repo, found, memory)
    except Refused:
        return replace(found, confirmed=False), ""  # without gh nothing goes on anyway, and it is said then
    return asked.place, asked.why


def _fork_of(recorded: GitHubPlace) -> str | None:
    """What it was found to be a fork of, if it is one."""
    return recorded.full_name if recorded.head_owner != recorded.owner else None


def _told(remotes: Remotes, base: GitHubPlace, push_url: str | None) -> GitHubPlace:
    place = between(base, push_url)
    if remotes.elsewhere is None:
        return place
    owner, _, name = remotes.elsewhere.rpartition("/")
    return replace(place, owner=owner.rpartition("/")[2], name=name)


def _is_told(remotes: Remotes, place: GitHubPlace) -> bool:
    """A person has said, by their remotes or to gh, where issues and pull requests are."""
    return remotes.elsewhere is not None or remotes.resolved or place.head_owner != place.owner


def _said(why: str, more: str, remotes: Remotes, place: GitHubPlace) -> str:
    parts = [why, more]
    if remotes.elsewhere is not None:
        parts.append(remotes.why)
    if place.head_owner != place.owner:
        parts.append(f"pull requests come from {place.head_owner}'s fork")
    return "; ".join(part for part in parts if part)


async def _is_github(repo: Repository, host: str, memory: Memory) -> bool:
    return on_github(host) or await memory.of(host, _gh(repo, host).knows_host, bool)


async def _asked(repo: Repository, place: GitHubPlace, memory: Memory) -> Asked:
    about = f"{place.host}/{place.full_name} {place.head_owner}"
    return await memory.of(about, lambda: ask(_gh(repo, place.host), place), lambda said: said.logged_in and said.place.confirmed)


def _gh(repo: Repository, host: str) -> Gh:
    return Gh(host, repo.main, repo.state_dir / "locks")


async def _url(repo: Repository, remote: str | None, *, push: bool = False) -> str | None:
    return await facts.remote_url(repo, remote, push=push) if remote is not None else None


async def place_to_move_to(repo: Repository, wanted: Literal["auto", "github"]) -> GitHubPlace:
    """Where tasks that are kept here could live. Raises Refused where the remote is not on GitHub, or not known to be."""
    remotes, memory = await facts.remotes(repo), Memory()
    place = require_place(remotes.base, await _url(repo, remotes.base))
    if wanted == "auto" and not await _is_github(repo, place.host, memory):
        raise Refused(
            f"the remote {remotes.base} is on {place.host}, which is not known to be a GitHub",
            f'if it is one, log in with `gh auth login --hostname {place.host}`, or set "tracker": "github" in the configuration',
        )
    place = _told(remotes, place, await _url(repo, remotes.push, push=True))
    return place if _is_told(remotes, place) else (await _asked(repo, place, memory)).place


def record(state: Path, place: GitHubPlace) -> None:
    """From now on the tasks are there."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / RECORD
    temporary = path.with_name(f".{RECORD}.{os.getpid()}")
    said: dict[str, object] = {
        "tracker": "github",
        "host": place.host,
        "owner": place.owner,
        "name": place.name,
        "headOwner": place.head_owner,
    }
    said |= {} if place.confirmed else {"confirmed": False}
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _recorded(state: Path) -> GitHubPlace | None:
    path = state / RECORD
    try:
        said = json.loads(path.read_bytes())
        return GitHubPlace(said["host"], said["owner"], said["name"], said["headOwner"], said.get("confirmed", True))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LocusError(
            f"{path} cannot be read", 'delete it, or say in the configuration where tasks live: "tracker": "github"'
        ) from error
