"""The VS Code extension's manifest, code and page name the same commands, and it sends only what the server knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

from locus.commands import COMMANDS

EXTENSION = Path(__file__).parents[2] / "vscode-extension"


def source(name: str) -> str:
    return (EXTENSION / "src" / name).read_text()


def test_what_the_palette_shows_is_registered_and_told() -> None:
    declared = json.loads((EXTENSION / "package.json").read_text())["contributes"]["commands"]
    registered = re.findall(r'^    "(locus\.\w+)": \(\) =>', source("extension.ts"), re.MULTILINE)
    assert [command["command"] for command in declared] == registered and len(registered) >= 8
    page = (EXTENSION / "README.md").read_text()
    assert [f"Locus: {command['title']}" for command in declared] == re.findall(r"^\| \*\*(Locus: [\w ]+)\*\*", page, re.MULTILINE)


def test_what_it_sends_the_server_knows() -> None:
    sent = set(re.findall(r'^  "(locus\.\w+\.\w+)": \{', source("protocol.ts"), re.MULTILINE))
    assert "locus.tracker.push" in sent and sent <= COMMANDS.keys()
