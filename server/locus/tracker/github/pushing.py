"""What mends a push that GitHub has not taken for want of credentials: git's login is not gh's until somebody says so."""

from __future__ import annotations

import re

from locus.repo.addresses import address_of

_NOT_ALLOWED = re.compile(r"Permission to .* denied|error: 403|HTTP 403|[Rr]epository .*not found")
"""Somebody is known there, and may not; what is private is not there for others."""


def login_for(push_url: str, said: str) -> str | None:
    """From the address and git's own words; None where the address names no host."""
    at = address_of(push_url)
    if at is None:
        return None
    host, full_name = at.host.partition(":")[0].lower(), "/".join(at.parts)
    give = f"`gh auth setup-git --hostname {host}`"
    if not push_url.startswith(("http://", "https://")):
        return f"`ssh -T git@{host}` says whose key is used; to use gh's login instead: {give}, `git remote set-url --push` with https"
    if _NOT_ALLOWED.search(said):
        return f"log in as somebody who may write to {full_name}: `gh auth login --hostname {host}`, then {give}"
    return f"let git use gh's login: {give} (if gh has none, first `gh auth login --hostname {host}`)"
