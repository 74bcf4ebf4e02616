"""What a run's agents have learned, offered once when the run has ended. Without an answer it waits: `locus.memory.list` has it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from locus.commands import memory
from locus.commands.memory import DecideLearned, ListLearned
from locus.commands.registry import Face
from locus.errors import LocusError
from locus.lsp.client import Client
from locus.lsp.features.following import Following, RunChange
from locus.lsp.tasks import Tasks
from locus.model.learning import Proposal
from locus.workspace import Workspace

log = logging.getLogger(__name__)

ADD, FORGET = "Add to .locus/memory", "Forget"
LATER = "Later"
_SHOWN = 5


class LearnedOffers:
    def __init__(self, client: Client, face: Face, tasks: Tasks, following: Following) -> None:
        self._client = client
        self._face = face
        self._tasks = tasks
        following.listeners.append(self._changed)

    def _changed(self, change: RunChange) -> None:
        if change.ended_now and self._client.capabilities.show_message_request:
            self._tasks.start(self._offer(change.workspace, change.view.id), f"what {change.view.id} has learned")

    async def _offer(self, workspace: Workspace, run_id: str) -> None:
        try:
            proposals = [each for each in await memory.listed(workspace, ListLearned(), self._face) if each.run == run_id]
            if not proposals:
                return
            these = DecideLearned(ids=tuple(proposal.id for proposal in proposals))
            chosen = await self._client.choose(message(proposals), [ADD, FORGET, LATER])
            if chosen == ADD:
                done = await memory.accept(workspace, these, self._face)
                self._client.show_message(f"Added to {done.path}. Commit it if the team wants it.")
            elif chosen == FORGET:
                await memory.dismiss(workspace, these, self._face)
        except LocusError as error:
            log.warning("what %s has learned could not be decided on: %s", run_id, error)


def message(proposals: Sequence[Proposal]) -> str:
    learned = [f"• #{proposal.task}: {text}" for proposal in proposals for text in proposal.learned]
    more = f"\n... and {len(learned) - _SHOWN} more" if len(learned) > _SHOWN else ""
    return "Shall later tasks know what was learned here?\n\n" + "\n".join(learned[:_SHOWN]) + more
