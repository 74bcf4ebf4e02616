"""`locus/status`, `locus/runs` and `locus/run`: what a client that knows Locus is told of runs."""

from __future__ import annotations

from typing import Any

from locus.lsp.client import Client
from locus.lsp.features.following import Following, RunChange
from locus.lsp.features.throttle import Throttle
from locus.lsp.features.tracker_refresh import TrackerRefresh
from locus.lsp.presenters.status import status
from locus.lsp.workspaces import Workspaces
from locus.model.run import RunView

EVERY = 0.08
"""Seconds between two notifications about one run."""


class RunFeed:
    def __init__(self, client: Client, following: Following, workspaces: Workspaces, tracker: TrackerRefresh) -> None:
        self._client = client
        self._following = following
        self._workspaces = workspaces
        self._tracker = tracker
        self._seq = 0
        self._announced = False
        self._status: dict[str, Any] | None = None
        self._runs: Throttle[str, RunView] = Throttle(EVERY, self._send_run)
        self._statuses: Throttle[None, None] = Throttle(EVERY, lambda _key, _value: self._send_status())
        following.listeners.append(self._changed)
        tracker.listeners.append(self._heard)

    def announce(self) -> None:
        """All there is: on connecting, and when folders came or went."""
        self._announced = True
        if self._told:
            self._client.notify("locus/runs", self.runs())
            self._status = None
            self._send_status()

    def runs(self) -> dict[str, Any]:
        """Also the answer to the request of this name. `seq` is that of the last `locus/run`."""
        return {"seq": self._seq, "runs": [view.wire() for view in self._following.views()]}

    def status(self) -> dict[str, Any]:
        return status(self._following.views(), self._workspaces.off, self._tracker.offline)

    def stop(self) -> None:
        self._runs.stop()
        self._statuses.stop()

    @property
    def _told(self) -> bool:
        return self._client.capabilities.locus_version is not None

    def _changed(self, change: RunChange) -> None:
        if self._told and self._announced:
            self._runs.put(change.view.id, change.view)
            self._statuses.put(None, None)

    def _heard(self) -> None:
        """The tracker has fallen silent, or is back."""
        if self._told and self._announced:
            self._statuses.put(None, None)

    def _send_run(self, run_id: str, view: RunView) -> None:
        self._seq += 1
        self._client.notify("locus/run", {"seq": self._seq, "run": view.wire()}, key=("run", run_id))

    def _send_status(self) -> None:
        now = self.status()
        if now != self._status:
            self._status = now
            self._client.notify("locus/status", now, key="status")
