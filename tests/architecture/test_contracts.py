"""The import contracts in pyproject.toml hold, and each of them notices when it is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
}
BREAKS = {
    "layers": ("trust.py", "from locus import workspace"),
    "adapters": ("agents/shell.py", "from locus.tracker import protocol"),
    "programs-apart": ("workspace.py", "from locus import supervisor"),
    "lsp-types": ("commands/runs.py", "from lsprotocol import types"),
    "acp": ("workspace.py", "import acp"),
    "git": ("workspace.py", "import git"),
    "git-loaded": ("engine/clock.py", "from locus.repo import reading"),
    "git-commands": ("engine/clock.py", "from locus.repo.git import git"),
    "processes": ("repo/facts.py", "import subprocess"),
    "no-second-way": ("workspace.py", "import multiprocessing"),
    "model": ("model/task.py", "import os"),
    "terminal": ("commands/runs.py", "import rich"),
}
"""For each contract a module and a line in it that breaks this contract and no other."""


def lint(folder: Path) -> tuple[int, str]:
    """The linter's exit code and words about the copy of `locus` in `folder`."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONPATH": str(folder), "COLUMNS": "400"}
    command = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def broken_contracts(folder: Path) -> set[str]:
    code, words = lint(folder)
    broken = {name for name in CONTRACTS.values() if f"{name} BROKEN" in words}
    kept = {name for name in CONTRACTS.values() if f"{name} KEPT" in words}
    assert broken | kept == set(CONTRACTS.values()), words
    assert code == (1 if broken else 0)
    return broken


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a copy of the package and of its contracts, free to be broken."""
    shutil.copytree(ROOT / "server/locus", tmp_path / "locus", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_are_kept(package: Path) -> None:
    assert broken_contracts(package) == set()


def test_every_contract_is_tried() -> None:
    assert BREAKS.keys() == CONTRACTS.keys()


@pytest.mark.parametrize("contract", sorted(BREAKS))
def test_a_broken_contract_is_noticed(contract: str, package: Path) -> None:
    module, line = BREAKS[contract]
    path = package / "locus" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{line}\n", encoding="utf-8")
    assert broken_contracts(package) == {CONTRACTS[contract]}


def test_a_module_without_a_place_in_the_layers_is_noticed(package: Path) -> None:
    (package / "locus/stray.py").write_text("", encoding="utf-8")
    code, words = lint(package)
    assert code == 1
    assert "locus.stray" in words
