"""A world for each kill point, and how many points were tried, told at the end of the test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from crash.histories import HISTORIES, Counts
from crash.matrix import COUNTED, Settle
from crash.settling import Settling
from locus.engine import patience
from locus.tracker.github import client, lost
from support.github.fixtures import gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.github.wire import Wire
from support.repos import Home, Prepared

__all__ = ["gh", "github", "short_folder", "wire"]


@pytest.fixture
def settle(prepared_repositories: Prepared, home: Home, tmp_path: Path) -> Settle:
    return Settling(prepared_repositories, home, tmp_path)


@pytest.fixture
def settle_on_github(
    prepared_repositories: Prepared, home: Home, tmp_path: Path, github: GitHub, gh: Gh, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> Settling:
    """Tasks are on the stand-in, through the real gh; what did not get an answer is tried again at once."""
    monkeypatch.setattr(patience, "PAUSES", (0.02,))
    monkeypatch.setattr(lost, "_PAUSES", (0.02,))
    monkeypatch.setattr(client, "_BACK_OFF", (0.02,))
    return Settling(prepared_repositories, home, tmp_path, github, wire)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = [pair for report in terminalreporter.stats.get("passed", []) for pair in report.user_properties]
    for what in COUNTED:
        points = [value for name, value in told if name == what]
        if points:
            terminalreporter.write_line(f"{what}: {sum(points)} in {len(points)} tests, 0 differences")
    counts = [Counts(*value) for name, value in told if name == HISTORIES]
    if counts:
        terminalreporter.write_line(str(sum(counts, Counts())))
