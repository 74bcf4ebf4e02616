"""Whether there is a login, and whether the repository is a fork, whose issues and pull requests are in the one it was forked from."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

from locus.errors import OutOfReach
from locus.tracker.github.gh import Gh, NotLoggedIn
from locus.tracker.github.place import GitHubPlace

_PATIENCE = 5.0
"""Seconds; an editor may be waiting."""


@dataclass(frozen=True)
class Asked:
    logged_in: bool
    """As far as can be told: of a host that does not answer only that there is a login."""
    place: GitHubPlace
    why: str = ""


async def ask(gh: Gh, place: GitHubPlace) -> Asked:
    """One request. Raises Refused where gh is missing. A fork that has issues of its own is a place for tasks itself."""
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = await gh.request("GET", f"repos/{place.full_name}", {}, b"")
    except (OutOfReach, TimeoutError):
        return Asked(True, replace(place, confirmed=False))
    except NotLoggedIn:
        return Asked(False, replace(place, confirmed=False))
    if answer.status != 200:
        return Asked(answer.status != 401, replace(place, confirmed=answer.status == 404))
    try:
        said: dict[str, Any] = json.loads(answer.body)
        parent = said.get("parent")
        if not said.get("fork") or parent is None or said.get("has_issues"):
            return Asked(True, place)
        there = replace(place, owner=parent["owner"]["login"], name=parent["name"], head_owner=said["owner"]["login"])
    except (ValueError, KeyError, TypeError, AttributeError):  # somebody in between has answered, a hotel's network say
        return Asked(True, replace(place, confirmed=False))
    return Asked(True, there, f"{place.full_name} is a fork of {there.full_name}")
