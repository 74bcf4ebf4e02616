"""A plugin for pytest: how many kill points and histories were tried, told at the end, whoever ran them."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from crash.histories import HISTORIES, Counts
    from crash.matrix import COUNTED

    told = [pair for report in terminalreporter.stats.get("passed", []) for pair in report.user_properties]
    for what in COUNTED:
        points = [value for name, value in told if name == what]
        if points:
            terminalreporter.write_line(f"{what}: {sum(points)} in {len(points)} tests, 0 differences")
    counts = [Counts(*value) for name, value in told if name == HISTORIES]
    if counts:
        terminalreporter.write_line(str(sum(counts, Counts())))
