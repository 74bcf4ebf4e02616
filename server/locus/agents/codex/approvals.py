"""What Codex asks of the person, and how it is answered."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from locus.agents.codex import items
from locus.agents.protocol import Decision
from locus.model.agent import Location, PermissionOption, PermissionRequest

Json = Mapping[str, Any]

_COMMAND: Final = "item/commandExecution/requestApproval"
_FILES: Final = "item/fileChange/requestApproval"
_PERMISSIONS: Final = "item/permissions/requestApproval"
_QUESTIONS: Final = "item/tool/requestUserInput"
_ELICITATION: Final = "mcpServer/elicitation/request"


@dataclass
class Asked:
    """A request of Codex' that waits for an answer. Several questions in one are asked one by one, and answered together."""

    id: int | str
    method: str
    params: Json
    item: Json
    ids: tuple[str, ...] = ()
    title: str = ""
    _given: dict[str, Decision] = field(default_factory=dict)

    def requests(self, worktree: Path) -> Iterator[PermissionRequest]:
        """Nothing for what nobody here can be asked; `refusal` is the answer then."""
        asked = list(_requests(self, worktree))
        self.ids = tuple(request.id for request in asked)
        self.title = asked[0].title if asked else ""
        yield from asked

    def answer(self, id: str, decision: Decision) -> Json | None:
        """The result to send; None while other questions of the same request are open."""
        self._given[id] = decision
        if len(self._given) < len(self.ids):
            return None
        match self.method:
            case "item/permissions/requestApproval":
                granted = self.params.get("permissions") or {} if decision.allow else {}
                return {"permissions": granted, "scope": "session" if decision.always else "turn"}
            case "item/tool/requestUserInput":
                return {"answers": dict(self._answers())}
            case "mcpServer/elicitation/request":
                return {"action": "accept", "content": {}} if decision.allow else {"action": "decline"}
        if not decision.allow:
            return {"decision": "decline"}
        return {"decision": "acceptForSession" if decision.always and self._lasts else "accept"}

    def refusal(self) -> Json | None:
        """The answer when nobody decides any more; None for a request that is not known here."""
        refusals: dict[str, Json] = {
            _COMMAND: {"decision": "cancel"},
            _FILES: {"decision": "cancel"},
            _PERMISSIONS: {"permissions": {}},
            _QUESTIONS: {"answers": {}},
            _ELICITATION: {"action": "decline"},
        }
        return refusals.get(self.method)

    @property
    def _lasts(self) -> bool:
        """Whether a decision may count for the session; some commands a person must see each time."""
        return self.params.get("kind") != "humanCommand"

    def _answers(self) -> Iterator[tuple[str, Json]]:
        for question in self.params.get("questions") or ():
            decision = self._given.get(f"{self.id}:{question['id']}")
            if decision is not None and decision.allow and decision.message:
                yield question["id"], {"answers": [decision.message]}


def _requests(asked: Asked, worktree: Path) -> Iterator[PermissionRequest]:
    id, params = str(asked.id), asked.params
    reason = f": {params['reason']}" if params.get("reason") else ""
    match asked.method:
        case "item/fileChange/requestApproval":
            changes = asked.item.get("changes") or ()
            yield PermissionRequest(
                id=id,
                tool=items.kind_of(changes),
                name="fileChange",
                title=items.title_of(changes, worktree) + reason,
                locations=items.locations_of(changes),
                diff=items.diff_of(changes, worktree) or None,
                options=_for_session("Allow changes to these files for the session"),
            )
        case "item/commandExecution/requestApproval":
            yield _command(asked, reason, worktree)
        case "item/permissions/requestApproval":
            wanted = params.get("permissions") or {}
            yield PermissionRequest(
                id=id,
                name="permissions",
                title="More permissions" + reason,
                locations=_writable(wanted),
                input={"permissions": wanted},
                options=_for_session("Allow it for the session"),
            )
        case "item/tool/requestUserInput":
            for question in params.get("questions") or ():
                labels = tuple(option["label"] for option in question.get("options") or ())
                yield PermissionRequest(id=f"{id}:{question['id']}", name="requestUserInput", title=question["question"], choices=labels)
        case "mcpServer/elicitation/request":
            if params.get("mode") == "form" and not (params.get("requestedSchema") or {}).get("properties"):
                server = str(params.get("serverName"))
                yield PermissionRequest(id=id, name=f"mcp__{server}", title=f"{server}: {params.get('message')}")


def _command(asked: Asked, reason: str, worktree: Path) -> PermissionRequest:
    """`command` is only what is to be judged: of what is typed into a running one Codex does not say the words, and of an address that a
    command wants to reach it matters where it is."""
    params, network, typed = asked.params, asked.params.get("networkApprovalContext"), asked.params.get("kind") == "writeStdin"
    words = items.command_of(params) or items.command_of(asked.item)
    folder = str(params.get("cwd") or asked.item.get("cwd") or worktree)
    if words and Path(folder) != worktree:
        words = f"cd {shlex.quote(folder)} && {words}"
    title, given = words or "Run a command", {"command": words, "cwd": folder}
    if network:
        title, given = f"Reach {network.get('host')}", {**given, "url": f"{network.get('protocol')}://{network.get('host')}/"}
    elif typed:
        title = f"Type into a running command: {words}"
    return PermissionRequest(
        id=str(asked.id),
        tool="fetch" if network else "execute",
        name="commandExecution",
        title=title + reason,
        command=None if network or typed or not words else words,
        input=given,
        options=() if params.get("kind") == "humanCommand" else _for_session("Allow this command for the session"),
    )


def _for_session(label: str) -> tuple[PermissionOption, ...]:
    return (PermissionOption(id="acceptForSession", label=label, kind="allow_always"),)


def _writable(wanted: Json) -> tuple[Location, ...]:
    files = wanted.get("fileSystem") or {}
    entries = [entry.get("path") or {} for entry in files.get("entries") or () if entry.get("access") == "write"]
    paths = [*(files.get("write") or ()), *(entry.get("path") or entry.get("pattern") or "/" for entry in entries)]
    return tuple(Location(path=str(path)) for path in paths)
