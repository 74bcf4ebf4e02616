"""GitHub's REST and GraphQL through gidgethub, whose transport here is `gh api`. What goes wrong comes out in a person's words."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

import gidgethub
from gidgethub.abc import GitHubAPI

from locus.errors import LocusError, NotFound, OutOfReach, Refused
from locus.tracker.github.gh import API_VERSION, Gh, NotLoggedIn, Paused
from locus.tracker.github.limits import Patience, RateLimits, is_limit
from locus.tracker.github.place import GITHUB, GitHubPlace
from locus.tracker.github.proxies import wants_login

_SENT = ("accept", "if-none-match", "if-modified-since")
"""Of gidgethub's headers; the others are gh's own."""
SHORT = 15.0
"""Seconds that somebody who sits there and waits is kept waiting."""
_HOPS = 3
"""A repository that was renamed more than once."""
_BACK_OFF = (1.0, 2.0, 4.0)
"""Seconds before a read is tried again."""


class Invalid(Refused):
    """GitHub understood and declined (422); `errors` are its own."""

    def __init__(self, message: str, errors: list[Any]) -> None:
        super().__init__(message)
        self.errors = errors

    def says(self, words: str) -> bool:
        return words in self.message.lower() or any(words in str(error).lower() for error in self.errors)


class Silent(OutOfReach):
    """There was no answer in the time that a person has for it."""


class PartlyFailed(LocusError):
    """A GraphQL document of which some fields failed: what came, and the errors by the field's name at the top."""

    def __init__(self, data: Mapping[str, Any], errors: list[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.data = data
        self.errors = errors


async def shortly(moment: float, reason: str) -> None:
    """The patience of somebody who sits there and waits: raises OutOfReach when it would take longer than a moment."""
    pause = moment - time.time()
    if pause > SHORT:
        raise OutOfReach(reason, "try again then; `.locus/rate-limit.json` says what GitHub allows")
    await asyncio.sleep(max(0.0, pause))


class _Transport(GitHubAPI):
    """Every request waits its turn, is counted, and is repeated where GitHub refused it only for being too fast."""

    def __init__(self, gh: Gh, place: GitHubPlace, limits: RateLimits, patience: Patience, decided: Callable[[], None]) -> None:
        super().__init__("locus", base_url=place.api, cache={})
        self._gh, self._place, self._limits, self._patience, self._decided = gh, place, limits, patience, decided
        self._longest = SHORT if patience is shortly else None
        self._written = False

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Mapping[str, str], bytes]:
        path = url.removeprefix(self._place.api).lstrip("/")
        resource = "graphql" if path == "graphql" else "core"
        writing = method != "GET" and not (resource == "graphql" and b'"query": "query' in body)
        sent = {name: value for name, value in headers.items() if name in _SENT} | {"x-github-api-version": API_VERSION}
        if writing and not self._written:
            self._decided()
            self._written = True
        hops = 0
        left = self._longest
        tries = iter(() if writing else _BACK_OFF)
        while True:
            await self._turn(resource, writing)
            began = time.monotonic()
            try:
                async with asyncio.timeout(left):
                    answer = await self._gh.request(method, path, sent, body, paused=self._limits.paused)
            except Paused:
                continue
            except TimeoutError as error:
                raise Silent(*self._silence(writing)) from error
            except OutOfReach:
                if (pause := next(tries, None)) is None:
                    raise
                await self.sleep(pause)
                continue
            finally:
                left = None if left is None else max(0.0, left - (time.monotonic() - began))
            if is_limit(answer.status, answer.headers, answer.body):
                until = await self._limits.refused(answer.headers, resource)
                await self._patience(until, self._waiting(until))
                continue
            if answer.status != 401:  # that tells the limit of the address
                await self._limits.heard(answer.headers)
            if answer.status in (307, 308) and "location" in answer.headers and hops < _HOPS:  # gh follows only reads
                path, hops = answer.headers["location"].removeprefix(self._place.api).lstrip("/"), hops + 1
                continue
            if answer.status >= 500 and (pause := next(tries, None)) is not None:
                await self.sleep(pause)
                continue
            return answer.status, answer.headers, answer.body

    async def _turn(self, resource: str, writing: bool) -> None:
        until = await self._limits.ready(resource, writing=writing)
        if until > time.time():
            await self._patience(until, self._waiting(until))

    def _silence(self, writing: bool) -> tuple[str, str]:
        lost = "; it is not known whether the change arrived" if writing else ""
        return f"{self._place.host} has not answered for {self._longest:g} s{lost}", "look there, or try again later; check the network"

    def _waiting(self, until: float) -> str:
        who = "GitHub" if self._place.host == GITHUB else self._place.host
        return f"waiting for {who} until {time.strftime('%H:%M', time.localtime(until))}"


class Client:
    """Paths are relative to the repository: `issues/42`. Raises NotFound, Refused, Invalid, NotLoggedIn, OutOfReach."""

    def __init__(
        self,
        gh: Gh,
        place: GitHubPlace,
        limits: RateLimits,
        patience: Patience = shortly,
        decided: Callable[[], None] = lambda: None,
    ) -> None:
        self._place = place
        self._api = _Transport(gh, place, limits, patience, decided)
        self._base = f"/repos/{place.owner}/{place.name}"

    async def get(self, path: str) -> Any:
        """Without a path the repository itself."""
        try:
            return await self._api.getitem(f"{self._base}/{path}".removesuffix("/"), None)
        except gidgethub.HTTPException as error:
            raise self._explained(error) from error

    async def pages(self, path: str) -> list[Any]:
        try:
            return [item async for item in self._api.getiter(f"{self._base}/{path}", None)]
        except gidgethub.HTTPException as error:
            raise self._explained(error) from error

    async def post(self, path: str, data: Mapping[str, Any]) -> Any:
        try:
            return await self._api.post(f"{self._base}/{path}", None, data=_clean(data))
        except gidgethub.HTTPException as error:
            raise self._explained(error) from error

    async def patch(self, path: str, data: Mapping[str, Any]) -> Any:
        try:
            return await self._api.patch(f"{self._base}/{path}", None, data=_clean(data))
        except gidgethub.HTTPException as error:
            raise self._explained(error) from error

    async def graphql(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Raises PartlyFailed where some of its fields failed."""
        try:
            return cast(dict[str, Any], await self._api.graphql(document, endpoint=f"{self._place.api}/graphql", **_clean(variables)))
        except gidgethub.QueryError as error:
            raise PartlyFailed(error.response.get("data") or {}, error.response["errors"]) from error
        except gidgethub.GraphQLAuthorizationFailure as error:
            raise NotLoggedIn(self._place.host, "the login has expired") from error
        except gidgethub.BadGraphQLRequest as error:
            raise self._status(error.status_code, str(error)) from error
        except gidgethub.GraphQLException as error:
            raise self._broken(str(error)) from error
        except gidgethub.HTTPException as error:
            raise self._explained(error) from error

    def _explained(self, error: gidgethub.HTTPException) -> LocusError:
        if isinstance(error, gidgethub.InvalidField | gidgethub.ValidationError):
            return Invalid(str(error), list(error.errors or []))
        return self._status(error.status_code, str(error))

    def _status(self, status: HTTPStatus, said: str) -> LocusError:
        at = self._place
        match status:
            case HTTPStatus.UNAUTHORIZED:
                return NotLoggedIn(at.host, "the login has expired")
            case HTTPStatus.FORBIDDEN:
                return Refused(
                    f"GitHub does not allow this in {at.full_name}: {said}",
                    f"ask for write access to {at.full_name}, or log in as somebody who has it",
                )
            case HTTPStatus.GONE if "disabled" in said.lower():
                return Refused(
                    f"{at.full_name} has no issues: {said}",
                    f'switch them on at https://{at.host}/{at.full_name}/settings, or set "tracker": "local"',
                )
            case HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                return wants_login(at.host)
            case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
                return NotFound(
                    f"{at.full_name} on {at.host} has no such thing, or does not show it to you",
                    f"look at https://{at.host}/{at.full_name} as the person `gh auth status` names",
                )
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                return Invalid(said, [])
        return self._broken(said) if status >= 500 else Refused(f"{at.host} refused the request: {said}")

    def _broken(self, said: str) -> OutOfReach:
        return OutOfReach(f"{self._place.host} is in trouble: {said}", "try again later; see https://www.githubstatus.com")


def _clean(value: Any) -> Any:
    """Half surrogate pairs, as badly decoded output has them, are no text that could be sent."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {name: _clean(item) for name, item in value.items()}
    return value
