"""What is going on in a task, for people."""

from __future__ import annotations

from locus.model.agent import Retry
from locus.model.events import Verified


def outcome(event: Verified) -> str:
    """`lint failed: 3 problems`, for people."""
    if event.before:
        return f"{event.name} fails as it did before this task, which does not count"
    if event.ok:
        return f"{event.name} passed"
    count = len(event.problems) + event.more_problems
    how = f"{event.name} failed" if event.code is not None else f"{event.name} did not come to an end"
    return f"{how}: {count} problem{'s' if count != 1 else ''}" if count else how


def waiting_for_the_model(event: Retry) -> str:
    status = f"{event.status}, " if event.status is not None else ""
    return f"waiting for the model: {status}attempt {event.attempt}"
