from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.model.config import Config
from locus.model.config_keys import keys
from locus.model.config_layers import Layer, Source, merge
from locus.model.jsontext import Span
from support.properties import json_values, modest

SHELL = {"kind": "shell", "argv": ["true"]}


def repository(values: dict[str, Any], **spans: Span) -> Layer:
    return Layer("repository", values, "config.json", {path.replace("__", "."): span for path, span in spans.items()})


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("agent.maxParallel", 3),
        ("agent.autoLabel", True),
        ("agent.autoPR", True),
        ("agent.baseBranch", None),
        ("agent.rebaseBeforeTask", True),
        ("agent.maxAttempts", 2),
        ("agent.idleTimeout", 600),
        ("agent.timeout", 7200),
        ("agent.review", False),
        ("sprint.stopOnFailure", True),
        ("sprint.active", None),
        ("question.timeout", 60),
        ("run.onEditorExit", "continue"),
        ("tracker", "auto"),
        ("verify", ()),
        ("agents", {}),
    ],
)
def test_keys_and_defaults(path: str, default: object) -> None:
    assert keys()[path].default == default
    assert keys()[path].expected


def test_every_key_is_described() -> None:
    assert all(key.description for key in keys().values())


def test_the_default_configuration_is_the_keys_defaults() -> None:
    assert merge([]).config == Config()
    for path, key in keys().items():
        value: Any = Config().wire()
        for part in path.split("."):
            value = value.get(part)
        assert value == (list(key.default) if isinstance(key.default, tuple) else key.default)


@pytest.mark.parametrize(
    ("values", "key", "shown", "expected"),
    [
        ({"agent": {"maxParallel": 0}}, "agent.maxParallel", "0", "a whole number, at least 1"),
        ({"agent": {"maxParallel": "3"}}, "agent.maxParallel", '"3"', "a whole number, at least 1"),
        ({"agent": {"maxParallel": 2.5}}, "agent.maxParallel", "2.5", "a whole number, at least 1"),
        ({"agent": {"maxParallel": True}}, "agent.maxParallel", "true", "a whole number, at least 1"),
        ({"agent": {"autoPR": "yes"}}, "agent.autoPR", '"yes"', "true or false"),
        ({"agent": {"autoLabel": 1}}, "agent.autoLabel", "1", "true or false"),
        ({"agent": {"baseBranch": 7}}, "agent.baseBranch", "7", "a branch name or null"),
        ({"agent": {"timeout": "600"}}, "agent.timeout", '"600"', "seconds, more than 0"),
        ({"agent": {"timeout": True}}, "agent.timeout", "true", "seconds, more than 0"),
        ({"agent": {"idleTimeout": 0}}, "agent.idleTimeout", "0", "seconds, more than 0"),
        ({"question": {"timeout": float("inf")}}, "question.timeout", "Infinity", "seconds, more than 0"),
        ({"sprint": {"active": []}}, "sprint.active", "[]", "a sprint's name or null"),
        ({"tracker": "jira"}, "tracker", '"jira"', '"auto", "github" or "local"'),
        ({"run": {"onEditorExit": None}}, "run.onEditorExit", "null", '"continue" or "interrupt"'),
        ({"agent": 3}, "agent", "3", "an object of settings"),
        ({"agents": ["x"]}, "agents", '["x"]', "an object of {kind"),
        ({"agents": {"a": {"kind": "shell", "argv": []}}}, "agents.a", "argv", "argv must not be empty"),
        ({"agents": {"a": {"kind": "shell"}}}, "agents.a", "shell", "argv is missing"),
        ({"agents": {"a": SHELL | {"cwd": "/"}}}, "agents.a", "cwd", "cwd is not known"),
        ({"agents": {"a": SHELL | {"env": {"A": 1}}}}, "agents.a", "env", "env.A must be a string"),
        ({"agents": {"managed": SHELL}}, "agents.managed", "managed", "no agent name"),
        ({"agents": {"auto": SHELL}}, "agents.auto", "auto", "no agent name"),
        ({"agents": {"a b": SHELL}}, "agents.a b", "a b", "no agent name"),
        ({"verify": "make test"}, "verify", '"make test"', "a list of {name, run, timeout?, parser?}"),
        ({"verify": [{"name": "t", "run": ["make", 3]}]}, "verify", "make", "0.run.1 must be a string"),
        ({"verify": [{"run": "make"}]}, "verify", "make", "0.name is missing"),
    ],
)
def test_a_wrong_value_is_named_and_does_not_count(values: dict[str, Any], key: str, shown: str, expected: str) -> None:
    merged = merge([repository(values)])
    [problem] = merged.problems
    assert problem.fatal and problem.key == key
    assert key.split(".")[0] in problem.message and shown in problem.message and expected in problem.message
    assert merged.config == Config()
    assert key not in merged.origins


