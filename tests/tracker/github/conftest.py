from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from locus.tracker.github import client
from locus.tracker.github.client import shortly
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.place import GitHubPlace
from support.github.fixtures import Demo

Patience = Callable[[float, str], Awaitable[None]]
NewTracker = Callable[..., GitHubTracker]


@pytest.fixture
def new_tracker(demo: Demo, gh: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewTracker:
    """Trackers of octo/demo, each as in a process of its own; what they try again they try again at once."""
    monkeypatch.setattr(client, "_BACK_OFF", (0.02, 0.02, 0.02))

    def make(patience: Patience = shortly, *, mirror: bool = False, owner: str = "octo") -> GitHubTracker:
        return GitHubTracker(
            GitHubPlace("github.com", owner, "demo", owner),
            root=demo.person.path,
            locks=tmp_path / "locks",
            limits=tmp_path / "rate-limit.json",
            patience=patience,
            mirror=tmp_path / "github.json" if mirror else None,
        )

    return make
