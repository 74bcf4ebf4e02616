"""Checks that a repository clearly uses: found from its files alone, used once they are allowed, and fair to the tasks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from locus.engine import journal, store
from locus.engine.before import Before, worktree_name
from locus.engine.found_checks import look
from locus.model.events import Verified
from locus.model.problems import VerifyProblem
from locus.repo import worktrees
from support.house import House, done, states

UP = "../../.."


def found(root: Path, path: str = "") -> tuple[dict[str, Any], list[str]]:
    seen = look(root, path)
    return {check.command.name: (check.why, check.command.run) for check in seen.checks}, list(seen.unusable)


def program(folder: Path, *names: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\nexit 0\n")
        (folder / name).chmod(0o755)
    return str(folder)


def files(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_a_repository_that_says_nothing_uses_nothing(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "ruff", "mypy", "pytest", "python", "node", "cargo", "go")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "tests").mkdir()
    assert found(tmp_path, path) == ({}, [])


def test_python_tools_are_taken_from_the_checkouts_environment_before_path(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "mypy")
    program(tmp_path / ".venv/bin", "ruff", "pytest", "python")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n[tool.mypy]\nfiles = ['x']\n[tool.pytest.ini_options]\n")
    checks, unusable = found(tmp_path, path)
    assert checks == {
        "ruff": ("pyproject.toml", (f"{UP}/.venv/bin/ruff", "check", "--no-cache", ".")),
        "mypy": ("pyproject.toml", ("mypy", "--cache-dir", "/dev/null")),
        "pytest": ("pyproject.toml", (f"{UP}/.venv/bin/python", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")),
    }
    assert unusable == []


def test_what_cannot_be_run_is_said_with_the_reason(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "mypy", "pytest", "python", "cargo", "node")
    files(
        tmp_path,
        {
            "ruff.toml": "",
            "mypy.ini": "[mypy]\nstrict = True\n",
            "pytest.ini": "[pytest]\n",
            "src/x/__init__.py": "",
            "tsconfig.json": "{}",
            "eslint.config.mjs": "",
            "Cargo.toml": "",
            "go.mod": "",
        },
    )
    checks, unusable = found(tmp_path, path)
    assert checks == {}
    assert unusable == [
        "ruff (ruff.toml): ruff is neither in .venv nor on PATH",
        "mypy (mypy.ini): its settings name no `files`",
        "eslint (eslint.config.mjs): node_modules has no eslint: install the packages",
        "tsc (tsconfig.json): node_modules has no typescript: install the packages",
        "cargo (Cargo.toml): .gitignore does not have its folder target/",
        "go (go.mod): go is not on PATH",
        "pytest (pytest.ini): the tests would import the package that is installed, not the worktree's: set pytest's pythonpath to \"src\"",
    ]


def test_the_other_tools_and_pytest_from_requirements(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "cargo", "go", "node", "pytest", "python")
    files(
        tmp_path,
        {
            "node_modules/typescript/bin/tsc": "",
            "node_modules/eslint/bin/eslint.js": "",
            "tsconfig.json": "{}",
            "package.json": '{"eslintConfig": {}}',
            "Cargo.toml": "",
            "Cargo.lock": "",
            ".gitignore": "*.log\n/target\n",
            "go.mod": "",
            "tests/test_x.py": "",
            "dev-requirements.txt": "pytest-xdist\npytest>=8\n",
        },
    )
    checks, unusable = found(tmp_path, path)
    assert unusable == []
    assert checks == {
        "eslint": ("package.json", ("node", f"{UP}/node_modules/eslint/bin/eslint.js", ".")),
        "tsc": ("tsconfig.json", ("node", f"{UP}/node_modules/typescript/bin/tsc", "--noEmit")),
        "cargo": ("Cargo.toml", ("cargo", "test")),
        "go": ("go.mod", ("go", "test", "./...")),
        "pytest": ("dev-requirements.txt", ("python", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")),
    }


@pytest.mark.parametrize(("ignored", "lock", "usable"), [("", True, True), ("/Cargo.lock\n", False, True), ("", False, False)])
def test_cargo_writes_no_lock_file_that_would_be_committed(tmp_path: Path, ignored: str, lock: bool, usable: bool) -> None:
    path = program(tmp_path / "bin", "cargo")
    files(tmp_path, {"Cargo.toml": "", ".gitignore": f"target/\n{ignored}"} | ({"Cargo.lock": ""} if lock else {}))
    checks, unusable = found(tmp_path, path)
    assert ("cargo" in checks, unusable) == (
        usable,
        [] if usable else ["cargo (Cargo.toml): there is no Cargo.lock, and cargo would write one"],
    )


@pytest.mark.parametrize("text", ["[tool.ruff", "\xff\x00", "tool = 3\n", "[tool]\nruff = 1\npytest = 2\nmypy = 3\n"])
def test_broken_files_are_no_obstacle(tmp_path: Path, text: str) -> None:
    for name in ("pyproject.toml", "setup.cfg", "tox.ini", "package.json"):
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    look(tmp_path, "")


# In runs, with the real ruff, from an environment in the checkout.


@pytest.fixture
def ruffed(house: House) -> House:
    """A repository that uses ruff, and has broken one of its rules already."""
    house.person.commit({"pyproject.toml": "[tool.ruff]\n", "old.py": "import os\n"}, "Use ruff")
    house.person.git("push", "-q", "origin", "HEAD")
    with house.person.changing():
        house.person.write(".venv/.gitignore", "*\n")
        house.person.path.joinpath(".venv/bin").mkdir(parents=True)
        house.person.path.joinpath(".venv/bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    return house


def verified(house: House, run_id: str) -> list[tuple[bool, bool, list[str | None]]]:
    records = journal.read(house.ws.runs / run_id / store.JOURNAL)
    return [(v.ok, v.before, [p.file for p in v.problems]) for record in records if isinstance(v := record.event, Verified)]


async def test_a_found_check_is_used_once_it_is_allowed_and_counts_only_what_the_task_did(ruffed: House) -> None:
    house = ruffed
    number = await house.issue(
        "test -e new.py || echo 'import sys' > new.py", 'grep -q "^## What failed" "$LOCUS_PROMPT_FILE" && rm new.py && date > x; true'
    )
    plan = await house.call("locus.run.plan", tasks=[number])
    assert plan.warnings == (
        "verify is not set; found in this repository, not used before you allow it with `locus trust`: ruff (pyproject.toml)",
        "not allowed to run yet, `locus trust` shows what and allows it: agents.tester in .locus/config.json",
    )
    assert [item.source for item in await house.call("locus.trust.show")] == [
        "agents.tester in .locus/config.json",
        "verify 'ruff' found in this repository",
    ]
    view = await house.run(number)  # which allows all
    assert done(view), view
    assert view.warnings[0].startswith("verify is not set; found in this repository, and used: ruff (`../../../.venv/bin/ruff check")
    assert verified(house, view.id) == [(False, False, ["new.py"]), (True, True, [])]
    assert view.tasks[0].attempt == 2
    pull = (await house.ws.tracker.get(number)).pull_request
    assert pull is not None and "No verification commands" in pull.body, "ruff did not pass: nothing is claimed"
    assert house.worktrees() == [], "the worktree of the comparison is gone too"


async def test_what_is_set_or_not_wanted_counts_instead(ruffed: House) -> None:
    house = ruffed
    several: tuple[dict[str, Any], ...] = ({"verify": []}, {"verifyDetect": False}, {"verify": [{"name": "mine", "run": "true"}]})
    for settings in several:
        house.configure(**settings)
        names = [item.source for item in await house.call("locus.trust.show")]
        assert not any("found" in name for name in names)
        await house.trust()
        assert (await house.call("locus.run.plan", tasks=[await house.issue("date > x.txt")])).warnings == ()


async def test_an_unallowed_one_refuses_nothing(ruffed: House) -> None:
    house = ruffed
    number = await house.issue("echo 'import sys' > new.py")
    items = await house.call("locus.trust.show")
    await house.call("locus.trust.allow", hashes=[item.hash for item in items if item.source.startswith("agents.")])
    run_id = (await house.call("locus.run.start", tasks=[number])).run_id
    view = await house.ended(run_id)
    assert states(view) == ["done"] and verified(house, run_id) == []
    checks = {check.check: check for check in await house.call("locus.doctor")}
    assert checks["verification"].ok and "not used before you allow it" in checks["verification"].detail
    assert json.loads((house.ws.runs / run_id / "request.json").read_text())["config"]["verify"] == []


async def test_a_comparison_that_was_cut_off_is_made_anew(house: House) -> None:
    repo, start, seen = house.ws.repo, house.person.head, list[Path]()
    before = Before("run-1")
    await worktrees.create(repo, repo.worktrees_dir / worktree_name(before.run_id), None, start=start)
    failed = Verified(
        name="lint",
        ok=False,
        code=1,
        problems=(VerifyProblem(file="a.py", line=9, message="old"), VerifyProblem(file="b.py", message="new")),
    )

    async def again(path: Path) -> Verified:
        seen.append(path)
        assert (path / "README.md").is_file()
        return failed.model_copy(update={"problems": (VerifyProblem(file="a.py", line=3, message="old"),)})

    held = [await before.held(repo, house.ws.state / "trash", start, failed, again) for _ in range(2)]
    assert [problem.message for problem in held[0].problems] == ["new"] and held[0] == held[1] and not held[0].ok
    assert len(seen) == 1 and house.worktrees() == []
