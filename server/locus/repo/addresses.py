"""What the address of a remote says: the host in the web's words, and the path on it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[^/:@\s]+):(?P<path>[^/\s].*|/\S.*)")
_SSH_OVER_HTTPS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}


@dataclass(frozen=True)
class Address:
    scheme: str
    """Of the web address: `http` or `https`."""
    host: str
    """With the port where it is the web's."""
    parts: tuple[str, ...]
    """The path, without `.git` at its end: on most hosts owner and repository."""


def address_of(remote_url: str) -> Address | None:
    """None for a local path and for what is no address."""
    found = _host_and_path(remote_url.strip())
    if found is None:
        return None
    scheme, host, path = found
    name = host.partition(":")[0].lower()
    parts = tuple(part for part in path.removesuffix("/").removesuffix(".git").split("/") if part)
    if name in _SSH_OVER_HTTPS and parts[:1] == ("443",):  # the port, written where a path begins
        parts = parts[1:]
    return Address(scheme, _SSH_OVER_HTTPS.get(name, host), parts)


def _host_and_path(url: str) -> tuple[str, str, str] | None:
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
