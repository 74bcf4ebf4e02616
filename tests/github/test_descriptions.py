"""The cut descriptions, the scripts that cut them, and that a wrong answer is found by them."""

from __future__ import annotations

import json
from typing import Any

import graphql
import pytest

from support.github import cut_graphql, cut_openapi, graph, rest, shapes
from support.github.client import Client
from support.github.described import Operation, description
from support.github.github import GitHub
from support.github.world import Repository

WITHOUT_REPOSITORY = {"meta/root", "users/get-authenticated", "rate-limit/get"}


def operation(id: str) -> Operation:
    return next(one for one in description().operations if one.id == id)


def test_every_described_operation_is_answered() -> None:
    described = {one.id for one in description().operations}
    assert described == set(rest.OPERATIONS) | WITHOUT_REPOSITORY
    cut = {(method.upper(), path) for path, methods in cut_openapi.OPERATIONS.items() for method in methods}
    assert {(one.method, one.template) for one in description().operations} == cut


def test_every_field_of_the_schema_can_be_read() -> None:
    """By a resolver, or as an attribute of the same name."""
    schema = graph.schema()
    assert graphql.validate_schema(schema) == []
    for name, kept in cut_graphql.FIELDS.items():
        kind = schema.type_map[name]
        assert isinstance(kind, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType)
        assert set(kept.split()) == set(kind.fields)
    assert schema.mutation_type is not None
    assert {name for name, field in schema.mutation_type.fields.items() if field.resolve is None} == set()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"number": "1"}, 'number: "1" is not of type "integer"'),
        ({"title": None}, 'title: null is not of type "string"'),
        ({"state_reason": "bored"}, "state_reason"),
        ({"invented": 1}, "'invented' was unexpected"),
        ({"updated_at": "yesterday"}, "updated_at"),
    ],
)
def test_a_wrong_answer_is_found(github: GitHub, repository: Repository, change: dict[str, Any], found: str) -> None:
    right = shapes.issue(github.world, repository, github.issue(repository, "One"))
    assert list(description().answer_faults(operation("issues/get"), 200, right)) == []
    faults = [fault.said for fault in description().answer_faults(operation("issues/get"), 200, right | change)]
    assert len(faults) == 1
    assert found in faults[0]
    missing = {key: value for key, value in right.items() if key != "labels"}
    assert "labels" in next(description().answer_faults(operation("issues/get"), 200, missing)).said


def test_a_wrong_answer_is_said(client: Client, github: GitHub, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    github.label(repository, "bug")
    monkeypatch.setattr(shapes, "label", lambda *_: {"name": "bug"})
    client.get("/repos/octo/demo/labels/bug")
    assert github.surprises[0].startswith("our answer 200 to issues/get-label is not GitHub's")
    github.surprises.clear()


def test_errors_have_their_shape_too() -> None:
    get = operation("issues/get")
    right = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
    assert list(description().answer_faults(get, 404, right)) == []
    assert list(description().answer_faults(get, 418, right)) == []
    assert list(description().answer_faults(get, 404, {"error": "Not Found"})) != []
    assert list(description().answer_faults(get, 201, right)) != []
    assert list(description().answer_faults(operation("issues/delete-label"), 204, {})) != []


# The cutting, on a description of three lines


def test_openapi_is_cut() -> None:
    thing = {
        "type": "object",
        "description": "words",
        "properties": {
            "title": {"type": "string", "nullable": True, "example": "x"},
            "reason": {"type": "string", "nullable": True, "enum": ["a"]},
            "owner": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/owner"}]},
        },
    }
    owner = {"type": "object", "properties": {"login": {"type": "string"}}}
    error = {"type": "object", "properties": {"message": {"type": "string"}}}
    answer = {"description": "words", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}}}
    used = {"get": {"operationId": "x", "summary": "words", "responses": {"200": answer}}, "put": {"operationId": "unused"}}
    paths = {path: dict.fromkeys(methods, used["get"]) for path, methods in cut_openapi.OPERATIONS.items()}
    source = {
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1", "license": {"name": "MIT"}, "description": "words"},
        "paths": {**paths, "/unused": used},
        "components": {"schemas": {"thing": thing, "owner": owner, "unused": owner, **dict.fromkeys(cut_openapi.ERRORS, error)}},
    }
    cut = cut_openapi.cut(source)
    assert json.loads(cut_openapi.written(cut)) == cut
    assert "words" not in json.dumps(cut)
    assert set(cut["components"]["schemas"]) == {"thing", "owner", *cut_openapi.ERRORS}
    made = cut["components"]["schemas"]["thing"]
    assert made["additionalProperties"] is False
    assert made["properties"] == {
        "title": {"type": ["string", "null"]},
        "reason": {"type": ["string", "null"], "enum": ["a", None]},
        "owner": {"anyOf": [{"allOf": [{"$ref": "#/components/schemas/owner"}]}, {"type": "null"}]},
    }
    assert cut["components"]["schemas"]["basic-error"]["properties"]["status"] == {"type": "string"}


def test_graphql_is_cut() -> None:
    whole = (cut_graphql.CUT).read_text(encoding="utf-8")
    extended = whole.replace("type Query implements Node {", 'type Query implements Node {\n  """Words"""\n  unused: Unused').replace(
        "type User implements", "type Unused { id: ID! }\n\ntype User implements"
    )
    assert extended != whole
    again = graphql.print_ast(cut_graphql.cut(extended)) + "\n"
    assert again == whole
