"""Servers with an editor before them: one for a module where tests only look, one for a test where they run something."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.house import House, house, new_house
from support.lsp_client import NEOVIM, VSCODE, Editor, capabilities_of, editor
from support.raw_lsp import scrubbed

OpenEditor = Callable[..., AbstractAsyncContextManager[Editor]]

__all__ = ["house", "new_house"]


class Checkout:
    """A repository that a whole module shares; its tests use files of their own."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home
        root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.commit("README.md", "# Shop\n")

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.root, env=scrubbed(self.home), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, name: str, text: str | bytes) -> Path:
        file = self.write(name, text)
        self.git("add", "--", name)
        self.git("commit", "-qm", f"Add {name}")
        return file

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def new_checkout(tmp_path_factory: pytest.TempPathFactory, module_home: Path) -> Callable[[str], Checkout]:
    folder = tmp_path_factory.mktemp("repositories").resolve()
    return lambda name: Checkout(folder / name, module_home)


@pytest.fixture(params=[VSCODE, NEOVIM], ids=["vscode", "neovim"], scope="module")
def client_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def open_editor(house: House) -> OpenEditor:
    """An editor on the house's repository: `async with open_editor() as editor`."""

    @asynccontextmanager
    async def opened(client: str = VSCODE, *, locus: bool = True, options: Any = None) -> AsyncIterator[Editor]:
        async with editor(house.person.path, capabilities_of(client, locus=locus), env=house.person.env) as made:
            await made.open(house.person.path, options=options)
            yield made

    return opened
