"""One turn with `codex app-server`, without any input or output: messages in, events and messages out.

    -> initialize  <- result  -> initialized, thread/start or thread/resume  <- result  -> turn/start  <- ... turn/completed

The protocol is JSON-RPC without its version field, a message a line; contract.py says what is used of it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import locus
from locus.agents.codex import ending
from locus.agents.codex.approvals import Asked
from locus.agents.codex.items import Items, locations_of
from locus.agents.protocol import Decision
from locus.model.agent import (
    AgentEvent,
    Notice,
    PermissionWithdrawn,
    Plan,
    PlanEntry,
    Started,
    ToolStart,
    ToolUpdate,
    TurnEnd,
    Usage,
)

Json = dict[str, Any]

log = logging.getLogger(__name__)

_METHOD_NOT_FOUND: Final = -32601
_SUMMARY: Final = 2000  # characters
_PLAN: Final = {"pending": "pending", "inProgress": "in_progress", "completed": "completed"}


@dataclass(frozen=True)
class Terms:
    """What the turn may do, in Codex' words."""

    approval: str
    sandbox: str


MODES: Final = {
    # What is accepted in `ask` must be possible: with the sandbox read-only it would not be.
    "ask": Terms("untrusted", "workspace-write"),
    "edits": Terms("on-request", "workspace-write"),
    "bypass": Terms("never", "danger-full-access"),
}


