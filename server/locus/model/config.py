"""Every setting Locus knows: its key, type, default and meaning. Reading them from disk is settings.py's work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from locus.model.base import Model
from locus.model.jsontext import Span
from locus.model.permissions import RuleText

Source = Literal["default", "found", "user", "repository", "local", "editor", "argument"]
"""Where a value comes from, weakest first: built in, told from the repository's files, the user's file, .locus/config.json,
config.local.json, editor, run argument."""

Argv = Annotated[tuple[str, ...], Field(min_length=1)]
Command = str | Argv
"""An argv list, or one string for `sh -c` (`cmd /c` on Windows)."""


def text_of(command: Command) -> str:
    """For reading; not to be run."""
    return command if isinstance(command, str) else " ".join(command)


Count = Annotated[int, Field(strict=True, ge=1)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]


PermissionMode = Literal["ask", "edits", "bypass"]


class AgentLimits(Model):
    """What one profile has otherwise than `agent.*` and `limits.*` say."""

    budget_usd: Dollars | None = None
    idle_timeout: Seconds | None = None
    timeout: Seconds | None = None


class AgentProfile(Model):
    """`agents.<name>`: one way to have work done. `claude` and `codex` are found on PATH where `argv` does not say otherwise; what follows
    the program in `argv` is given to it too."""

    kind: Literal["shell", "claude", "codex", "acp"]
    argv: Argv | None = None
    env: dict[str, str] = Field(default_factory=dict)
    model: str | None = None
    permission_mode: PermissionMode = "edits"
    """`ask`: every change is asked for; `edits`: what stays in the worktree is not; `bypass`: nothing is, and only the person's own
    settings may say so."""
    limits: AgentLimits = AgentLimits()

    @model_validator(mode="after")
    def _has_a_program(self) -> AgentProfile:
        if self.argv is None and self.kind in ("shell", "acp"):
            raise PydanticCustomError("no_program", "argv is missing: a {kind} agent is the program that you name", {"kind": self.kind})
        return self

    @property
    def words(self) -> tuple[str, ...]:
        """The program and what it is given in any case."""
        return self.argv or (self.kind,)


ParserName = Literal["pytest", "ruff", "mypy", "tsc", "eslint", "cargo", "go", "lines"]
"""Whose output it is; `lines` is what most tools print: `file:line:column: message`."""


class VerifyCommand(Model):
    name: str
    run: Command
    timeout: Seconds = 900.0
    parser: ParserName | None = None
    """None: told from the command, or from its output."""


def built_in() -> dict[str, AgentProfile]:
    """Agents that need no configuration, in the order in which `auto` looks for them."""
    return {"claude": AgentProfile(kind="claude"), "codex": AgentProfile(kind="codex")}


class AiSection(Model):
    provider: str = Field("auto", description="The agent that does the work: an `agents` entry, claude, codex, or auto, what is there")
    model: str | None = Field(None, description="The model the agent is asked to use")


class AgentSection(Model):
    max_parallel: Count = Field(3, description="Max concurrent tasks in parallel mode")
    auto_label: Flag = Field(True, description="Auto-update issue labels during execution")
    auto_pr: Flag = Field(True, alias="autoPR", description="Auto-create PRs for completed tasks")
    base_branch: str | None = Field(
        None, description="Base branch for PRs and worktree creation; unset: the remote's HEAD, else main or master"
    )
    rebase_before_task: Flag = Field(True, description="Check for base branch drift between tasks")
    max_attempts: Count = Field(2, description="How often the agent may try one task when verification fails")
    idle_timeout: Seconds = Field(600.0, description="Seconds without a word from the agent before it is stopped")
    timeout: Seconds = Field(7200.0, description="Seconds an agent may take for one attempt")
    review: Flag = Field(False, description="A finished task waits for review (in-review) instead of being done")
    budget_usd: Dollars | None = Field(None, description="US dollars that one task may cost; then its agent is stopped")


class PromptSection(Model):
    max_chars: Annotated[int, Field(strict=True, ge=8000)] = Field(
        120_000, description="Characters that the prompt of a task may have; its parts share them by need"
    )


class SprintSection(Model):
    stop_on_failure: Flag = Field(True, description="Stop sprint execution when a task fails")
    draft_pr: Flag = Field(
        False, alias="draftPR", description="Make a sprint's PR as a draft after its first finished task; it is ready when all are done"
    )
    active: str | None = Field(None, description="Name of the currently active sprint; `locus sprint active` overrides it")


class PermissionsSection(Model):
    allow: tuple[RuleText, ...] = Field((), description="What agents may do without asking; only your own settings may say so")
    ask: tuple[RuleText, ...] = Field((), description="What agents must ask for, also where it would be allowed")
    deny: tuple[RuleText, ...] = Field((), description="What agents may not do")


class LimitsSection(Model):
    max_wait: Seconds = Field(21600.0, description="Seconds for which a run waits until a provider's limit is over")


class QuestionSection(Model):
    timeout: Seconds = Field(60.0, description="Seconds a run waits for an answer")


class RunSection(Model):
    on_editor_exit: Literal["continue", "interrupt"] = Field("continue", description="What happens to runs when their editor closes")


class WorktreeSection(Model):
    max_kept: Count = Field(
        20, description="Worktrees of ended tasks that stay on disk; of more, those least recently used become snapshots"
    )


class KeepSection(Model):
    days: Count = Field(30, description="Days for which a snapshot of a worktree can be restored")
    max_bytes: Count = Field(5 * 1024**3, description="Bytes that all snapshots may take together; beyond it the earliest go")


class Config(Model):
    """The effective configuration of one run or workspace."""

    tracker: Literal["auto", "github", "local"] = Field(
        "auto", description="Where tasks live; auto: on GitHub where the remote is there and gh is logged in, else embedded"
    )
    ai: AiSection = Field(default_factory=AiSection)
    agent: AgentSection = Field(default_factory=AgentSection)
    sprint: SprintSection = Field(default_factory=SprintSection)
    verify: tuple[VerifyCommand, ...] = Field((), description="Commands that must pass before a task counts as done")
    verify_detect: Flag = Field(
        True, description="Where verify is not set, the checks that the repository clearly uses are taken, once you have allowed them"
    )
    prompt: PromptSection = Field(default_factory=PromptSection)
    permissions: PermissionsSection = Field(default_factory=PermissionsSection)
    question: QuestionSection = Field(default_factory=QuestionSection)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    run: RunSection = Field(default_factory=RunSection)
    worktree: WorktreeSection = Field(default_factory=WorktreeSection)
    keep: KeepSection = Field(default_factory=KeepSection)
    agents: dict[str, AgentProfile] = Field(default_factory=dict, description="Agents by name; `claude` and `codex` need no entry")

    @property
    def profiles(self) -> Mapping[str, AgentProfile]:
        """All agents that can be chosen: those that are configured, and those that need not be."""
        return {**self.agents, **{name: profile for name, profile in built_in().items() if name not in self.agents}}


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
