"""Every setting by its path, with its default and meaning: what the documentation and the editor's settings are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from locus.model.base import Model
from locus.model.config import Config


@dataclass(frozen=True)
class Key:
    path: str
    """Dotted, as in the documentation: `agent.maxParallel`."""
    default: Any
    description: str
    adapter: TypeAdapter[Any]
    expected: str


_EXPECTED = {
    "agent.maxParallel": "a whole number, at least 1",
    "agent.maxAttempts": "a whole number, at least 1",
    "worktree.maxKept": "a whole number, at least 1",
    "prompt.maxChars": "a whole number, at least 8000",
    "keep.days": "a whole number, at least 1",
    "keep.maxBytes": "a whole number, at least 1",
    "agent.idleTimeout": "seconds, more than 0",
    "agent.timeout": "seconds, more than 0",
    "question.timeout": "seconds, more than 0",
    "limits.maxWait": "seconds, more than 0",
    "agent.budgetUsd": "dollars, more than 0, or null",
    "permissions.allow": 'a list of rules such as "execute: npm test *"',
    "permissions.ask": 'a list of rules such as "edit: package.json"',
    "permissions.deny": 'a list of rules such as "read: .env"',
    "agent.autoLabel": "true or false",
    "agent.autoPR": "true or false",
    "agent.rebaseBeforeTask": "true or false",
    "agent.review": "true or false",
    "sprint.stopOnFailure": "true or false",
    "sprint.draftPR": "true or false",
    "agent.baseBranch": "a branch name or null",
    "sprint.active": "a sprint's name or null",
    "ai.provider": "a string",
    "ai.model": "a string or null",
    "tracker": '"auto", "github" or "local"',
    "run.onEditorExit": '"continue" or "interrupt"',
    "verify": "a list of {name, run, timeout?, parser?}, run being a list of words or one shell line",
    "verifyDetect": "true or false",
    "agents": "an object of {kind, argv?, env?, model?, permissionMode?, limits?}",
}


def _walk(model: type[Model], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{info.alias or name}"
        if isinstance(info.annotation, type) and issubclass(info.annotation, Model):
            yield from _walk(info.annotation, f"{path}.")
        else:
            yield path, info


def _adapter(info: FieldInfo) -> TypeAdapter[Any]:
    kind: Any = info.annotation
    return TypeAdapter(Annotated[kind, *info.metadata] if info.metadata else kind)


@cache
def keys() -> Mapping[str, Key]:
    """All settings by path; the documentation and the editor's settings are made from it."""
    return {
        path: Key(
            path=path,
            default=info.get_default(call_default_factory=True, validated_data={}),
            description=info.description or "",
            adapter=_adapter(info),
            expected=_EXPECTED[path],
        )
        for path, info in _walk(Config)
    }
