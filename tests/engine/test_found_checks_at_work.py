"""Found checks in whole runs: allowed, run, their output understood, told to the same session, passed in the end.

pytest, ruff and mypy are the real ones, from an environment in the checkout.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from locus.engine import journal, store
from locus.model.events import Verified
from locus.model.run import RunView
from support.house import House, done
from support.scripted import Play, Turn

GOOD = 'def page(number: int) -> str:\n    return f"page {number}"\n'
BAD = "import os\n\n\ndef page(number: int) -> str:\n    return number\n"
PROJECT = {
    "pyproject.toml": "[tool.ruff]\n[tool.mypy]\nfiles = ['pages.py']\n[tool.pytest.ini_options]\npythonpath = ['.']\n",
    "pages.py": GOOD,
    "tests/test_pages.py": "from pages import page\n\n\ndef test_second() -> None:\n    assert page(2) == 'page 2'\n",
}
WRONG = [
    "pages.py:1:8: error: `os` imported but unused [F401]",
    'pages.py:5: error: Incompatible return value type (got "int", expected "str") [return-value]',
    "tests/test_pages.py:5: error: test_second: AssertionError: assert 2 == 'page 2' + where 2 = page(2) [AssertionError]",
]


def verified(house: House, view: RunView) -> list[Verified]:
    records = journal.read(house.ws.runs / view.id / store.JOURNAL)
    return [record.event for record in records if isinstance(record.event, Verified)]


def outcomes(results: list[Verified]) -> list[tuple[str, bool]]:
    return [(result.name, result.ok) for result in results]


@pytest.fixture
def python(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A repository that uses all three, with an environment of its own: that of the tests under another name."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    house.person.commit(PROJECT, "Pages")
    house.person.git("push", "-q", "origin", "HEAD")
    with house.person.changing():
        house.person.write(".venv/.gitignore", "*\n")
        for name in ("bin", "lib", "pyvenv.cfg"):
            house.person.path.joinpath(".venv", name).symlink_to(Path(sys.prefix, name))
    return house


async def test_the_real_pytest_ruff_and_mypy_send_their_problems_back_to_the_session_until_they_pass(python: House, play: Play) -> None:
    house = python

    async def script(turn: Turn) -> None:
        turn.write("pages.py", BAD if turn.assignment.session is None else GOOD.replace("page {", "page {0 + "))

    agent = play(script)
    view = await house.run(await house.issue("x"))
    assert done(view), view
    used = " ".join(view.warnings)
    for words in ("ruff check --no-cache .", "mypy --cache-dir /dev/null", "python -B -m pytest -q -p no:cacheprovider"):
        assert f"`../../../.venv/bin/{words}`" in used
    first, second = agent.turns
    assert second.assignment.session == first.session_id and view.tasks[0].attempt == 2
    told = second.prompt.splitlines()
    assert [line for line in told if line in WRONG] == WRONG, second.prompt
    results = verified(house, view)
    names = ("ruff", "mypy", "pytest")
    assert outcomes(results) == [(name, ok) for ok in (False, True) for name in names]
    assert [" ".join(str(problem).split()) for result in results for problem in result.problems] == WRONG
    assert not any(result.before for result in results)
    pull = (await house.ws.tracker.get(view.tasks[0].number)).pull_request
    assert pull is not None and all(name in pull.body for name in names)
    assert house.worktrees() == []


OUTPUTS = Path(__file__).parent / "outputs"
PLAYER = '#!/bin/sh\ntest -e "$PWD/broken" || exit 0\nsed "s#/home/ann/demo#$PWD#g" "{output}"\nexit {code}\n'


@pytest.mark.parametrize(
    ("tool", "program", "files", "output", "problems"),
    [
        (
            "cargo",
            "cargo test",
            {"Cargo.toml": "[package]\n", "Cargo.lock": "", ".gitignore": "/target/\n", "src/main.rs": "", "src/sums.rs": ""},
            "cargo-test",
            ["src/sums.rs:17:11: error: sums::tests::unwraps: called `Option::unwrap()` on a `None` value [panic]"],
        ),
        (
            "tsc",
            "node ../../../node_modules/typescript/bin/tsc --noEmit",
            {"tsconfig.json": "{}", "src/a.ts": ""},
            "tsc",
            ["src/a.ts:2:7: error: Type 'string' is not assignable to type 'number'. [TS2322]"],
        ),
        (
            "eslint",
            "node ../../../node_modules/eslint/bin/eslint.js .",
            {"eslint.config.mjs": "", "src/c.js": ""},
            "eslint",
            ["src/c.js:2:5: error: 'y' is not defined [no-undef]", "src/d.js:1:6: error: Parsing error: Variable declaration expected"],
        ),
        (
            "go",
            "go test ./...",
            {"go.mod": "module example.com/demo\n", "third.go": "", "sums/add_test.go": ""},
            "go-test",
            [
                "third.go:5: error: TestCrash: runtime error: index out of range [3] with length 2 [recovered, repanicked] [panic]",
                "sums/add_test.go:7: error: TestAdd: Add(1, 2) = 4, want 3",
            ],
        ),
    ],
)
async def test_what_the_others_have_printed_does_so_too(
    house: House,
    play: Play,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: str,
    program: str,
    files: dict[str, str],
    output: str,
    problems: list[str],
) -> None:
    """cargo, node and go are not needed: a program of that name prints what the real one was recorded with."""
    player = tmp_path / "bin" / program.split()[0]
    player.parent.mkdir()
    player.write_text(PLAYER.format(output=OUTPUTS / f"{output}.txt", code=101 if tool == "cargo" else 1))
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:{os.environ['PATH']}")
    house.person.commit(files, "A project")
    house.person.git("push", "-q", "origin", "HEAD")
    with house.person.changing():
        house.person.write("node_modules/.gitignore", "*\n")
        for name in ("typescript/bin/tsc", "eslint/bin/eslint.js"):
            house.person.write(f"node_modules/{name}", "")

    async def script(turn: Turn) -> None:
        turn.write("src/d.js")
        broken = turn.assignment.worktree / "broken"
        if turn.assignment.session is None:
            broken.touch()
        else:
            broken.unlink()

    agent = play(script)
    view = await house.run(await house.issue("x"))
    assert done(view), view
    assert any(f"found in this repository, and used: {tool} (`{program}`)" in warning for warning in view.warnings)
    first, second = agent.turns
    assert second.assignment.session == first.session_id
    assert [line for line in second.prompt.splitlines() if line in problems] == problems
    results = verified(house, view)
    assert outcomes(results) == [(tool, False), (tool, True)] and not results[1].before
    assert {str(problem) for problem in results[0].problems} >= set(problems)
