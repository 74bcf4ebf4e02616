"""A proxy between here and GitHub: gh takes it from HTTPS_PROXY and NO_PROXY, and says in Go's words what is wrong with it."""

from __future__ import annotations

import re

from locus.errors import LocusError, NotSetUp, OutOfReach

_NO_NAME = re.compile(r"^error connecting to (\S+)", re.MULTILINE)
_DOES_NOT_ANSWER = "check HTTPS_PROXY, and that the proxy runs; NO_PROXY names hosts that are reached without"


def wants_login(host: str) -> NotSetUp:
    return NotSetUp(f"the proxy before {host} wants a login", "give it in HTTPS_PROXY (http://user:password@proxy:port)")


def at_the_proxy(host: str, said: str) -> LocusError | None:
    """What gh's words mean where the proxy is at fault: it is named without its address, which may hold a password."""
    words = said.strip().splitlines()[-1] if said.strip() else ""
    if words.endswith(": Proxy Authentication Required"):
        return wants_login(host)
    if words.endswith(": Forbidden"):  # GitHub's own would have come as an answer
        return NotSetUp(f"the proxy before {host} does not let requests through", f"ask who runs it, or add {host} to NO_PROXY")
    if "proxyconnect" in words:
        return OutOfReach(f"the proxy before {host} does not answer: {words.rpartition('proxyconnect ')[2]}", _DOES_NOT_ANSWER)
    unknown = _NO_NAME.search(said)
    if unknown is not None and unknown[1] not in (host, f"api.{host}"):
        return OutOfReach(f"the proxy before {host} is not found: there is no {unknown[1]}", _DOES_NOT_ANSWER)
    return None
