"""One request that has found its operation, its repository and its user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from support.github.answers import Answer, not_found
from support.github.world import Repository, World

PAGE = 30
LARGEST_PAGE = 100


@dataclass(frozen=True)
class Call:
    world: World
    repository: Repository
    login: str
    template: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any

    def number(self, name: str) -> int:
        try:
            return int(self.path[name])
        except ValueError:
            raise not_found() from None

    def page(self, items: list[Any]) -> Answer:
        """One page, and links to the others; the links name the repository by its id, as GitHub's do."""
        size = min(_positive(self.query.get("per_page"), PAGE), LARGEST_PAGE)
        number = _positive(self.query.get("page"), 1)
        last = max(1, -(-len(items) // size))
        links = []
        if number > 1:
            links += [self._link(min(number - 1, last), "prev"), self._link(1, "first")]
        if number < last:
            links += [self._link(number + 1, "next"), self._link(last, "last")]
        return Answer(200, items[(number - 1) * size : number * size], {"Link": ", ".join(links)} if links else {})

    def _link(self, number: int, relation: str) -> str:
        place = self.template.removeprefix("/repos/{owner}/{repo}").format(**{name: quote(one, safe="") for name, one in self.path.items()})
        query = urlencode({**self.query, "page": number})
        return f'<{self.world.api}/repositories/{self.repository.id}{place}?{query}>; rel="{relation}"'


def _positive(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isdigit() and int(value) > 0 else default