class Conversation:
    """`outbox` are the messages to send next; `end` is set when the turn is over."""

    def __init__(
        self,
        worktree: Path,
        prompt: str,
        *,
        mode: str,
        model: str | None = None,
        thread: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self.outbox: list[Json] = []
        self.end: TurnEnd | None = None
        self.interrupted = False
        self._worktree = worktree
        self._prompt = prompt.encode("utf-8", "replace").decode()  # JSON has no half characters
        self._mode = mode
        self._model = model
        self._resumes = thread
        self._now = now
        self._thread = ""
        self._turn = ""
        self._items = Items(worktree)
        self._asked: dict[str, Asked] = {}
        self._tokens: dict[str, int] = {}
        self._limits: Json = {}
        self._diff = ""
        self._told: set[str] = set()
        self._calls: dict[int, str] = {}
        self._ids = itertools.count(1)
        self._call("initialize", {"clientInfo": {"name": "locus", "title": "Locus", "version": locus.__version__}})

    # What comes.

    def receive(self, message: Mapping[str, Any]) -> Iterator[AgentEvent]:
        """Unknown and malformed messages are logged and left alone."""
        if self.end is not None:
            return
        try:
            method, params = message.get("method"), message.get("params") or {}
            if method is None:
                yield from self._answered(message)
            elif "id" in message:
                yield from self._asks(message["id"], str(method), params)
            else:
                yield from self._notified(str(method), params)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("Codex says what is not understood: %s: %.200r", error, message)

    def notice(self, words: str, **more: Any) -> Iterator[AgentEvent]:
        """The same words once: Codex says some things both here and on stderr."""
        if words and words not in self._told:
            self._told.add(words)
            yield Notice(text=words, **more)

    # What is said in between.

    def answer(self, request: str, decision: Decision) -> None:
        asked = self._asked.pop(request, None)
        if asked is None or (result := asked.answer(request, decision)) is None:
            return
        if not decision.allow and asked.method in ("item/permissions/requestApproval", "mcpServer/elicitation/request"):
            self._items.denied.append(asked.title)
        self.outbox.append({"id": asked.id, "result": result})
        if not decision.allow and decision.message and self._turn:  # a refusal itself carries no words
            words = f"I do not allow this ({asked.title}): {decision.message}"
            self._call("turn/steer", {"threadId": self._thread, "expectedTurnId": self._turn, "input": [{"type": "text", "text": words}]})

    def interrupt(self) -> None:
        """The thread is kept. What waits for an answer is refused."""
        if self.interrupted or self.end is not None:
            return
        self.interrupted = True
        for asked in {id(asked): asked for asked in self._asked.values()}.values():
            self.outbox.append({"id": asked.id, "result": asked.refusal()})
        self._asked.clear()
        if self._turn:
            self._call("turn/interrupt", {"threadId": self._thread, "turnId": self._turn})

    # Answers to our calls.

    def _answered(self, message: Mapping[str, Any]) -> Iterator[AgentEvent]:
        method = self._calls.pop(message.get("id", -1), None)
        if method is None:
            return
        if (error := message.get("error")) is not None:
            yield from self._refused(method, str(error.get("message") or error))
            return
        result = message.get("result") or {}
        match method:
            case "initialize":
                self.outbox.append({"method": "initialized"})
                self._open_thread()
            case "thread/start" | "thread/resume":
                self._thread = result["thread"]["id"]
                yield Started(session_id=self._thread, model=result.get("model"), mode=self._mode)
                if self.interrupted:
                    yield from self._over(self._cancelled())
                else:
                    self._call("turn/start", {"threadId": self._thread, "input": [{"type": "text", "text": self._prompt}]})
            case "turn/start":
                self._begun(result["turn"]["id"])

    def _refused(self, method: str, words: str) -> Iterator[AgentEvent]:
        if method == "thread/resume" and not self.interrupted:
            yield from self._over(TurnEnd(outcome="lost", reason=f"Codex cannot take up the session {self._resumes} again: {words}"))
        elif method in ("turn/steer", "turn/interrupt"):  # the turn has ended meanwhile, and says so
            log.debug("Codex refuses %s: %s", method, words)
        elif self.interrupted:
            yield from self._over(self._cancelled())
        else:
            yield from self._over(TurnEnd(outcome="failed", reason=f"Codex refuses {method}: {words}"))

    def _open_thread(self) -> None:
        terms = MODES[self._mode]
        params: Json = {
            "cwd": str(self._worktree),
            "approvalPolicy": terms.approval,
            "approvalsReviewer": "user",
            "sandbox": terms.sandbox,
            **({"model": self._model} if self._model else {}),
        }
        if self._resumes:
            self._call("thread/resume", {**params, "threadId": self._resumes, "excludeTurns": True})
        else:
            self._call("thread/start", params)

    def _begun(self, turn: str) -> None:
        if self._turn:
            return
        self._turn = turn
        if self.interrupted:
            self._call("turn/interrupt", {"threadId": self._thread, "turnId": turn})

    # Requests of Codex'.

    def _asks(self, id: int | str, method: str, params: Json) -> Iterator[AgentEvent]:
        asked = Asked(id, method, params, self._items.get(str(params.get("itemId"))))
        refusal = asked.refusal()
        if refusal is None:
            log.debug("Codex asks for %s, which is not known", method)
            self.outbox.append({"id": id, "error": {"code": _METHOD_NOT_FOUND, "message": f"{method} is not known here"}})
            return
        events = [] if self.interrupted else list(asked.requests(self._worktree))
        if not events:
            self.outbox.append({"id": id, "result": refusal})
            if not self.interrupted:
                yield from self.notice(f"Codex asks for what cannot be asked here ({method}); it is refused", stream="locus")
            return
        self._asked |= dict.fromkeys(asked.ids, asked)
        yield from events

    # Notifications.

    def _notified(self, method: str, params: Json) -> Iterator[AgentEvent]:
        match method:
            case "item/agentMessage/delta" | "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta":
                yield from self._items.grown(method, params["itemId"], params["delta"])
            case "item/commandExecution/outputDelta":
                yield from self._items.grown(method, params["itemId"], params["delta"])
            case "item/reasoning/summaryPartAdded":
                yield from self._items.broken(method, params["itemId"])
            case "item/started":
                yield from self._items.started(params["item"])
            case "item/completed":
                yield from self._items.completed(params["item"])
            case "turn/started" if self._ours(params):
                self._begun(params["turn"]["id"])
            case "turn/plan/updated" if self._ours(params):
                steps = params["plan"]
                yield Plan(entries=tuple(PlanEntry.model_validate({"content": s["step"], "status": _PLAN[s["status"]]}) for s in steps))
            case "turn/diff/updated" if self._ours(params):
                self._diff = params["diff"]
            case "thread/tokenUsage/updated":
                self._tokens[params["threadId"]] = params["tokenUsage"]["total"]["totalTokens"]
                if self._thread:
                    yield Usage(tokens=sum(self._tokens.values()))
            case "account/rateLimits/updated":
                self._limits |= {name: value for name, value in params["rateLimits"].items() if value is not None}
            case "error" if params.get("willRetry"):
                yield from self._retries(params["error"])
            case "serverRequest/resolved":
                gone = [key for key, asked in self._asked.items() if asked.id == params.get("requestId")]
                self._asked = {key: asked for key, asked in self._asked.items() if key not in gone}
                yield from (PermissionWithdrawn(id=key) for key in gone)
            case "warning" | "guardianWarning":
                yield from self.notice(params["message"])
            case "configWarning" | "deprecationNotice":
                yield from self.notice(params["summary"])
            case "mcpServer/startupStatus/updated" if params.get("status") == "failed":
                yield from self.notice(f"the MCP server {params.get('name')} did not start: {params.get('error')}")
            case "turn/completed" if self._ours(params):
                yield from self._completed(params["turn"])

    def _ours(self, params: Json) -> bool:
        """Sub-agents have threads of their own."""
        return bool(params.get("threadId") == self._thread)

    def _retries(self, error: Json) -> Iterator[AgentEvent]:
        if not ending.wants_login(error):
            yield ending.retry(error)
            return
        yield from self._over(self._cancelled() if self.interrupted else ending.no_credentials(error))

    def _completed(self, turn: Json) -> Iterator[AgentEvent]:
        if self._diff:
            paths = [{"path": line[6:]} for line in self._diff.splitlines() if line.startswith("+++ b/")]
            yield ToolStart(id=turn["id"], tool="edit", title="All changes of this turn", locations=locations_of(paths))
            yield ToolUpdate(id=turn["id"], status="completed", diff=self._diff)
        yield from self._over(
            ending.of_turn(
                turn,
                interrupted=self.interrupted,
                denials=self._items.denied,
                summary=self._items.said[-_SUMMARY:] or None,
                limits=self._limits,
                now=self._now(),
            )
        )

    def _over(self, end: TurnEnd) -> Iterator[AgentEvent]:
        self.end = end
        self._asked.clear()
        yield end

    def _cancelled(self) -> TurnEnd:
        return TurnEnd(outcome="cancelled", reason="it was interrupted")

    def _call(self, method: str, params: Json) -> None:
        id = next(self._ids)
        self._calls[id] = method
        self.outbox.append({"id": id, "method": method, "params": params})
