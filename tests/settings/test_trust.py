from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus import settings
from locus.errors import InvalidArguments, LocusError
from locus.model.config_layers import Merged
from locus.trust import CommandText, TrustStore, agent_text, command_text, commands_of, digest
from support.properties import modest

AGENT: dict[str, Any] = {"kind": "shell", "argv": ["./agent.sh", "{prompt_file}"], "env": {"B": "2", "A": "1"}}
VERIFY: list[dict[str, Any]] = [{"name": "tests", "run": "make test"}, {"name": "lint", "run": ["ruff", "check", "a b"]}]


def load(folder: Path, **files: Any) -> Merged:
    for name, values in files.items():
        (folder / {"user": "user.json", "repository": "config.json", "local": "config.local.json"}[name]).write_text(json.dumps(values))
    return settings.load(folder, user_file=folder / "user.json")


def test_what_the_repository_would_execute(tmp_path: Path) -> None:
    merged = load(tmp_path, repository={"agents": {"mine": AGENT}, "verify": VERIFY})
    assert commands_of(merged) == [
        CommandText('argv: ["./agent.sh", "{prompt_file}"]\nenv: {"A": "1", "B": "2"}', "agents.mine in .locus/config.json"),
        CommandText("shell: make test", "verify 'tests' in .locus/config.json"),
        CommandText('argv: ["ruff", "check", "a b"]', "verify 'lint' in .locus/config.json"),
    ]


def test_only_the_agents_asked_for(tmp_path: Path) -> None:
    merged = load(tmp_path, repository={"agents": {"a": AGENT, "b": AGENT}, "verify": VERIFY})
    assert [command.source.split()[0] for command in commands_of(merged, agents=["b"])] == ["agents.b", "verify", "verify"]


def test_the_local_file_counts_as_the_repositorys(tmp_path: Path) -> None:
    merged = load(tmp_path, local={"verify": VERIFY[:1]})
    assert [command.source for command in commands_of(merged)] == ["verify 'tests' in .locus/config.local.json"]


def test_ones_own_commands_need_no_permission(tmp_path: Path) -> None:
    load(tmp_path, user={"agents": {"mine": AGENT}, "verify": VERIFY})
    merged = settings.load(tmp_path, user_file=tmp_path / "user.json", editor={"agents": {"editors": AGENT}})
    assert set(merged.config.agents) == {"mine", "editors"}
    assert commands_of(merged) == []


def test_what_takes_the_place_of_ones_own_is_the_repositorys(tmp_path: Path) -> None:
    merged = load(tmp_path, user={"agents": {"mine": AGENT}}, repository={"agents": {"mine": AGENT | {"argv": ["evil"]}}})
    assert [command.text.splitlines()[0] for command in commands_of(merged)] == ['argv: ["evil"]']


def test_allowed_once_and_for_this_text_alone(tmp_path: Path) -> None:
    repo, state = tmp_path / "repo", tmp_path / "state"
    repo.mkdir()
    store = TrustStore(state)
    merged = load(repo, repository={"verify": VERIFY})
    items = store.show(merged)
    assert [item.allowed for item in items] == [False, False]
    assert not state.exists()

    store.allow(merged, [items[0].hash])
    assert [item.allowed for item in TrustStore(state).show(merged)] == [True, False]
    assert (state / "trust" / items[0].hash).read_text() == items[0].text
    assert [command.text for command in store.missing(commands_of(merged))] == [items[1].text]

    changed = load(repo, repository={"verify": [VERIFY[0] | {"run": "make  test"}]})
    assert [item.allowed for item in store.show(changed)] == [False]


def test_the_wire_is_camel_case_and_complete(tmp_path: Path) -> None:
    [item] = TrustStore(tmp_path / "state").show(load(tmp_path, repository={"verify": VERIFY[:1]}))
    assert item.wire() == {
        "hash": digest("shell: make test"),
        "text": "shell: make test",
        "source": "verify 'tests' in .locus/config.json",
        "allowed": False,
    }


def test_an_unknown_hash_allows_nothing(tmp_path: Path) -> None:
    store, merged = TrustStore(tmp_path / "state"), load(tmp_path, repository={"verify": VERIFY})
    known = store.show(merged)[0].hash
    with pytest.raises(InvalidArguments) as refused:
        store.allow(merged, [known, "f" * 64])
    assert "f" * 64 in refused.value.message and refused.value.hint
    assert not store.allowed(known)


@pytest.mark.parametrize("hash", ["", ".", "..", "../../etc/passwd", "F" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_hash_is_never_a_path(tmp_path: Path, hash: str) -> None:
    assert TrustStore(tmp_path).allowed(hash) is False


def test_a_file_with_another_text_allows_nothing(tmp_path: Path) -> None:
    store, merged = TrustStore(tmp_path / "state"), load(tmp_path, repository={"verify": VERIFY})
    hash = store.show(merged)[0].hash
    store.allow(merged, [hash])
    (tmp_path / "state" / "trust" / hash).write_text("")
    assert store.allowed(hash) is False


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    store, merged = TrustStore(tmp_path / "state"), load(tmp_path, repository={"verify": VERIFY})
    with pytest.raises(LocusError) as failed:
        store.allow(merged, [digest("shell: make test")])
    assert failed.value.hint


def test_the_same_text_twice_is_asked_about_once(tmp_path: Path) -> None:
    merged = load(tmp_path, repository={"verify": [VERIFY[0], VERIFY[0] | {"name": "again"}]})
    store = TrustStore(tmp_path / "state")
    assert len(store.show(merged)) == 2
    assert [command.source for command in store.missing(commands_of(merged))] == ["verify 'tests' in .locus/config.json"]


words = st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple)
commands = st.text(max_size=20) | words | words.map(lambda argv: command_text(argv)) | words.map(lambda argv: json.dumps(list(argv)))


@modest
@given(commands, commands)
def test_two_commands_never_share_a_text(one: Any, other: Any) -> None:
    assert (command_text(one) == command_text(other)) == (one == other)


def test_the_environment_is_part_of_an_agent(tmp_path: Path) -> None:
    texts = set()
    for env in ({}, {"A": "1"}, {"A": "2"}, {"PATH": "."}):
        merged = load(tmp_path, repository={"agents": {"a": AGENT | {"env": env}}})
        texts.add(agent_text(merged.config.agents["a"]))
    assert len(texts) == 4
