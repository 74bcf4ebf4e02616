"""Settings of many sources made one configuration: the strongest valid value of each key wins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from locus.model.config import Config
from locus.model.config_keys import Key, keys
from locus.model.jsontext import Span

Source = Literal["default", "found", "user", "repository", "local", "editor", "argument"]
"""Where a value comes from, weakest first: built in, told from the repository's files, the user's file, .locus/config.json,
config.local.json, editor, run argument."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one key (the empty key: with the file), and where it stands when it comes from a file."""

    key: str
    message: str
    fatal: bool
    source: Source
    file: str | None = None
    span: Span | None = None

    @property
    def line(self) -> int | None:
        """1-based."""
        return self.span.line if self.span else None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file or self.source}: "
        return where + self.message


@dataclass(frozen=True)
class Layer:
    """The settings of one source, as read: nested as in the file. `spans` says by dotted path where each key stands."""

    source: Source
    values: Mapping[str, Any]
    file: str | None = None
    spans: Mapping[str, Span] | None = None


@dataclass(frozen=True)
class Merged:
    config: Config
    origins: Mapping[str, Source]
    """Which source each key's value comes from; for agents by `agents.<name>`."""
    problems: tuple[Problem, ...]


_LOOSENING = "permissions.allow"
_ADDED_UP = (_LOOSENING, "permissions.ask", "permissions.deny")
"""Of these the lists of all sources count together: nobody's rule is lost to another's."""

_AGENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NO_AGENT_NAMES = ("auto", "managed")
"""`ai.provider: auto` chooses; the label `agent:managed` marks the tasks that are Locus'."""


def merge(layers: Sequence[Layer]) -> Merged:
    """The strongest valid value of each key wins. Nothing raises: what is wrong is listed, a wrong value does not count."""
    nested: dict[str, Any] = {}
    origins: dict[str, Source] = {}
    problems: list[Problem] = []
    for layer in layers:
        for path, value in _leaves(layer.values):
            key = keys().get(path)
            if key is None:
                problems.append(_unknown(path, value, layer))
                continue
            if path == "agents" and isinstance(value, dict):
                for name, profile in value.items():
                    if _AGENT_NAME.fullmatch(name) is None or name in _NO_AGENT_NAMES:
                        message = (
                            f"agents: {name!r} is no agent name, it is letters, digits, '.', '_' and '-', and not a word Locus uses itself"
                        )
                        problems.append(_problem(f"agents.{name}", message, layer, fatal=True))
                    elif (problem := _wrong(f"agents.{name}", key, {name: profile}, profile, layer)) is not None:
                        problems.append(problem)
                    else:
                        nested.setdefault("agents", {})[name] = profile
                        origins[f"agents.{name}"] = layer.source
                continue
            if (problem := _wrong(path, key, value, value, layer)) is not None:
                problems.append(problem)
                continue
            if path in _ADDED_UP:
                if path == _LOOSENING and layer.source in ("repository", "local"):
                    message = f"{path} counts in your own settings only: a repository may ask for more care, not for less"
                    problems.append(_problem(path, message, layer, fatal=False))
                    continue
                _, _, name = path.partition(".")
                value = [*nested.get("permissions", {}).get(name, ()), *value]
            _put(nested, path, value)
            origins[path] = layer.source
    return Merged(Config.model_validate(nested), origins, tuple(problems))


def _problem(path: str, message: str, layer: Layer, *, fatal: bool, inside: str = "") -> Problem:
    """`inside`: the dotted rest of the path to what is wrong within the value."""
    spans, place = layer.spans or {}, f"{path}.{inside}" if inside else path
    while place not in spans and len(place) > len(path):
        place = place.rpartition(".")[0]
    return Problem(path, message, fatal=fatal, source=layer.source, file=layer.file, span=spans.get(place))


def _unknown(path: str, value: Any, layer: Layer) -> Problem:
    if _is_section(path):
        return _problem(path, f"{path}: {_short(value)} is not an object of settings", layer, fatal=True)
    return _problem(path, f"unknown setting {path!r}{_suggestion(path)}; it is kept and ignored", layer, fatal=False)


def _wrong(path: str, key: Key, value: Any, shown: Any, layer: Layer) -> Problem | None:
    try:
        key.adapter.validate_python(value)
    except ValidationError as error:
        deepest = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
        steps = [str(step) for step in deepest["loc"] if step != "str" and not str(step).startswith("tuple[")]  # branches of unions
        inside = ".".join(steps[1:] if path.startswith("agents.") else steps)
        branch = bool(steps) and str(deepest["loc"][-1]) != steps[-1]
        words = "is neither" if branch else _PLAIN.get(deepest["type"], deepest["msg"].lower())
        detail = f"; {inside} {words}" if inside else f"; {deepest['msg']}" if deepest["type"] == "no_program" else ""
        return _problem(path, f"{path}: {_short(shown)} is not {key.expected}{detail}", layer, fatal=True, inside=inside)
    return None


_PLAIN = {
    "missing": "is missing",
    "too_short": "must not be empty",
    "extra_forbidden": "is not known",
    "string_type": "must be a string",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "float_type": "must be a number",
    "greater_than": "must be more than 0",
}


def _is_section(path: str) -> bool:
    return any(known.startswith(f"{path}.") for known in keys())


def _short(value: Any) -> str:
    """As JSON, since that is what the person wrote."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{prefix}{name}"
        if _is_section(path) and isinstance(value, Mapping):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _put(nested: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        nested = nested.setdefault(parent, {})
    nested[last] = value


def _suggestion(path: str) -> str:
    lowered = {known.lower(): known for known in keys()}
    match = lowered.get(path.lower())
    return f" (did you mean {match!r}?)" if match else ""
