from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus import settings
from locus.errors import LocusError, Refused
from locus.model.config import Config
from locus.model.config_layers import Merged, Problem
from support.properties import modest
from support.unprivileged import open_folder, run_as_somebody

SHELL = {"kind": "shell", "argv": ["true"]}


class Place:
    """A `.locus` folder and a user's file, read without this machine's own settings."""

    def __init__(self, folder: Path) -> None:
        self.locus_dir = folder / "repo" / ".locus"
        self.locus_dir.mkdir(parents=True)
        self.user = folder / "user" / "config.json"
        self.user.parent.mkdir()

    def write(self, name: str, content: Any) -> Path:
        file = self.user if name == "user" else self.locus_dir / {"repository": "config.json", "local": "config.local.json"}[name]
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return file

    def load(self, **more: Any) -> Merged:
        return settings.load(self.locus_dir, user_file=self.user, **more)

    def problem(self) -> Problem:
        [problem] = self.load().problems
        return problem


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_no_file_no_problem(place: Place) -> None:
    merged = place.load()
    assert (merged.config, merged.problems, merged.origins) == (Config(), (), {})
    settings.require_valid(merged)


def test_no_folder_no_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert settings.load(tmp_path / "none" / ".locus", user_file=None).problems == ()
    assert settings.load(tmp_path / "file" / ".locus", user_file=tmp_path / "file" / "config.json").problems == ()


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 1, "the file is empty"),
        (b'{\n  "agent": {\n    "maxParallel": 3\n', 4, "ends too early"),
        (b'{\n  "agent": {"maxParallel": 3,}\n}', 2, "no comma before the closing bracket"),
        (b'{\n  // three\n  "agent": {}\n}', 2, "comments are not allowed"),
        (b'{"agent": {"timeout": NaN}}', 1, "NaN"),
        (b"[1, 2]", None, "expected an object of settings, {...}, found a list"),
        (b'"x"', None, "found a string"),
        (b"null", None, "found null"),
        (b"3", None, "found a number"),
        (b"true", None, "found a truth value"),
        ('{"sprint": {"active": "Über"}}'.encode("latin-1"), None, "not UTF-8 (byte 24)"),
        (b"\xff\xfe{\x00}\x00", None, "not UTF-8"),
    ],
)
@pytest.mark.parametrize("source", ["user", "repository", "local"])
def test_a_broken_file_is_a_fatal_problem(place: Place, source: str, content: bytes, line: int | None, words: str) -> None:
    file = place.write(source, content)
    problem = place.problem()
    assert problem.fatal and problem.source == source and problem.file == str(file)
    assert problem.line == line
    assert words in str(problem) and str(file) in str(problem)
    assert place.load().config == Config()


def test_a_broken_file_leaves_the_others_in_force(place: Place) -> None:
    place.write("user", {"agent": {"maxParallel": 5}})
    place.write("repository", b"{")
    assert place.load().config.agent.max_parallel == 5


def test_a_byte_order_mark_is_no_problem(place: Place) -> None:
    place.write("repository", b'\xef\xbb\xbf{"agent": {"maxParallel": 4}}')
    merged = place.load()
    assert (merged.problems, merged.config.agent.max_parallel) == ((), 4)


def test_a_folder_in_place_of_the_file(place: Place) -> None:
    (place.locus_dir / "config.json").mkdir()
    problem = place.problem()
    assert problem.fatal and "cannot be read" in problem.message


def test_a_file_that_may_not_be_read() -> None:
    with open_folder() as folder:
        (folder / "config.json").write_text("{}")
        (folder / "config.json").chmod(0)
        before = "from pathlib import Path\nfrom locus import settings\nsettings.load(Path(), user_file=None)"
        body = "print([str(p) for p in settings.load(Path(sys.argv[1]), user_file=None).problems if p.fatal])"
        said = run_as_somebody(before, body, str(folder))
    assert "config.json: cannot be read: Permission denied" in said


def test_wrong_values_are_reported_with_their_lines(place: Place) -> None:
    text = '{\n  "agent": {\n    "maxParallel": 0,\n    "autoPR": "no",\n    "colour": 1\n  },\n  "tracker": "jira"\n}\n'
    file = place.write("repository", text.encode())
    merged = place.load()
    assert [(problem.key, problem.line, problem.fatal) for problem in merged.problems] == [
        ("agent.maxParallel", 3, True),
        ("agent.autoPR", 4, True),
        ("agent.colour", 5, False),
        ("tracker", 7, True),
    ]
    with pytest.raises(Refused) as refused:
        settings.require_valid(merged)
    assert f"{file}:3: agent.maxParallel: 0 is not a whole number, at least 1" in refused.value.message
    assert f"{file}:7: tracker" in refused.value.message and "colour" not in refused.value.message
    assert refused.value.hint


