"""The parts of a real VS Code: found, started once for all tests here, ended."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from editors.codeserver import CodeServer, Program, environment, serving
from editors.install import CACHE, ENTRY, NODE, installed
from editors.project import Project, make_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from editors.workbench import Workbench

    OpenWindow = Callable[[CodeServer, Path], AbstractContextManager[Workbench]]

PICTURES = Path(os.environ.get("LOCUS_TEST_PICTURES", CACHE / "pictures"))
EXTENSION = Path(__file__).parents[2] / "vscode-extension"


def missing(what: str, remedy: str) -> NoReturn:
    """Skips the test and says why; in CI a skipped test has failed (see support/no_skips.py)."""
    pytest.skip(f"{what} is missing: {remedy}")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing("Chromium", "install it (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="session")
def program() -> Program:
    if not installed():
        missing("code-server", "run python tests/editors/install.py")
    packages = sorted((EXTENSION / "dist").glob("locus-*.vsix"))
    if not packages:
        missing("the packaged extension", "run make vsix")
    locus = Path(sys.executable).with_name("locus")
    if not locus.is_file():
        missing("the program locus", "pip install -e . for the Python that runs these tests")
    return Program(node=NODE, entry=ENTRY, extension=packages[-1], locus=locus)


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright", "pip install -r tests/editors/requirements.txt")
    quiet = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    env: dict[str, str | float | bool] = {**environment(tmp_path_factory.mktemp("browser"))}
    with sync_playwright() as playwright:
        # No sandbox: it needs rights that a container's root does not have, and nothing but the loopback server is visited.
        browser = playwright.chromium.launch(
            executable_path=chromium, headless=True, env=env, args=["--no-sandbox", "--no-first-run", *quiet]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def code_server(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """VS Code in which every folder is trusted."""
    with serving(program, tmp_path_factory.mktemp("trusting")) as server:
        yield server


@pytest.fixture
def cautious_code_server(program: Program, tmp_path: Path) -> Iterator[CodeServer]:
    """VS Code in which no folder is trusted."""
    with serving(program, tmp_path / "cautious", workspace_trust=True) as server:
        yield server


@pytest.fixture
def project(program: Program, tmp_path: Path) -> Iterator[Project]:
    git = shutil.which("git")
    assert git is not None, "git is not on PATH"
    env = environment(tmp_path / "home", program.locus, Path(git))
    project = make_project(tmp_path, program.locus, env)
    yield project
    project.let_go()


@pytest.fixture
def open_window(browser: Browser, request: pytest.FixtureRequest) -> OpenWindow:
    from editors.workbench import window

    def open_it(server: CodeServer, folder: Path) -> AbstractContextManager[Workbench]:
        return window(browser, server.address, folder, PICTURES, request.node.name)

    return open_it
