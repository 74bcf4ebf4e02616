"""A person's repository whose tasks are on the stand-in, and what is to be seen there. A conftest or test imports `house`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from locus.engine import patience
from locus.tracker.github import client, lost
from support.github.fixtures import Demo
from support.github.github import GitHub
from support.github.world import Issue
from support.house import House

__all__ = ["house", "labels", "pulls"]


@pytest.fixture
def house(demo: Demo, gh: object, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Who waits for GitHub in this process waits a moment only."""
    monkeypatch.setattr(patience, "PAUSES", (0.05,))
    monkeypatch.setattr(lost, "_PAUSES", (0.05,))
    monkeypatch.setattr(client, "_BACK_OFF", (0.05,))
    made = House(demo.person, {"tracker": "github"})
    yield made
    made.end_runs()


def labels(demo: Demo, issue: Issue) -> set[str]:
    return {label.name for label in demo.repository.labels_of(issue)}


def pulls(demo: Demo) -> list[Issue]:
    return [issue for issue in demo.repository.issues.values() if issue.pull is not None]
