"""Many changes at once: as few documents as GitHub can carry out in the time that it gives a request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from locus.tracker.github.client import Client, PartlyFailed
from locus.tracker.github.mutations import MOST, Mutation, Mutations, Stale


class Recorder:
    """In place of a client; refuses what concerns the node `gone`."""

    def __init__(self) -> None:
        self.documents: list[Mapping[str, Any]] = []

    async def graphql(self, _document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.documents.append(variables)
        gone: list[Mapping[str, Any]] = [
            {"type": "NOT_FOUND", "path": [name], "message": "no"} for name, given in variables.items() if given["id"] == "gone"
        ]
        if gone:
            raise PartlyFailed({}, gone)
        return {}


def change(id: object) -> Mutation:
    return Mutation.of("addLabelsToLabelable", id=id)


async def test_a_large_sprint_is_put_in_order_by_several_documents() -> None:
    client = Recorder()
    await Mutations(cast(Client, client)).apply(*(change(number) for number in range(2 * MOST + 1)))
    assert [len(document) for document in client.documents] == [MOST, MOST, 1]
    assert [given["id"] for document in client.documents for given in document.values()] == list(range(2 * MOST + 1))


async def test_only_the_change_that_failed_has_failed() -> None:
    client = Recorder()
    mutations = Mutations(cast(Client, client))
    wanted = [("gone", *range(MOST)), range(MOST), (*range(MOST), "gone"), (1,)]
    done = await asyncio.gather(*(mutations.apply(*map(change, each)) for each in wanted), return_exceptions=True)
    assert [type(result) for result in done] == [Stale, type(None), Stale, type(None)]


async def test_nothing_is_sent_for_no_change() -> None:
    client = Recorder()
    await Mutations(cast(Client, client)).apply()
    with pytest.raises(IndexError):
        client.documents.pop()
