"""How many kill points were tried, told at the end of the test run."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    points = [
        value for report in terminalreporter.stats.get("passed", []) for name, value in report.user_properties if name == "kill points"
    ]
    if points:
        terminalreporter.write_line(f"kill points: {sum(points)} in {len(points)} tests, 0 differences")