def test_a_key_given_twice_is_reported_and_the_last_counts(place: Place) -> None:
    place.write("repository", b'{"agent": {"maxParallel": 2,\n"maxParallel": 4}}')
    problem = place.problem()
    assert (problem.key, problem.line, problem.fatal) == ("agent.maxParallel", 2, False)
    assert place.load().config.agent.max_parallel == 4


def test_precedence(place: Place) -> None:
    def value(number: int) -> dict[str, Any]:
        return {"agent": {"maxParallel": number}}

    seen = [place.load().config.agent.max_parallel]
    for number, source in enumerate(["user", "repository", "local"], start=11):
        place.write(source, value(number))
        seen.append(place.load().config.agent.max_parallel)
    seen.append(place.load(editor=value(14)).config.agent.max_parallel)
    merged = place.load(editor=value(14), arguments=value(15))
    seen.append(merged.config.agent.max_parallel)
    assert seen == [3, 11, 12, 13, 14, 15]
    assert merged.origins["agent.maxParallel"] == "argument"


def test_what_an_editor_does_not_set_does_not_count(place: Place) -> None:
    place.write("repository", {"agent": {"maxParallel": 4, "baseBranch": "develop"}})
    merged = place.load(editor={"agent": {"maxParallel": None, "baseBranch": None}, "tracker": None})
    assert merged.problems == ()
    assert (merged.config.agent.max_parallel, merged.config.agent.base_branch) == (4, "develop")


class TestNotTrusted:
    def test_programs_come_from_the_users_own_file_alone(self, place: Place) -> None:
        mine = SHELL | {"argv": ["mine"]}
        place.write("user", {"agents": {"mine": mine}, "verify": [{"name": "v", "run": "mine"}]})
        place.write("repository", {"agents": {"mine": SHELL, "theirs": SHELL}, "agent": {"maxParallel": 7}})
        place.write("local", {"verify": [{"name": "v", "run": "theirs"}]})
        merged = place.load(trusted=False, editor={"agents": {"editors": SHELL}, "verify.x": 1})
        assert set(merged.config.agents) == {"mine"}
        assert merged.config.agents["mine"].argv == ("mine",)
        assert [check.run for check in merged.config.verify] == ["mine"]
        assert merged.config.agent.max_parallel == 7

    def test_what_is_ignored_is_said_at_its_place(self, place: Place) -> None:
        place.write("repository", b'{\n"agents": {"a": {"kind": "shell", "argv": ["x"]}}}')
        assert place.load().problems == ()
        [problem] = place.load(trusted=False).problems
        assert (problem.key, problem.line, problem.fatal) == ("agents", 2, False)
        assert "not trusted" in problem.message

    def test_trusted_again_all_count(self, place: Place) -> None:
        place.write("repository", {"agents": {"theirs": SHELL}})
        assert set(place.load(trusted=True).config.agents) == {"theirs"}


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "linux", "/x/locus/config.json"),
        ({"XDG_CONFIG_HOME": "x", "HOME": "/h"}, "linux", "/h/.config/locus/config.json"),
        ({"HOME": "/h"}, "linux", "/h/.config/locus/config.json"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Application Support/locus/config.json"),
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "darwin", "/x/locus/config.json"),
        ({"APPDATA": "/u/AppData/Roaming", "USERPROFILE": "/u"}, "win32", "/u/AppData/Roaming/locus/config.json"),
        ({"USERPROFILE": "/u"}, "win32", "/u/AppData/Roaming/locus/config.json"),
        ({}, "linux", None),
    ],
)
def test_where_the_users_file_is(environment: dict[str, str], platform: str, expected: str | None) -> None:
    assert settings.default_user_file(environment, platform) == (Path(expected) if expected else None)


def test_the_users_file_is_read_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "locus").mkdir()
    (tmp_path / "locus" / "config.json").write_text('{"agent": {"maxParallel": 8}}')
    assert settings.load(tmp_path).config.agent.max_parallel == 8
    assert settings.load(tmp_path, user_file=None).config.agent.max_parallel == 3


def test_set_up_creates_what_is_missing_and_keeps_the_rest(place: Place) -> None:
    kept = place.write("repository", b"{ mine }")
    assert settings.write_default(place.locus_dir) == [".locus/LOCUS.md"]
    assert kept.read_bytes() == b"{ mine }"
    kept.unlink()
    assert settings.write_default(place.locus_dir) == [".locus/config.json"]
    assert settings.write_default(place.locus_dir) == []
    place.write("user", {"agent": {"maxParallel": 6}})
    merged = place.load()
    assert (merged.problems, merged.config.agent.max_parallel) == ((), 6)


def test_set_up_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".locus").write_text("a file")
    with pytest.raises(LocusError) as failed:
        settings.write_default(tmp_path / ".locus")
    assert failed.value.hint


@modest
@given(content=st.binary(max_size=40) | st.text(st.sampled_from(list('{}[],:" \nagent1')), max_size=40).map(str.encode))
def test_no_file_is_too_odd(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "config.json").write_bytes(content)
    for problem in settings.load(folder, user_file=None).problems:
        assert problem.file
