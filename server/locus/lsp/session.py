"""One client's session: the features, put together. Loaded after `initialize` has been answered."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types

from locus.commands import runs
from locus.errors import LocusError
from locus.lsp.buffers import Buffers
from locus.lsp.editor_settings import EditorSettings
from locus.lsp.face import EditorFace
from locus.lsp.features.anchored_code import AnchoredCode
from locus.lsp.features.code_action import CodeActions
from locus.lsp.features.code_lens import CodeLenses
from locus.lsp.features.config_diagnostics import ConfigDiagnostics, files_of
from locus.lsp.features.diagnostics import Diagnostics
from locus.lsp.features.disk_watch import DiskWatch
from locus.lsp.features.execute_command import Executor
from locus.lsp.features.failed_diagnostics import FailedDiagnostics
from locus.lsp.features.following import Following
from locus.lsp.features.learned_offers import LearnedOffers
from locus.lsp.features.run_feed import RunFeed
from locus.lsp.features.run_logs import RunLogs
from locus.lsp.features.run_messages import RunMessages
from locus.lsp.features.run_progress import RunProgress
from locus.lsp.features.run_questions import RunQuestions
from locus.lsp.features.task_cache import TaskCache
from locus.lsp.features.tracker_refresh import TrackerRefresh
from locus.lsp.features.verify_diagnostics import VerifyDiagnostics
from locus.lsp.positions import Positions
from locus.lsp.server import Server
from locus.lsp.workspaces import Workspaces
from locus.workspace import Workspace

log = logging.getLogger(__name__)

SETTINGS_SECONDS = 2.0
"""How long the first commands wait for settings that the client was asked for."""
_CHANGE_TASKS = frozenset(
    ["locus.issue.create", "locus.issue.update", "locus.issue.close", "locus.sprint.create", "locus.sprint.order", "locus.sprint.close"]
)


class Session:
    def __init__(self, server: Server, params: types.InitializeParams) -> None:
        """Whatever the client says about trust, except `untrustedWorkspace: false`, means that the folder is not trusted."""
        given = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        self._server = server
        self._root = params.root_uri if params.workspace_folders is None else None
        client, tasks = server.client, server.tasks
        encoding = server.documents.position_encoding
        self.positions = Positions(encoding.value if isinstance(encoding, types.PositionEncodingKind) else str(encoding))
        self.workspaces = Workspaces(trusted=given.get("untrustedWorkspace") in (None, False))
        self._settings = EditorSettings(client, given.get("settings"))
        self._buffers = Buffers(lambda: server.documents)
        self._following = Following(tasks)
        face = EditorFace(client, self._buffers)
        self._cache = TaskCache(tasks)
        self._code = AnchoredCode(self._buffers, self._cache)
        self._disk = DiskWatch(tasks)
        self._refresh = TrackerRefresh(tasks, self._watch)
        self.commands = Executor(self.workspaces, self._following, face, self._buffers, self.positions, self.open)
        self.commands.listeners.append(self._commanded)
        self._following.listeners.append(self._refresh.run_changed)
        self.feed = RunFeed(client, self._following, self.workspaces, self._refresh)
        self.logs = RunLogs(client, tasks, self._following)
        self.lenses = CodeLenses(client, tasks, self._following, self._cache, self._code)
        self.actions = CodeActions(self.workspaces, self._following, self._code)
        RunProgress(server.progress, tasks, self._following, self._stop_run)
        RunQuestions(client, tasks, self._following, self._answer)
        RunMessages(client, self._following)
        LearnedOffers(client, face, tasks, self._following)
        diagnostics = Diagnostics(client)
        self._config = ConfigDiagnostics(diagnostics, tasks, self.workspaces, self._buffers, self.positions)
        self._failed = FailedDiagnostics(diagnostics, tasks, self._following, self._cache, self._buffers, self.positions)
        self._verify = VerifyDiagnostics(
            diagnostics,
            tasks,
            self._following,
            self._cache,
            self._buffers,
            self.positions,
            lambda: client.capabilities.diagnostic_related_information,
        )
        self._started: dict[str, Workspace] = {}
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Takes the window's folders as they are now: at first, and when some came or went."""
        async with self._opening:
            folders = self._folder_uris()
            await self._pull(folders)
            await asyncio.to_thread(self.workspaces.open, folders, self._settings.of)
            workspaces = self.workspaces.all
            self._cache.keep(workspaces)
            self._following.follow(workspaces)
            self._watch()
            self._refresh.keep(workspaces)
            self._config.changed()
        self._server.tasks.start(self._announce(), "announcing runs")

    async def warm_up(self) -> None:
        """The first run of a session starts as quickly as the next."""
        await asyncio.to_thread(runs.load)

    async def follow_settings(self) -> None:
        await self._settings.follow()

    async def settings_changed(self, params: types.DidChangeConfigurationParams) -> None:
        self._settings.changed(params)
        await self._pull(self._folder_uris())
        for folder in self.workspaces.folders:
            if folder.workspace is not None:
                folder.workspace.editor = self._settings.of(folder.uri)
        self._config.changed()

    def document_changed(self, uri: str) -> None:
        """Opened, changed or saved."""
        self._config.document_changed(uri)
        self._failed.document_changed(uri)
        self._verify.document_changed(uri)

    def document_closed(self, uri: str) -> None:
        self.document_changed(uri)
        self._code.closed(uri)
        self._buffers.closed(uri)

    async def runs(self) -> dict[str, Any]:
        await self._following.looked()
        return self.feed.runs()

    async def status(self) -> dict[str, Any]:
        await self._following.looked()
        return self.feed.status()

    async def stop(self) -> None:
        """Runs go on, unless the person wants those of this editor to end with it."""
        self.feed.stop()
        async with asyncio.TaskGroup() as group:
            for run_id, workspace in self._started.items():
                found = self._following.find(run_id)
                if found is None or found[1].alive:
                    group.create_task(self._interrupt(workspace, run_id))

    # What the parts ask of one another

    def _folder_uris(self) -> list[str]:
        """Clients without folders have a root."""
        return [*([self._root] if self._root else []), *(folder.uri for folder in self._server.documents.folders.values())]

    async def _pull(self, folders: list[str]) -> None:
        try:
            async with asyncio.timeout(SETTINGS_SECONDS):
                await self._settings.pull(folders)
        except TimeoutError:
            log.warning("the client does not say what its settings are; going on without")

    def _watch(self) -> None:
        self._disk.watch({path: callback for workspace in self.workspaces.all for path, callback in self._watched(workspace).items()})

    def _watched(self, workspace: Workspace) -> dict[Path, Any]:
        config = dict.fromkeys(files_of(workspace), self._config.changed)
        return {
            workspace.tasks_file: partial(self._cache.refresh, workspace),
            workspace.head_log: partial(self._head_moved, workspace),
            **config,
        }

    def _head_moved(self, workspace: Workspace) -> None:
        """By a merge, it may be; GitHub tells of its own."""
        if workspace.is_settled and workspace.keeper == "local":
            self._refresh.soon()

    async def _announce(self) -> None:
        await self._following.looked()
        self.feed.announce()

    def _commanded(self, id: str, workspace: Workspace, result: Any) -> None:
        if id in _CHANGE_TASKS:
            self._cache.refresh(workspace)
        if id == "locus.tracker.push" and result["done"]:
            self._refresh.keep(self.workspaces.all)  # they are in another file now
            self._watch()
        if id.startswith("locus.run."):
            self._following.hurry(workspace)
        if id in ("locus.run.start", "locus.run.resume"):
            self._started[result["runId"]] = workspace

    async def _stop_run(self, workspace: Workspace, run_id: str, force: bool) -> None:
        try:
            await self.commands.call("locus.run.stop", workspace, runId=run_id, force=force)
        except LocusError as error:
            log.warning("run %s was not stopped: %s", run_id, error)

    async def _answer(self, workspace: Workspace, run_id: str, question: str, option: str) -> None:
        await self.commands.call("locus.run.answer", workspace, runId=run_id, questionId=question, option=option)

    async def _interrupt(self, workspace: Workspace, run_id: str) -> None:
        settings = await asyncio.to_thread(workspace.settings)
        if settings.config.run.on_editor_exit == "interrupt":
            await self._stop_run(workspace, run_id, False)
