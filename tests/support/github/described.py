"""GitHub's published description of its REST API, cut down (cut_openapi.py): which operation a request is, and what does not fit it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

CUT = Path(__file__).parent / "data" / "openapi.json"

Json = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    said: str
    ignored: bool = False
    """GitHub does not mind, and does nothing about it."""


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    template: str
    query: Mapping[str, Json]
    body: Json | None
    body_required: bool
    answers: Mapping[str, Json | None]
    """The schema for each described status; None where there is no body."""

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template))


class Description:
    def __init__(self, document: Json) -> None:
        self._components = document["components"]
        self.operations = [
            self._operation(template, method, found) for template, item in document["paths"].items() for method, found in item.items()
        ]
        self._patterns = [(one.method, one.pattern, one) for one in self.operations]
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        for wanted, pattern, operation in self._patterns:
            if wanted == method and (match := pattern.fullmatch(path)):
                return operation, match.groupdict()
        return None

    def request_faults(self, operation: Operation, query: Mapping[str, str], body: Any) -> Iterator[Fault]:
        """What GitHub would refuse or, worse, ignore."""
        for name, value in query.items():
            if name not in operation.query:
                yield Fault(f"there is no parameter {name!r}", ignored=True)
            else:
                schema = operation.query[name]
                yield from (Fault(f"parameter {name!r}: {fault.said}") for fault in self._faults(schema, _typed(schema, value)))
        if body is None:
            if operation.body_required:
                yield Fault("there has to be a body")
        elif operation.body is not None:
            yield from self._faults(operation.body, body)

    def answer_faults(self, operation: Operation, status: int, body: Any) -> Iterator[Fault]:
        """An error that is not described for the operation has the shape that such errors have elsewhere."""
        if str(status) not in operation.answers and status < 300:
            yield Fault(f"{status} is not an answer of {operation.id}")
            return
        usual = {"$ref": f"#/components/schemas/{'validation-error' if status == 422 else 'basic-error'}"}
        schema = operation.answers.get(str(status), usual)
        if schema is not None:
            yield from self._faults(schema, body)
        elif body is not None:
            yield Fault("there is no body with this status")

    def _faults(self, schema: Json, value: Any) -> Iterator[Fault]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = jsonschema_rs.Draft202012Validator({**schema, "components": self._components}, validate_formats=True)
        for error in self._validators[key].iter_errors(value):
            where = "/".join(map(str, error.instance_path))
            said = f"{where or 'all of it'}: {error.message[:300]}"
            yield Fault(said, ignored=isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties))

    def _operation(self, template: str, method: str, found: Json) -> Operation:
        parameters = [self._followed(one) for one in found.get("parameters", [])]
        sent = found.get("requestBody", {})
        answers = {status: _content(self._followed(answer)) for status, answer in found["responses"].items()}
        return Operation(
            id=found["operationId"],
            method=method.upper(),
            template=template,
            query={one["name"]: one.get("schema", {}) for one in parameters if one["in"] == "query"},
            body=_content(sent),
            body_required=sent.get("required", False),
            answers=answers,
        )

    def _followed(self, part: Json) -> Json:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        found: Json = self._components[kind][name]
        return found


def _content(part: Json) -> Json | None:
    for kind, content in part.get("content", {}).items():
        if kind in ("application/json", "application/scim+json"):
            schema: Json = content["schema"]
            return schema
    return None


def _typed(schema: Json, value: str) -> Any:
    return int(value) if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value) else value


@functools.cache
def description() -> Description:
    """Read once a process; the validators are made when first needed."""
    return Description(json.loads(CUT.read_text(encoding="utf-8")))
