"""Random histories of a repository: what people, agents and accidents do to it, in which order; drawn from a seed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from crash.killing import When

MOVES = 7
"""Steps of a history at most."""

WEIGHTS = {
    "run an issue": 6,
    "run both issues": 3,
    "run the sprint": 8,
    "resume": 8,
    "edit a kept worktree": 3,
    "commit in a kept worktree": 1,
    "colleague pushes": 2,
    "colleague pushes a conflict": 2,
    "colleague forces the base back": 1,
    "colleague pushes to our branch": 1,
    "merge the pull request": 2,
    "close the pull request": 1,
    "remote away or back": 1,
    "remote refuses pushes or takes them again": 1,
    "locus worktree clean": 3,
    "locus worktree restore": 1,
    "git clean": 2,
    "git clean, worktrees too": 1,
    "delete a kept worktree": 1,
    "git stash": 2,
    "git gc": 2,
    "git worktree prune": 1,
    "git repack": 1,
    "person works": 2,
    "person looks at a branch of ours": 1,
}
ISSUES = ("run an issue", "run both issues")
RUNS = (*ISSUES, "run the sprint", "resume")


HISTORIES = "histories"
"""The property of a test report that has its Counts."""


class Counts(NamedTuple):
    histories: int = 0
    boundaries: int = 0
    restored: int = 0

    def __add__(self, other: object) -> Counts:
        assert isinstance(other, Counts)
        return Counts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return f"histories: {self.histories}, {self.boundaries} task boundaries, {self.restored} restored snapshots, 0 lost bytes"


@dataclass(frozen=True)
class Cut:
    """How a run is disturbed: it dies at a line of its journal, is stopped or killed (SIGKILL) while its agents work, or the base moves."""

    how: Literal["line", "stop", "kill", "base"]
    line: int = 0
    when: When = "after"

    def __str__(self) -> str:
        told = {"stop": "stopped", "kill": "killed with SIGKILL", "base": "the base moves after a task"}
        return told.get(self.how) or f"dies {self.when} line {self.line}"


@dataclass(frozen=True)
class Step:
    what: str
    pick: int
    """Chooses among what there is by then."""
    cut: Cut | None = None
    base: str | None = None
    """Where a new run begins, if not on the base branch."""

    def __str__(self) -> str:
        return self.what + (f" from {self.base}" if self.base else "") + (f" ({self.cut})" if self.cut else "")


@dataclass(frozen=True)
class History:
    seed: int
    remote: bool
    hooks: bool
    """The person's commit hook refuses some commits."""
    config: dict[str, Any]
    issues: int
    """How many there are besides the sprint's."""
    sprint: int
    """How many the sprint has."""
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return f"seed {self.seed}: remote={self.remote} hooks={self.hooks} sprint of {self.sprint} {self.config}"

    def without(self, step: int) -> History:
        return replace(self, steps=self.steps[:step] + self.steps[step + 1 :])


def drawn(seed: int) -> History:
    rng = random.Random(seed)
    config: dict[str, Any] = {"sprint_stopOnFailure": rng.random() < 0.4}
    if rng.random() < 0.4:
        config["verify"] = [{"name": "fine", "run": "echo seen >> verified.txt; test ! -e refused-by-verify"}]
    if rng.random() < 0.15:
        config["agent_autoPR"] = False
    if rng.random() < 0.2:
        config["worktree_maxKept"] = rng.randint(0, 1)
    remote, hooks = rng.random() < 0.85, rng.random() < 0.2
    runs = rng.choice((ISSUES[:1], ISSUES, RUNS[2:3], RUNS[2:3], RUNS[:3]))
    moves = {what: weight for what, weight in WEIGHTS.items() if what in runs or what not in RUNS[:3]}
    steps = [_step(rng, rng.choice(runs))]
    while len(steps) < rng.randint(4, MOVES):
        steps.append(_step(rng, rng.choices(list(moves), list(moves.values()))[0]))
    issues = rng.randint(1, 2) if runs == ISSUES[:1] else 2
    return History(seed, remote, hooks, config, issues, rng.randint(1, 3), tuple(steps))


def _step(rng: random.Random, what: str) -> Step:
    if what not in RUNS:
        return Step(what, rng.randrange(10**6))
    base = rng.choices((None, "head", "working-tree"), (80, 10, 10))[0] if what != "resume" else None
    return Step(what, rng.randrange(10**6), _cut(rng), base)


def _cut(rng: random.Random) -> Cut | None:
    match rng.choices(("", "line", "stop", "kill", "base"), (40, 35, 9, 3, 13))[0]:
        case "line":
            return Cut("line", rng.randint(2, rng.choice((15, 30, 60))), rng.choice(("before", "after")))
        case "stop":
            return Cut("stop")
        case "kill":
            return Cut("kill")
        case "base":
            return Cut("base")
        case _:
            return None
