"""The throw-away repository: this code base as it stands, a bare remote beside it, and the person's unfinished work in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
UNFINISHED = "README.md"
CODE = ("server", "pyproject.toml", "LICENSE", ".gitignore")


class GitFailed(Exception):
    """Git's own words."""


@dataclass(frozen=True)
class Playground:
    """`project` is the person's checkout, `remote` what it pushes to."""

    project: Path
    remote: Path

    def git(self, *arguments: str) -> str:
        return git(self.project, *arguments)


def make(folder: Path, agent: Callable[[Path], dict[str, Any]]) -> Playground:
    """In `folder`, which must not exist yet. `agent` says, by the project's place, what its configuration has about agents. Git's own
    configuration of the machine plays no part."""
    place = Playground(folder / "project", folder / "remote.git")
    place.project.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(place.remote))
    place.git("init", "--quiet", "--initial-branch=main")
    for key, value in {"user.name": "Demo Person", "user.email": "demo@example.invalid", "commit.gpgSign": "false"}.items():
        place.git("config", key, value)
    for path in _tracked():
        target = place.project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target, follow_symlinks=False)
    place.git("add", "--", *CODE)
    place.git("commit", "--quiet", "--message", "The server")
    _configure(place.project, agent(place.project))
    place.git("add", "--all")
    place.git("commit", "--quiet", "--message", "Tests, documentation, the extension, and an agent for Locus")
    place.git("remote", "add", "origin", str(place.remote))
    place.git("push", "--quiet", "--set-upstream", "origin", "main")
    place.git("remote", "set-head", "origin", "main")
    _leave_work_unfinished(place)
    return place


def _tracked() -> list[str]:
    """What git has of this code base, as it stands here. The person's own settings count: they may have to say that it is safe."""
    listed = _run(ROOT, {**os.environ}, "ls-files", "-z", "--cached", "--deduplicate").split("\0")
    return [path for path in listed if path and (ROOT / path).is_file()]


def _configure(project: Path, agent: dict[str, Any]) -> None:
    """One agent, and one command that must pass after each task."""
    config = {
        **agent,
        "verify": [
            {"name": "lint", "run": [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select=E9,F63,F7,F82", "server"]}
        ],
    }
    path = project / ".locus/config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _leave_work_unfinished(place: Playground) -> None:
    """Something stashed, something staged, something changed and something new: what must be there untouched afterwards."""
    readme = place.project / UNFINISHED
    text = readme.read_text(encoding="utf-8")
    readme.write_text(text + "\nStashed by the person.\n", encoding="utf-8")
    place.git("stash", "push", "--quiet", "--message", "an idea for later")
    readme.write_text(text + "\nStaged by the person.\n", encoding="utf-8")
    place.git("add", UNFINISHED)
    readme.write_text(text + "\nStaged by the person, then changed again.\n", encoding="utf-8")
    (place.project / "notes.txt").write_text("Not tracked.\n", encoding="utf-8")


def possessions(place: Playground) -> dict[str, str]:
    """All that is the person's, by name: equal before and after means untouched."""
    digest = hashlib.sha256()
    for path in sorted(place.project.rglob("*")):
        inside = path.relative_to(place.project)
        if inside.parts[0] not in (".git", ".locus") and path.is_file():
            digest.update(f"{inside}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    branches = place.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads").splitlines()
    return {
        "HEAD": place.git("symbolic-ref", "HEAD") + " " + place.git("rev-parse", "HEAD"),
        "the index": place.git("ls-files", "--stage"),
        "status": place.git("status", "--porcelain"),
        "every file": digest.hexdigest(),
        "the stash": place.git("stash", "list", "--format=%H %gs"),
        "branches outside locus/": "\n".join(line for line in branches if not line.startswith("refs/heads/locus/")),
    }


def environment() -> dict[str, str]:
    """The person's own, but with no configuration of git besides the repository's, so that the demonstration is the same everywhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_OPTIONAL_LOCKS": "0"}


def git(cwd: Path, *arguments: str) -> str:
    return _run(cwd, environment(), *arguments)


def _run(cwd: Path, env: dict[str, str], *arguments: str) -> str:
    argv = ("git", *arguments)
    done = subprocess.run(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GitFailed(f"git {arguments[0]} in {cwd}: {done.stderr.strip()}")
    return done.stdout.rstrip("\n")