def test_a_problem_says_file_and_line() -> None:
    layer = repository({"agent": {"maxParallel": 0}}, agent=Span(2, 2, 7), agent__maxParallel=Span(3, 4, 13))
    [problem] = merge([layer]).problems
    assert problem.span == Span(3, 4, 13)
    assert str(problem).startswith("config.json:3: agent.maxParallel: 0 is not")


def test_the_place_is_the_part_that_is_wrong() -> None:
    spans = {"agents__a": Span(2, 0, 3), "agents__a__argv": Span(3, 0, 6), "verify": Span(9, 0, 8), "verify__1__run": Span(11, 0, 5)}
    layer = repository(
        {"agents": {"a": {"kind": "shell", "argv": [1]}}, "verify": [{"name": "a", "run": "x"}, {"name": "b", "run": 1}]}, **spans
    )
    assert [problem.line for problem in merge([layer]).problems] == [3, 11]


def test_an_unknown_key_is_reported_and_harmless() -> None:
    merged = merge([repository({"agent": {"maxparallel": 9}, "colour": {"of": "sky"}})])
    assert [problem.fatal for problem in merged.problems] == [False, False]
    assert "did you mean 'agent.maxParallel'" in merged.problems[0].message
    assert merged.problems[1].key == "colour"
    assert merged.config == Config()


def test_the_strongest_valid_value_wins() -> None:
    sources: tuple[Source, ...] = get_args(Source)[1:]
    for strongest in range(1, len(sources) + 1):
        layers = [Layer(source, {"agent": {"maxParallel": number}}) for number, source in enumerate(sources[:strongest], start=10)]
        merged = merge([*layers, Layer("argument", {"agent": {"maxParallel": -1}})])
        assert merged.config.agent.max_parallel == 9 + strongest
        assert merged.origins["agent.maxParallel"] == sources[strongest - 1]


def test_agents_are_merged_by_name() -> None:
    other = {"kind": "shell", "argv": ["other"]}
    merged = merge([Layer("user", {"agents": {"a": SHELL, "b": SHELL}}), repository({"agents": {"b": other, "c": other}})])
    assert {name: profile.words[0] for name, profile in merged.config.agents.items()} == {"a": "true", "b": "other", "c": "other"}
    assert merged.origins == {"agents.a": "user", "agents.b": "repository", "agents.c": "repository"}


def test_dotted_keys_are_the_same_keys() -> None:
    assert merge([Layer("editor", {"agent.maxParallel": 5})]).config.agent.max_parallel == 5


mostly_keys = st.dictionaries(
    st.sampled_from([*keys(), "agent", "sprint", "ai", "x"]) | st.text(max_size=5),
    json_values | st.dictionaries(st.sampled_from(["maxParallel", "active", "argv", "a"]), json_values, max_size=3),
    max_size=4,
)


@modest
@given(st.lists(mostly_keys, max_size=3))
def test_nothing_raises_and_what_is_left_is_valid(layers: list[dict[str, Any]]) -> None:
    merged = merge([Layer("repository", values) for values in layers])
    assert Config.model_validate(json.loads(json.dumps(merged.config.wire()))) == merged.config
    for problem in merged.problems:
        assert str(problem)
