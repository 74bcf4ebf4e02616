"""`locus lsp` answers `initialize` before anything heavy is loaded: neither git, nor a tracker, nor an agent, nor the engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.raw_lsp import connected, python, scrubbed

WATCH = """
import os, sys
write = os.write
def watched(fd, data):
    if b'"capabilities"' in bytes(data):
        print("LOADED", *sorted(sys.modules), file=sys.stderr, flush=True)
    return write(fd, data)
os.write = watched
{first}
sys.argv = ["locus", "lsp"]
from locus.__main__ import main
sys.exit(main())
"""
"""Starts the server and says what it has imported at the moment when it writes its answer."""

EVERYTHING = """
import importlib, pkgutil, sys
import locus
for module in pkgutil.walk_packages(locus.__path__, "locus."):
    if module.name not in ("locus.__main__", "locus.launcher", "locus.supervisor"):
        importlib.import_module(module.name)
print(*sorted({"git", "locus.engine.runner", "locus.repo.reading"} & sys.modules.keys()))
"""

HEAVY = (
    "git",
    "sqlite3",
    "rich",
    "locus.tracker",
    "locus.agents",
    "locus.repo",
    "locus.engine",
    "locus.anchors",
    "locus.cli",
)


async def loaded_at_the_answer(home: Path, first: str = "") -> set[str]:
    async with connected(python("-c", WATCH.format(first=first)), home) as client:
        await client.result("initialize", {"processId": None, "rootUri": home.as_uri(), "capabilities": {}})
    (line,) = [line for line in client.stderr.splitlines() if line.startswith("LOADED ")]
    return set(line.split()[1:])


def heavy(modules: set[str]) -> set[str]:
    return {module for module in modules if module.startswith(tuple(f"{name}." for name in HEAVY)) or module in HEAVY}


async def test_initialize_is_answered_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    modules = await loaded_at_the_answer(tmp_path)
    assert "locus.lsp.server" in modules
    assert heavy(modules) == set()


def test_no_module_loads_gitpython_when_it_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        python("-c", EVERYTHING),
        cwd=tmp_path,
        env=scrubbed(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["locus.engine.runner", "locus.repo.reading"], "")


AGENTS = """
import sys
from locus.agents import build
from locus.model.config import AgentProfile
for kind in ("shell", "claude", "codex", "acp"):
    build(AgentProfile(kind=kind, argv=("agent",)))
    print(kind, "acp" in sys.modules)
"""


def test_the_protocols_library_is_loaded_for_an_agent_that_speaks_it_alone(tmp_path: Path) -> None:
    said = subprocess.run(python("-c", AGENTS), cwd=tmp_path, env=scrubbed(tmp_path), capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[:3] == ["shell False", "claude False", "codex False"]


@pytest.mark.parametrize("module", ["sqlite3", "locus.tracker.local", "locus.engine.plan"])
async def test_something_heavy_would_be_noticed(module: str, tmp_path: Path) -> None:
    assert module in heavy(await loaded_at_the_answer(tmp_path, f"import {module}"))
