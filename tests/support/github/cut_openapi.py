"""Cuts GitHub's OpenAPI description down to the operations that the stand-in answers, as JSON Schema that can be used as it is.

    npm pack @octokit/openapi@23.0.2
    PYTHONPATH=tests python -m support.github.cut_openapi octokit-openapi-23.0.2.tgz

writes data/openapi.json (13 MB become 90 kB). What is changed besides the cutting:

- OpenAPI 3.0's `nullable` becomes JSON Schema's type `null` (so the result is OpenAPI 3.1), also beside an `enum` that does not list it:
  GitHub does answer `"state_reason": null`.
- An object that declares properties may have no others, so that an invented field is found.
- `status`, which GitHub sends in every error, is declared for the errors where the description forgets it.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMBER = "package/generated/api.github.com.json"
CUT = Path(__file__).parent / "data" / "openapi.json"

REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    "/": ["get"],
    "/user": ["get"],
    "/rate_limit": ["get"],
    REPO: ["get"],
    f"{REPO}/labels": ["get", "post"],
    f"{REPO}/labels/{{name}}": ["get", "patch", "delete"],
    f"{REPO}/milestones": ["get", "post"],
    f"{REPO}/milestones/{{milestone_number}}": ["get", "patch", "delete"],
    f"{REPO}/issues": ["get", "post"],
    f"{REPO}/issues/{{issue_number}}": ["get", "patch"],
    f"{REPO}/issues/{{issue_number}}/labels": ["get", "post", "put"],
    f"{REPO}/issues/{{issue_number}}/labels/{{name}}": ["delete"],
    f"{REPO}/issues/{{issue_number}}/comments": ["get", "post"],
    f"{REPO}/issues/comments/{{comment_id}}": ["get", "patch", "delete"],
    f"{REPO}/pulls": ["get", "post"],
    f"{REPO}/pulls/{{pull_number}}": ["get", "patch"],
    f"{REPO}/pulls/{{pull_number}}/reviews": ["get", "post"],
}
ERRORS = ("basic-error", "validation-error", "validation-error-simple")
PROSE = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "deprecated", "tags"})

Json = dict[str, Any]


def cut(description: Json) -> Json:
    paths = {path: _operations(description["paths"][path], methods) for path, methods in OPERATIONS.items()}
    kept: Json = {}
    waiting = [*(_references(paths)), *(f"#/components/schemas/{name}" for name in ERRORS)]
    while waiting:
        reference = waiting.pop()
        if reference in kept:
            continue
        _, _, kind, name = reference.split("/")
        part = description["components"][kind][name]
        kept[reference] = _schema(part) if kind == "schemas" else _tidy(part)
        waiting += _references(kept[reference])
    components: Json = {}
    for reference in sorted(kept):
        _, _, kind, name = reference.split("/")
        components.setdefault(kind, {})[name] = kept[reference]
    for name in ERRORS:
        components["schemas"][name]["properties"].setdefault("status", {"type": "string"})
    info = {key: description["info"][key] for key in ("title", "version", "license")}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


def _operations(item: Json, methods: list[str]) -> Json:
    kept = {}
    for method in methods:
        operation = item[method]
        kept[method] = {key: _tidy(operation[key]) for key in ("operationId", "parameters", "requestBody", "responses") if key in operation}
    return kept


def _tidy(part: Any) -> Any:
    """What surrounds schemas: parameters, bodies, responses."""
    if isinstance(part, list):
        return [_tidy(one) for one in part]
    if not isinstance(part, dict):
        return part
    left_out = PROSE | {"headers"}
    return {key: _schema(value) if key == "schema" else _tidy(value) for key, value in part.items() if key not in left_out}


def _schema(schema: Json, *, closed: bool = True) -> Json:
    made: Json = {}
    for key, value in schema.items():
        if key in PROSE or key.startswith("x-") or key == "nullable":
            continue
        if key == "properties":
            made[key] = {name: _schema(one) for name, one in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            made[key] = _schema(value)
        elif key in ("anyOf", "oneOf"):
            made[key] = [_schema(one) for one in value]
        elif key == "allOf":
            made[key] = [_schema(one, closed=False) for one in value]
        else:
            made[key] = value
    if closed and made.get("properties") and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return _nullable(made) if schema.get("nullable") else made


def _nullable(schema: Json) -> Json:
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], *([] if None in schema["enum"] else [None])]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for one in part:
            yield from _references(one)


def written(description: Json) -> str:
    """One line for each operation and component, so that the next version shows what has changed."""
    lines = ["{", *(f"{json.dumps(key)}: {_line(description[key])}," for key in ("openapi", "info"))]
    lines += ['"paths": {', *_entries(description["paths"])]
    lines.append('},\n"components": {')
    kinds = list(description["components"])
    for kind in kinds:
        lines += [f"{json.dumps(kind)}: {{", *_entries(description["components"][kind]), "}" if kind == kinds[-1] else "},"]
    return "\n".join([*lines, "}\n}", ""])


def _entries(items: Json) -> list[str]:
    lines = [f"{json.dumps(name)}: {_line(item)}," for name, item in items.items()]
    return [*lines[:-1], lines[-1].removesuffix(",")]


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def main(package: str) -> None:
    with tarfile.open(package) as archive:
        member = archive.extractfile(MEMBER)
        assert member is not None, f"{MEMBER} is not a file"
        description = json.load(member)
    CUT.write_text(written(cut(description)), encoding="utf-8")
    print(f"{CUT}: {CUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
