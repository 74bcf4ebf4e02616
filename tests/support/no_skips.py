"""A plugin for pytest: where CI=true, a test or module that is skipped has failed. Nothing may be missing there."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

Report = pytest.TestReport | pytest.CollectReport


def _not_skipped(report: Report) -> None:
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{reason}\nIn CI nothing may be skipped: what is missing has to be installed."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _not_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _not_skipped(report)
    return report
