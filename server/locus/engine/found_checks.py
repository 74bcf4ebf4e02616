"""Which checks a repository clearly uses, told from its own files, and how they can be run in a worktree of it.

Worktrees stand three folders below the main checkout and have nothing that git ignores: what is installed in the checkout's `.venv` or
`node_modules` is reached from there, what is on PATH by its name. Nothing is executed to find out.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locus.model.config import ParserName, VerifyCommand

UP = "../../.."
"""From a worktree to the main checkout."""

_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class FoundCheck:
    command: VerifyCommand
    why: str
    """The file that says so."""


@dataclass(frozen=True)
class Found:
    checks: tuple[FoundCheck, ...] = ()
    unusable: tuple[str, ...] = ()
    """What is used here and cannot be run in a worktree, each with the reason."""


class _Unusable(Exception):
    """Says why."""


class _Looked:
    """A checkout, as far as its configuration files say what it uses."""

    def __init__(self, root: Path, path: str) -> None:
        self.root = root
        self._path = path
        self.pyproject: Mapping[str, Any] = self._toml("pyproject.toml")
        self.tools: Mapping[str, Any] = _table(self.pyproject.get("tool"))

    def has(self, *names: str) -> str | None:
        """The first of these files that is there."""
        return next((name for name in names if (self.root / name).is_file()), None)

    def text(self, name: str) -> str:
        try:
            with (self.root / name).open("rb") as file:
                return file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def ini(self, name: str, section: str) -> Mapping[str, str] | None:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(self.text(name))
        except configparser.Error:
            return None
        return dict(parser[section]) if parser.has_section(section) else None

    def python_tool(self, name: str) -> str:
        """The program, from the checkout's own environment or PATH."""
        for folder in (".venv", "venv"):
            for program in (f"{folder}/bin/{name}", f"{folder}/Scripts/{name}.exe"):
                if os.access(self.root / program, os.X_OK):
                    return f"{UP}/{program}"
        return self.program(name)

    def program(self, name: str) -> str:
        if shutil.which(name, path=self._path) is None:
            raise _Unusable(f"{name} is neither in .venv nor on PATH" if name in ("ruff", "mypy", "pytest") else f"{name} is not on PATH")
        return name

    def node_tool(self, script: str) -> tuple[str, str]:
        """Node finds the packages of the main checkout from a worktree, since it stands below."""
        if not (self.root / "node_modules" / script).is_file():
            raise _Unusable(f"node_modules has no {script.partition('/')[0]}: install the packages")
        return self.program("node"), f"{UP}/node_modules/{script}"

    def _toml(self, name: str) -> Mapping[str, Any]:
        try:
            return tomllib.loads(self.text(name))
        except tomllib.TOMLDecodeError:
            return {}


def look(root: Path, path: str) -> Found:
    """`root`: the main checkout; `path`: the PATH that checks will have."""
    seen = _Looked(root, path)
    checks: list[FoundCheck] = []
    unusable: list[str] = []
    for name, finder in _FINDERS:
        for why, command in finder(seen):
            try:
                words = command()
            except _Unusable as error:
                unusable.append(f"{name} ({why}): {error}")
            else:
                checks.append(FoundCheck(VerifyCommand(name=name, run=words, parser=name), why))
    return Found(tuple(checks), tuple(unusable))


_Finder = Callable[[_Looked], Iterator[tuple[str, Callable[[], tuple[str, ...]]]]]
"""Where the tool is used: the file that says so, and the command, which may be unusable."""


def _ruff(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    why = seen.has("ruff.toml", ".ruff.toml") or ("pyproject.toml" if "ruff" in seen.tools else None)
    if why is not None:
        yield why, lambda: (seen.python_tool("ruff"), "check", "--no-cache", ".")


def _mypy(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    settings: Mapping[str, Any] | None = _table(seen.tools["mypy"]) if "mypy" in seen.tools else None
    why = "pyproject.toml" if settings is not None else ""
    for name in ("setup.cfg", ".mypy.ini", "mypy.ini"):
        if (found := seen.ini(name, "mypy")) is not None:
            settings, why = found, name

    def command() -> tuple[str, ...]:
        if not any(key in (settings or {}) for key in ("files", "packages", "modules")):
            raise _Unusable("its settings name no `files`")
        return seen.python_tool("mypy"), "--cache-dir", os.devnull

    if settings is not None:
        yield why, command


def _pytest(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    settings: Mapping[str, Any] | None = None
    why = ""
    if "pytest" in seen.tools:
        table = _table(seen.tools["pytest"])
        settings, why = _table(table.get("ini_options", table)), "pyproject.toml"
    for name, section in (("setup.cfg", "tool:pytest"), ("tox.ini", "pytest"), (".pytest.ini", "pytest"), ("pytest.ini", "pytest")):
        if (found := seen.ini(name, section)) is not None:
            settings, why = found, name
    if settings is None and (seen.root / "tests").is_dir():
        why = next((name for name in _requirements(seen) if re.search(r"(?m)^[\s\"']*pytest\b", seen.text(name))), "")
        settings = {} if why else None

    def command() -> tuple[str, ...]:
        packages = any((folder / "__init__.py").is_file() for folder in _folders(seen.root / "src"))
        if packages and not (settings or {}).get("pythonpath"):
            raise _Unusable("the tests would import the package that is installed, not the worktree's: set pytest's pythonpath to \"src\"")
        pytest = seen.python_tool("pytest")
        python = pytest.replace("pytest", "python") if pytest != "pytest" else seen.program("python")
        return python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"

    if settings is not None:
        yield why, command


def _tsc(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    if seen.has("tsconfig.json"):
        yield "tsconfig.json", lambda: (*seen.node_tool("typescript/bin/tsc"), "--noEmit")


def _eslint(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    names = [f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts")] + [
        f".eslintrc.{end}" for end in ("js", "cjs", "json", "yml")
    ]
    why = seen.has(*names) or ("package.json" if "eslintConfig" in _json(seen.text("package.json")) else None)
    if why is not None:
        yield why, lambda: (*seen.node_tool("eslint/bin/eslint.js"), ".")


def _cargo(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    def command() -> tuple[str, ...]:
        if not re.search(r"(?m)^(?:\*\*)?/?target/?\s*$", seen.text(".gitignore")):
            raise _Unusable(".gitignore does not have its folder target/")
        if not seen.has("Cargo.lock") and not re.search(r"(?m)^(?:\*\*)?/?Cargo\.lock\s*$", seen.text(".gitignore")):
            raise _Unusable("there is no Cargo.lock, and cargo would write one")
        return seen.program("cargo"), "test"

    if seen.has("Cargo.toml"):
        yield "Cargo.toml", command


def _go(seen: _Looked) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    if seen.has("go.mod"):
        yield "go.mod", lambda: (seen.program("go"), "test", "./...")


_FINDERS: tuple[tuple[ParserName, _Finder], ...] = (
    ("ruff", _ruff),
    ("mypy", _mypy),
    ("eslint", _eslint),
    ("tsc", _tsc),
    ("cargo", _cargo),
    ("go", _go),
    ("pytest", _pytest),
)
"""The quick ones first."""


def _requirements(seen: _Looked) -> list[str]:
    names = ["pyproject.toml", "setup.cfg", "tox.ini", "Pipfile"]
    return names + sorted(path.name for path in seen.root.glob("*requirements*.txt"))


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(text: str) -> Mapping[str, Any]:
    try:
        return _table(json.loads(text))
    except ValueError:
        return {}
