"""Which agent a name means, and which one `auto` is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locus.agents import resolve
from locus.errors import NotFound, Refused
from locus.model.config import AgentProfile, Config


def profile(program: str) -> AgentProfile:
    return AgentProfile(kind="shell", argv=(program,))


def config(**agents: AgentProfile) -> Config:
    return Config(agents=agents)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is there of the agents that need no configuration, and whether somebody seems to have logged in."""
    there: dict[str, Any] = {}
    monkeypatch.setattr("locus.agents.choosing.built_in", lambda: {name: profile(name) for name in ("claude", "codex")})

    class Stub:
        def __init__(self, name: str) -> None:
            self.name = name

        def check(self, root: Path) -> None:
            if self.name not in there:
                raise Refused(f"{self.name} was not found on PATH", f"install {self.name}")

        def seems_ready(self) -> bool:
            return there[self.name] is True

    monkeypatch.setattr("locus.agents.choosing.build", lambda profile: Stub(profile.words[0]))
    return there


def test_a_name_is_an_entry_or_one_that_needs_none(tmp_path: Path) -> None:
    assert resolve("mine", config(mine=profile("x")), tmp_path) == "mine"
    assert resolve("codex", Config(), tmp_path) == "codex"
    with pytest.raises(NotFound, match="nobody") as missing:
        resolve("nobody", config(mine=profile("x")), tmp_path)
    assert "claude, codex, mine" in str(missing.value.hint)


def test_an_entry_takes_the_place_of_one_that_needs_none() -> None:
    own = profile("my-claude")
    assert config(claude=own).profiles["claude"] is own
    assert list(Config().profiles) == ["claude", "codex"]


def test_auto_is_the_only_one_that_is_configured(tmp_path: Path, here: dict[str, Any]) -> None:
    here["claude"] = True
    assert resolve("auto", config(mine=profile("missing")), tmp_path) == "mine"


def test_auto_is_the_only_configured_one_that_is_there(tmp_path: Path, here: dict[str, Any]) -> None:
    here |= {"a": True, "claude": True}
    both = config(one=profile("a"), two=profile("b"))
    assert resolve("auto", both, tmp_path) == "one"
    here["b"] = True
    with pytest.raises(Refused, match="several agents") as refused:
        resolve("auto", both, tmp_path)
    assert "one, two" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ({"claude": True}, "claude"),
        ({"codex": False}, "codex"),
        ({"claude": True, "codex": True}, "claude"),
        ({"claude": False, "codex": True}, "codex"),
        ({"claude": False, "codex": False}, "claude"),
    ],
)
def test_auto_without_any_is_what_is_there_and_seems_ready(
    tmp_path: Path, here: dict[str, Any], there: dict[str, bool], chosen: str
) -> None:
    here |= there
    assert resolve("auto", Config(), tmp_path) == chosen


def test_without_anything_it_is_said_what_to_install(tmp_path: Path, here: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="no agent is configured") as refused:
        resolve("auto", Config(), tmp_path)
    assert "install claude" in str(refused.value.hint) and "install codex" in str(refused.value.hint)
