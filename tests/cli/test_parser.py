"""Words to values, and what a person is told about wrong ones."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.cli import help as texts
from locus.cli.parser import parse
from locus.cli.tree import SPECS
from locus.errors import InvalidArguments


def values(*words: str) -> dict[str, Any]:
    return dict(parse(words, SPECS).values)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "42", "#43"], {"numbers": [42, 43]}),
        (["run", "--sprint", "Sprint 1"], {"sprint": "Sprint 1"}),
        (["run", "--sprint=Sprint 1", "--dry-run"], {"sprint": "Sprint 1", "dry-run": True}),
        (["run", "--sprint="], {"sprint": ""}),
        (["run", "--base", "head", "42"], {"base": "head", "numbers": [42]}),
        (["run", "--resume"], {"resume": True}),
        (["run", "--resume", "run-1"], {"resume": "run-1"}),
        (["run", "--resume", "--detach"], {"resume": True, "detach": True}),
        (["issue", "create", "Fix", "the", "pages"], {"words": "Fix the pages"}),
        (["issue", "create", "--label", "a", "Fix", "--label=b"], {"words": "Fix", "label": ["a", "b"]}),
        (["issue", "create", "--", "--json", "is", "broken"], {"words": "--json is broken"}),
        (["issue", "create", "Fix", "--body-file", "-"], {"words": "Fix", "body-file": "-"}),
        (["issue", "edit", "3", "--order", "-1"], {"number": 3, "order": -1}),
        (["sprint", "create", "Sprint", "1", "--task", "2", "--task", "#3"], {"name": "Sprint 1", "task": [2, 3]}),
        (["sprint", "order", "Sprint 1", "3", "1"], {"name": "Sprint 1", "numbers": [3, 1]}),
        (["answer", "q", "1"], {"question": "q", "option": "1"}),
        (["answer", "run-1", "q", "1", "-m", "go on"], {"run": "run-1", "question": "q", "option": "1", "message": "go on"}),
        (["logs", "-fn5"], {"follow": True, "lines": 5}),
        (["logs", "-n", "5", "-f"], {"follow": True, "lines": 5}),
        (["stop"], {}),
    ],
)
def test_values(words: list[str], expected: dict[str, Any]) -> None:
    assert values(*words) == expected


def test_options_of_every_command_may_stand_anywhere() -> None:
    for words in (
        ["--json", "-C", "there", "issue", "list"],
        ["issue", "--json", "-Cthere", "list"],
        ["issue", "list", "-C", "there", "--json"],
    ):
        given = parse(words, SPECS)
        assert (given.json, given.directory, given.spec and given.spec.name) == (True, "there", "issue list")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["isue", "list"], "there is no command `locus isue`; did you mean issue?", "`locus help` lists the commands"),
        (["issue", "lst"], "there is no command `locus issue lst`; did you mean list?", "`locus help issue` lists the commands"),
        (["frobnicate"], "there is no command `locus frobnicate`", "`locus help` lists the commands"),
        (["run", "--dryrun"], "`locus run` has no option --dryrun; did you mean --dry-run?", "`locus run --help` lists the options"),
        (["run", "--dry"], "`locus run` has no option --dry; did you mean --dry-run?", "`locus run --help` lists the options"),
        (["run", "-x"], "`locus run` has no option -x", "`locus run --help` lists the options"),
        (["--sprint", "A", "run"], "`locus` has no option --sprint", "`locus --help` lists the options"),
        (["run", "abc"], "N: 'abc' is not an issue number", "give it as `locus issue list` shows it, for example 12"),
        (["run", "0"], "N: '0' is not an issue number", "give it as `locus issue list` shows it, for example 12"),
        (["run", "1.5"], "N: '1.5' is not an issue number", "give it as `locus issue list` shows it, for example 12"),
        (["issue", "show"], "N is missing: the number of an issue", "see `locus issue show --help`"),
        (["issue", "show", "1", "2"], "`locus issue show` does not take '2'", "see `locus issue show --help`"),
        (["run", "--sprint"], "--sprint needs a value: --sprint NAME", "see `locus run --help`"),
        (["run", "--sprint", "--detach"], "--sprint needs a value: --sprint NAME", "see `locus run --help`"),
        (["run", "--sprint", "a", "--sprint", "b"], "--sprint is given twice", "see `locus run --help`"),
        (["run", "--detach=yes"], "--detach takes no value", "leave out `=yes`"),
        (["logs", "-n", "many"], "-n: 'many' is not a whole number", "see `locus logs --help`"),
        (["answer", "q"], "OPTION is missing: the option, by name or number", "see `locus answer --help`"),
        (["status", "now"], "`locus status` does not take 'now'", "see `locus status --help`"),
    ],
)
def test_what_is_wrong_is_named(words: list[str], message: str, hint: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        parse(words, SPECS)
    assert (caught.value.message, caught.value.hint) == (message, hint)


WORDS = st.one_of(
    st.sampled_from(sorted({word for words in SPECS for word in words})),
    st.sampled_from(sorted({option.flag for spec in SPECS.values() for option in spec.options})),
    st.sampled_from(["--", "-", "-n", "-f", "--json", "-h", "1", "#2", "-1", "="]),
    st.text(max_size=6),
)


@given(st.lists(WORDS, max_size=8))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    try:
        given = parse(words, SPECS)
    except InvalidArguments as error:
        assert error.message
    else:
        assert given.spec is None or given.topic == given.spec.words


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_every_command_has_help_and_somebody_who_runs_it(spec: Any) -> None:
    text = texts.command(spec)
    assert text.startswith(f"Usage: locus {spec.name}")
    for option in spec.options:
        assert option.flag in text and option.help in text
    assert max(map(len, text.splitlines())) <= 110
    if spec.run:
        module, _, function = spec.run.partition(":")
        assert callable(getattr(importlib.import_module(f"locus.cli.{module}"), function))


def test_the_overview_names_every_command() -> None:
    text = texts.overview()
    for words in SPECS:
        assert f"\n  {words[0]} " in text
    assert max(map(len, text.splitlines())) <= 110
