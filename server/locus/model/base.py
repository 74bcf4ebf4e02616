"""The base of every noun: frozen, strict about keys, camelCase on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, defer_build=True)

    def wire(self) -> dict[str, Any]:
        """The JSON object other processes see: camelCase, absent instead of null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Recorded(Model):
    """A noun in files that outlive the Locus that wrote them: fields that a newer one has added are ignored."""

    model_config = ConfigDict(extra="ignore")


def by_kind(union: Any) -> Mapping[str, Any]:
    """The members of a union by their `kind`. Reading by it builds the validators of the kinds that come, no others: starts cost less."""
    return MappingProxyType({member.model_fields["kind"].default: member for member in get_args(union)})
