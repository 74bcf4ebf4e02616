"""The repository's labels by their node ids, which GraphQL wants; made where they are missing, never recoloured."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from locus.errors import NotFound
from locus.model.labels import LABELS, Label, order_label
from locus.tracker.github import documents
from locus.tracker.github.client import Client, Invalid
from locus.tracker.github.place import GitHubPlace
from locus.tracker.github.reading import Json

_OTHER_COLOR = "EDEDED"
"""What GitHub gives a label nobody chose a colour for."""
_KNOWN = {label.name: label for label in LABELS}


class LabelBook:
    """Names without regard to case, as GitHub has them."""

    def __init__(self, client: Client, place: GitHubPlace) -> None:
        self._client, self._place = client, place
        self._ids: dict[str, str] = {}
        self._complete = False
        self._making = asyncio.Lock()

    @property
    def complete(self) -> bool:
        return self._complete

    def saw(self, nodes: Iterable[Json]) -> None:
        """Labels of an issue: somebody may have made them since all were read."""
        self._ids |= {node["name"].lower(): node["id"] for node in nodes}

    async def learn(self, page: Json | None) -> None:
        """Takes in a page of labels that came with another answer, and the pages after it."""
        while page is not None:
            self._ids |= {node["name"].lower(): node["id"] for node in page["nodes"]}
            after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
            page = await self._page(after) if after else None
        self._complete = True

    async def ids(self, names: Iterable[str], *, make: bool) -> list[str]:
        """Of these labels; those that do not exist are made, or left out."""
        wanted = list(dict.fromkeys(names))
        if not self._complete:
            await self.learn(await self._page(None))
        if make:
            for name in wanted:
                if name.lower() not in self._ids:
                    await self._make(name)
        return [self._ids[name.lower()] for name in wanted if name.lower() in self._ids]

    async def names(self) -> frozenset[str]:
        """Of all labels there are, in lower case."""
        await self.learn(await self._page(None))
        return frozenset(self._ids)

    async def make_all(self, wanted: Iterable[Label]) -> list[str]:
        """Makes those that are missing, and names them."""
        await self.learn(await self._page(None))
        missing = [label.name for label in wanted if label.name.lower() not in self._ids]
        for name in missing:
            await self._make(name)
        return missing

    def forget(self) -> None:
        """Somebody has deleted one: what is known is looked up again."""
        self._ids, self._complete = {}, False

    async def _page(self, after: str | None) -> Json:
        at = {"owner": self._place.owner, "name": self._place.name, "labels": after}
        found = (await self._client.graphql(documents.LABEL_IDS, at))["repository"]
        if found is None:
            raise NotFound(f"there is no repository {self._place.full_name} on {self._place.host}", "see `git remote -v`")
        labels: Json = found["labels"]
        return labels

    async def _make(self, name: str) -> None:
        async with self._making:
            if name.lower() in self._ids:
                return
            label = _definition(name)
            try:
                made = await self._client.post("labels", {"name": label.name, "color": label.color, "description": label.description})
            except Invalid as error:
                if not error.says("already_exists"):
                    raise
                await self.learn(await self._page(None))
            else:
                self._ids[made["name"].lower()] = made["node_id"]


def _definition(name: str) -> Label:
    known = _KNOWN.get(name.lower())
    position = name.lower().removeprefix("order:")
    if known is None and position != name.lower() and position.isdecimal():
        return order_label(int(position))
    return known or Label(name, _OTHER_COLOR, "")
