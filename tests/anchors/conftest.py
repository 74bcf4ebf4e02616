"""A real repository to select code in."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from locus.anchors.selection import Selection, describe
from locus.model.task import Position, Range
from locus.repo.discover import discover
from support.raw_lsp import scrubbed


@dataclass
class Checkout:
    root: Path
    home: Path
    app: str = ""
    """The text of app.py, where there is one."""

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.root, env=scrubbed(self.home), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(self, path: str, content: str | bytes) -> Path:
        file = self.write(path, content)
        self.git("add", "--", path)
        self.git("commit", "-qm", f"add {path}")
        return file

    async def describe(self, file: Path | str, *numbers: int, text: str | None = None) -> Selection:
        """`numbers`: first line, first character, last line, last character."""
        a, b, c, d = numbers
        selected = Range(start=Position(line=a, character=b), end=Position(line=c, character=d))
        uri = file if isinstance(file, str) else file.as_uri()
        return await describe(discover(self.root), uri, selected, text)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    home = tmp_path / "home"
    home.mkdir()
    for name, value in scrubbed(home).items():
        monkeypatch.setenv(name, value)
    made = Checkout(tmp_path / "repo", home)
    made.root.mkdir()
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture
def pushed(checkout: Checkout, tmp_path: Path) -> Checkout:
    """With a commit of app.py that the remote has, whose address reads as GitHub's."""
    checkout.app = APP
    checkout.commit("app.py", APP)
    checkout.git("remote", "add", "origin", "git@github.com:acme/shop.git")
    checkout.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return checkout


APP = """\
import os


class Cart:
    def total(self, items):
        price = 0
        for item in items:
            price += item
        return price
"""
