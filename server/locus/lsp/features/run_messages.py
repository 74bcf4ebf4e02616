"""A run that failed or was refused, said once to people whose client has no status to show it in."""

from __future__ import annotations

from lsprotocol.types import MessageType

from locus.lsp.client import Client
from locus.lsp.features.following import Following, RunChange
from locus.lsp.presenters import runs
from locus.model.states import RunState


class RunMessages:
    def __init__(self, client: Client, following: Following) -> None:
        self._client = client
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        wrong = change.view.state in (RunState.FAILED, RunState.REFUSED, RunState.LOST)
        if change.ended_now and wrong and self._client.capabilities.locus_version is None:
            self._client.show_message(runs.failure(change.view), MessageType.Error)
