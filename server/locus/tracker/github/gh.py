"""The only road to GitHub: one `gh api -i` per request. gh owns the login, Locus never sees a token.

The answer's head is on stdout (`-i`), so the exit code is asked only where there is none: 4 means not logged in, and a 304 exits with 1.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from locus.errors import NotSetUp, OutOfReach, ProcessFailed, Refused
from locus.locks import Slots
from locus.process import Completed, run, scrubbed_env
from locus.tracker.github.proxies import at_the_proxy

TIMEOUT = 60.0
"""Seconds for one request; gh itself waits for ever."""
_PROMPTLY = 15.0
"""Seconds."""
AT_ONCE = 2
"""More gh processes side by side only take longer: starting one is what costs."""
API_VERSION = "2022-11-28"
OLDEST = (2, 23)
"""Tried with it; Debian 12 has it."""
_STATUS = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})")
_VERSION = re.compile(r"gh version ([0-9]+)\.([0-9]+)")
_OUTDATED = re.compile(r"unknown (?:flag|shorthand flag|command)")
_ADVICE = re.compile(r"check your internet connection|\s*$")
_QUIET = {
    "GH_PROMPT_DISABLED": "1",
    "GH_TELEMETRY": "0",
    "DO_NOT_TRACK": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_NO_EXTENSION_UPDATE_NOTIFIER": "1",
    "GH_PAGER": "cat",
    "GH_SPINNER_DISABLED": "1",
    "NO_COLOR": "1",
}
_LOUD = ("GH_DEBUG", "DEBUG", "GH_FORCE_TTY", "GH_REPO", "CLICOLOR_FORCE")
"""They would write into what is read here, or point at another repository."""


class NotLoggedIn(NotSetUp):
    """There is no login for this host, or it has expired."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{why} at {host}", f"log in with `gh auth login --hostname {host}`, then try again")


class NotInstalled(NotSetUp, Refused):
    """There is no gh, or one that is too old."""


class Paused(Exception):
    """Others were told to slow down while this request waited for its turn: it was not sent."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Gh:
    """`folder` is where gh is started, `locks` the folder of the locks that bound how many run at once in this repository."""

    def __init__(self, host: str, folder: Path, locks: Path) -> None:
        self.host = host
        self._folder = folder
        self._slots = Slots(locks / "gh", AT_ONCE)

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, paused: Callable[[], bool] = lambda: False
    ) -> Answer:
        """`path` without the leading slash. Raises OutOfReach or NotSetUp: NotLoggedIn, NotInstalled, a proxy's; Paused when its turn
        comes in a pause."""
        said = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        argv = ["gh", "api", "-i", "--hostname", self.host, "-X", method, *said, path, *(["--input", "-"] if body else [])]
        with await self._slots.acquire(poll=0.01):
            if paused():
                raise Paused
            try:
                done = await _run(argv, self._folder, body)
            except ProcessFailed as error:
                if error.code in (126, 127):
                    raise _missing() from error
                raise OutOfReach(
                    f"{self.host} did not answer: {error.message}", "check the network, or https://www.githubstatus.com"
                ) from error
        return _answer(done) or self._unanswered(done)

    def _unanswered(self, done: Completed) -> Answer:
        """There was no answer: why?"""
        words = next((line for line in reversed(done.err.splitlines()) if not _ADVICE.match(line)), f"gh ended with {done.code}")
        if done.code == 4 or "gh auth login" in done.err:
            raise NotLoggedIn(self.host, "nobody is logged in")
        if _OUTDATED.search(done.err):
            raise NotInstalled(
                f"the GitHub CLI `gh` is too old: {words}",
                f"install {'.'.join(map(str, OLDEST))} or newer from https://cli.github.com; `gh --version` says what is there",
            )
        raise at_the_proxy(self.host, done.err) or OutOfReach(
            f"{self.host} cannot be reached: {words}", "check the network, or https://www.githubstatus.com"
        )

    async def logged_in(self) -> bool:
        """Whether gh has a login for this host, as far as can be told: of a host that does not answer only that there is one."""
        try:
            async with asyncio.timeout(_PROMPTLY):
                return (await self.request("GET", "rate_limit", {}, b"")).status != 401  # asking costs nothing
        except (OutOfReach, TimeoutError):
            return True
        except NotLoggedIn:
            return False

    async def knows_host(self) -> bool:
        """Whether somebody has logged in there with this gh. Nothing is sent anywhere to find out."""
        try:
            done = await _run(["gh", "config", "get", "user", "--host", self.host], self._folder, b"")
        except ProcessFailed:
            return False
        return done.code == 0 and bool(done.out)


async def version(folder: Path) -> tuple[int, int] | None:
    """gh's version; None where there is no gh."""
    try:
        done = await _run(["gh", "--version"], folder, b"")
    except ProcessFailed:
        return None
    found = _VERSION.search(done.out)
    return (int(found[1]), int(found[2])) if found else None


async def _run(argv: list[str], folder: Path, body: bytes) -> Completed:
    env = {name: value for name, value in scrubbed_env().items() if name not in _LOUD}
    return await run(argv, cwd=folder, env={**env, **_QUIET}, input=body, timeout=TIMEOUT, check=False)


def _answer(done: Completed) -> Answer | None:
    """gh ends the status line with LF, the headers with CRLF."""
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\n")
    status = _STATUS.match(first)
    if status is None:
        return None
    headers: dict[str, str] = {}
    for line in rest.split(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "")
    if length.isdecimal() and "content-encoding" not in headers and int(length) > len(body) and "unexpected EOF" in done.err:
        return None  # torn: it is not known what the rest said
    return Answer(int(status[1]), headers, body)


def _missing() -> NotInstalled:
    return NotInstalled("the GitHub CLI `gh` is not installed", 'install it from https://cli.github.com, or set "tracker": "local"')
