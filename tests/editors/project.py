"""A throw-away repository with a bare remote and an agent that waits for the test's word."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = '''"""Pages of a list."""


def page(items: list[str], number: int, size: int = 10) -> list[str]:
    start = number * size
    return items[start : start + size]


def pages(items: list[str], size: int = 10) -> int:
    return len(items) // size
'''

# It says what it does, edits one file per task, and goes on when `<gate>/go-<number>` appears, or `<gate>/go`. So does a deadline.
AGENT = """
import pathlib, sys, time

number, gate = sys.argv[1], pathlib.Path(sys.argv[2])
print(f"reading issue {number}", flush=True)
source = pathlib.Path("pages.py")
source.write_text(source.read_text() + f"\\n\\ndef step_{number}() -> int:\\n    return {number}\\n")
print("editing pages.py", flush=True)
with (gate / "started").open("a") as started:
    started.write(f"{number}\\n")
deadline = time.monotonic() + 90
while not (gate / f"go-{number}").exists() and not (gate / "go").exists():
    if time.monotonic() > deadline:
        sys.exit("nobody let this agent go on")
    time.sleep(0.02)
print("done", flush=True)
"""


ASKING = Path(__file__).parents[1] / "support/acp_agent.py"
"""It carries out the steps that its issue lists, and asks before it does."""


@dataclass(frozen=True)
class Project:
    root: Path
    remote: Path
    gate: Path
    locus_program: Path
    env: dict[str, str]

    def git(self, *arguments: str) -> str:
        return self._run(["git", *arguments])

    def locus(self, *arguments: str) -> Any:
        """Runs the command-line program; its `--json` answer."""
        answer = self._run([str(self.locus_program), *arguments, "--json"])
        return json.loads(answer) if answer.strip() else None

    def let_go(self, number: int | None = None) -> None:
        """Lets the agent of one task finish, or all agents."""
        (self.gate / ("go" if number is None else f"go-{number}")).touch()

    def started(self) -> list[int]:
        """The tasks whose agents have made their edit, in that order; one that was started twice is there twice."""
        return [int(line) for line in (self.gate / "started").read_text().splitlines()]

    def wait_until_started(self, number: int, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while number not in self.started():
            assert time.monotonic() < deadline, f"the agent of #{number} did not start within {seconds} s"
            time.sleep(0.02)

    def checkout(self) -> dict[str, str]:
        """What no run may touch: HEAD, the index and the files, the stash, and the branches that are the person's."""
        branches = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads").splitlines()
        return {
            "head": self.git("symbolic-ref", "HEAD"),
            "status": self.git("status", "--porcelain"),
            "index": self.git("ls-files", "--stage"),
            "stash": self.git("stash", "list"),
            "branches": "\n".join(branch for branch in branches if not branch.startswith("refs/heads/locus/")),
        }

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, cwd=self.root, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def make_project(folder: Path, locus_program: Path, env: dict[str, str]) -> Project:
    root, remote, gate = folder / "shop", folder / "shop.git", folder / "gate"
    root.mkdir(parents=True)
    gate.mkdir()
    (gate / "started").touch()
    project = Project(root=root, remote=remote, gate=gate, locus_program=locus_program, env=env)
    agent = folder / "agent.py"
    agent.write_text(AGENT)
    config = {
        "ai": {"provider": "scripted"},
        "agents": {
            "scripted": {"kind": "shell", "argv": [sys.executable, str(agent), "{id}", str(gate)]},
            "asking": {"kind": "acp", "argv": [sys.executable, str(ASKING)]},
        },
    }
    (root / ".locus").mkdir()
    (root / ".locus/config.json").write_text(json.dumps(config, indent=2) + "\n")
    (root / "pages.py").write_text(SOURCE)
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("add", "--all")
    project.git("commit", "--quiet", "--message=A shop")
    project.git("init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    project.git("remote", "add", "origin", str(remote))
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    project.git("remote", "set-head", "origin", "main")
    return project
