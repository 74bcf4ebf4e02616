"""Changes by GraphQL: those of one moment go out as one document, each change's parts next to one another and in order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from locus.errors import LocusError, Refused
from locus.tracker.github.batching import Batch
from locus.tracker.github.client import Client, PartlyFailed

MOST = 60
"""Parts of one document. GitHub carries them out one after the other, and gives up a request that takes it longer than ten seconds."""
_SERIAL = itertools.count()


@dataclass(frozen=True)
class Mutation:
    """One field of GitHub's Mutation type, with its input as JSON."""

    name: str
    input: str

    @classmethod
    def of(cls, name: str, **values: Any) -> Mutation:
        return cls(name, json.dumps(values))

    @property
    def type(self) -> str:
        return f"{self.name[0].upper()}{self.name[1:]}Input!"


@dataclass(frozen=True)
class Change:
    """What belongs together. Two equal changes are two."""

    parts: tuple[Mutation, ...]
    serial: int = field(default_factory=lambda: next(_SERIAL))


class Mutations:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._batch: Batch[Change, None] = Batch(self._carry_out)

    async def apply(self, *parts: Mutation) -> None:
        """Raises Refused when GitHub declines a part, OutOfReach when it is not known whether the change arrived."""
        if parts:
            await self._batch.get(Change(parts))

    async def _carry_out(self, changes: Sequence[Change]) -> Mapping[Change, BaseException | None]:
        parts = [(change, part) for change in changes for part in change.parts]
        failed: dict[Change, BaseException] = {}
        for start in range(0, len(parts), MOST):
            failed = await self._send(parts[start : start + MOST]) | failed
        return {change: failed.get(change) for change in changes}

    async def _send(self, parts: Sequence[tuple[Change, Mutation]]) -> dict[Change, BaseException]:
        """What failed of them."""
        names = {f"m{index}": change for index, (change, _) in enumerate(parts)}
        declared = ", ".join(f"$m{index}: {part.type}" for index, (_, part) in enumerate(parts))
        fields = "\n".join(f"  m{index}: {part.name}(input: $m{index}) {{ clientMutationId }}" for index, (_, part) in enumerate(parts))
        inputs = {f"m{index}": json.loads(part.input) for index, (_, part) in enumerate(parts)}
        try:
            await self._client.graphql(f"mutation({declared}) {{\n{fields}\n}}", inputs)
        except PartlyFailed as error:
            return _blamed(error, names)
        return {}


class Stale(Refused):
    """A node id that was known is no longer that of anything."""


def _blamed(error: PartlyFailed, names: Mapping[str, Change]) -> dict[Change, BaseException]:
    """Which change each error belongs to; one that names no field belongs to all."""
    failed: dict[Change, BaseException] = {}
    for each in error.errors:
        path = each.get("path") or []
        known = names.get(str(path[0])) if path else None
        for change in [known] if known is not None else set(names.values()):
            failed.setdefault(change, _refusal(each))
    return failed


def _refusal(error: Mapping[str, Any]) -> LocusError:
    said = str(error.get("message", "GitHub declined"))
    if error.get("type") == "NOT_FOUND":
        return Stale(said, "look at it on GitHub: it may have been deleted or moved")
    return Refused(said, "see what `gh auth status` says of your rights")
