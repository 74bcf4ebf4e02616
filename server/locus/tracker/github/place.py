"""Which repository on which host is meant, read from the remote's address."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from locus.errors import Refused
from locus.repo.addresses import address_of

GITHUB = "github.com"


@dataclass(frozen=True)
class GitHubPlace:
    """`owner/name` on `host`. Pull requests come from `head_owner`'s repository, which is another one where the person works on a fork."""

    host: str
    owner: str
    name: str
    head_owner: str
    confirmed: bool = field(default=True, compare=False)
    """False where GitHub did not answer when it was asked whether this is a fork of another repository."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def api(self) -> str:
        """Where this host's REST interface is."""
        return f"https://api.{self.host}" if self.host == GITHUB or self.host.endswith(".ghe.com") else f"https://{self.host}/api/v3"


def on_github(host: str) -> bool:
    """Whether this is known to be a GitHub without asking it: a token must not be sent to whatever host a remote names."""
    return host == GITHUB or host.endswith(".ghe.com") or host == os.environ.get("GH_HOST", "").lower()


def between(base: GitHubPlace, push_url: str | None) -> GitHubPlace:
    """`base`, with pull requests coming from where is pushed to."""
    own = place_of(push_url) if push_url is not None else None
    return replace(base, head_owner=own.owner) if own is not None and own.host == base.host else base


def place_of(remote_url: str) -> GitHubPlace | None:
    """None where the address has no owner and repository."""
    at = address_of(remote_url)
    if at is None or len(at.parts) != 2:
        return None
    host = at.host.partition(":")[0].lower().removeprefix("www.")
    return GitHubPlace(host, *at.parts, head_owner=at.parts[0])


def require_place(remote: str | None, remote_url: str | None) -> GitHubPlace:
    """Raises Refused that says what the remote lacks; its address may hold credentials and is not shown."""
    if remote is None or remote_url is None:
        raise Refused(
            "this repository has no remote, so there is no GitHub to keep its tasks",
            'add one (`git remote add origin ...`), or set "tracker": "local"',
        )
    place = place_of(remote_url)
    if place is None:
        raise Refused(
            f"the remote {remote} does not name an owner and a repository on GitHub",
            f'give it such an address (`git remote set-url {remote} ...`), or set "tracker": "local"',
        )
    return place
