"""Addresses of lines in a commit, on the hosts whose way of writing them is known."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from locus.repo.addresses import address_of

_RENDERED = (".md", ".markdown", ".mdx", ".rst", ".adoc")


@dataclass(frozen=True)
class WebRepository:
    base: str
    """`https://host/owner/repo`, without credentials."""
    style: str
    """`github`, `gitlab` or `bitbucket`."""


def web_repository(remote_url: str) -> WebRepository | None:
    """Where the remote is looked at in a browser; None for a local path and for hosts of another kind."""
    at = address_of(remote_url)
    if at is None:
        return None
    name = at.host.partition(":")[0].lower()
    style = "github" if name.endswith(".ghe.com") else next((style for style in ("github", "gitlab", "bitbucket") if style in name), None)
    if style is None or "." not in name or len(at.parts) < 2:
        return None
    return WebRepository(f"{at.scheme}://{at.host}/{quote('/'.join(at.parts), safe='/~%')}", style)


def permalink(remote_url: str, commit: str, path: str, first: int, last: int) -> str | None:
    """The lines `first` to `last` (1-based, both included) of `path` in `commit`; None where the host is not known."""
    web = web_repository(remote_url)
    if web is None:
        return None
    file = quote(path, safe="/")
    match web.style:
        case "github":
            plain = "?plain=1" if path.lower().endswith(_RENDERED) else ""
            return f"{web.base}/blob/{commit}/{file}{plain}#L{first}" + (f"-L{last}" if last > first else "")
        case "gitlab":
            plain = "?plain=1" if path.lower().endswith(_RENDERED) else ""
            return f"{web.base}/-/blob/{commit}/{file}{plain}#L{first}" + (f"-{last}" if last > first else "")
        case _:
            return f"{web.base}/src/{commit}/{file}#lines-{first}" + (f":{last}" if last > first else "")
