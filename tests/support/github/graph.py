"""GraphQL: documents executed by graphql-core over GitHub's own schema, cut down (cut_graphql.py)."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphql

from support.github import graph_changes, graph_fields, graph_seen
from support.github.answers import Answer, Refusal
from support.github.graph_cost import Cost, cost_of
from support.github.graph_seen import Asker

CUT = Path(__file__).parent / "data" / "schema.graphql"

# GitHub accepts `... on Issue { state } ... on PullRequest { state }`, which gh itself sends and this rule of the specification forbids.
RULES = tuple(rule for rule in graphql.specified_rules if rule is not graphql.OverlappingFieldsCanBeMergedRule)


@functools.cache
def schema() -> graphql.GraphQLSchema:
    """Built once a process: 30 ms."""
    built = graphql.build_schema(CUT.read_text(encoding="utf-8"), no_location=True)
    for resolvers in (graph_fields.RESOLVERS, graph_changes.RESOLVERS):
        for (type_name, field_name), resolver in resolvers.items():
            kind = built.type_map[type_name]
            assert isinstance(kind, graphql.GraphQLObjectType)
            kind.fields[field_name].resolve = resolver
    return built


@dataclass(frozen=True)
class Asked:
    """A document that has been read and found well-formed, or what is wrong with it."""

    document: graphql.DocumentNode | None
    variables: dict[str, Any]
    cost: Cost
    errors: list[dict[str, Any]]


def read(body: Any) -> Asked:
    text = body.get("query") if isinstance(body, dict) else None
    if not isinstance(text, str):
        return Asked(None, {}, Cost(), [{"message": "A query attribute must be specified and must be a string."}])
    variables = body.get("variables") or {}
    try:
        document = graphql.parse(text)
    except graphql.GraphQLSyntaxError as error:
        return Asked(None, variables, Cost(), [_told(error)])
    wrong = [_told(error) for error in graphql.validate(schema(), document, RULES)]
    if wrong:
        return Asked(None, variables, Cost(), wrong)
    cost, unbounded = cost_of(schema(), document, variables)
    return Asked(None if unbounded else document, variables, cost, unbounded)


def execute(asked: Asked, asker: Asker) -> Answer:
    if asked.document is None:
        return Answer(200, {"errors": asked.errors})
    done = graphql.execute_sync(
        schema(),
        asked.document,
        variable_values=asked.variables,
        context_value=asker,
        field_resolver=graph_seen.plain,
        type_resolver=graph_seen.type_name,
    )
    body: dict[str, Any] = {"data": done.data}
    if done.errors:
        body["errors"] = [_told(error) for error in done.errors]
    return Answer(200, body)


def _told(error: graphql.GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message}
    original = error.original_error
    if isinstance(original, Refusal):
        told |= {"type": original.type, "message": original.sentence()}
    elif original is not None:
        raise original
    if error.path:
        told["path"] = error.path
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return told
