"""Addresses of lines in a commit, on the hosts whose way of writing them is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^/:@\s]+):(?P<path>[^/\s].*|/\S.*)")
_SSH_OVER_HTTPS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}
_RENDERED = (".md", ".markdown", ".mdx", ".rst", ".adoc")


@dataclass(frozen=True)
class WebRepository:
    base: str
    """`https://host/owner/repo`, without credentials."""
    style: str
    """`github`, `gitlab` or `bitbucket`."""


def web_repository(remote_url: str) -> WebRepository | None:
    """Where the remote is looked at in a browser; None for a local path and for hosts of another kind."""
    place = _host_and_path(remote_url.strip())
    if place is None:
        return None
    scheme, host, path = place
    name = host.partition(":")[0].lower()
    host = _SSH_OVER_HTTPS.get(name, host)
    style = "github" if name.endswith(".ghe.com") else next((style for style in ("github", "gitlab", "bitbucket") if style in name), None)
    parts = [part for part in path.removesuffix("/").removesuffix(".git").split("/") if part]
    if style is None or "." not in name or len(parts) < 2:
        return None
    return WebRepository(f"{scheme}://{host}/{quote('/'.join(parts), safe='/~%')}", style)


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


def _host_and_path(url: str) -> tuple[str, str, str] | None:
    """Scheme of the web address, host (with the port where it is the web's), path."""
    if "://" not in url:
        match = _SCP.fullmatch(url)
        # One letter before the colon is a drive.
        return ("https", match["host"], match["path"].lstrip("/")) if match and len(match["host"]) > 1 else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in ("http", "https", "ssh", "git", "git+ssh", "ssh+git"):
        return None
    web = parts.scheme in ("http", "https")
    return parts.scheme if web else "https", f"{host}:{port}" if web and port else host, parts.path.lstrip("/")
