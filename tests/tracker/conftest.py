from pathlib import Path

import pytest

from locus.tracker.local import LocalTracker
from locus.tracker.protocol import Tracker


@pytest.fixture(params=["local"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path) -> Tracker:
    """Each keeper in turn, empty and not yet prepared: the contract is the same for all."""
    keepers = {"local": lambda: LocalTracker(tmp_path / "state" / "locus.db")}
    made: Tracker = keepers[request.param]()
    return made
