"""Messages of `codex app-server`, made by hand for fast tests. tests/agents/codex holds each against the schema of the real one."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

THREAD: Final = "thread-1"
TURN: Final = "turn-1"


def note(method: str, **params: Any) -> Json:
    return {"method": method, "params": params}


def in_turn(method: str, **params: Any) -> Json:
    return note(method, threadId=THREAD, turnId=TURN, **params)


def started(**item: Any) -> Json:
    return in_turn("item/started", startedAtMs=1, item=item)


def completed(**item: Any) -> Json:
    return in_turn("item/completed", completedAtMs=2, item=item)


def delta(item: str, text: str, method: str = "item/agentMessage/delta", **more: Any) -> Json:
    return in_turn(method, itemId=item, delta=text, **more)


def thought(item: str, text: str, part: int = 0) -> Json:
    return delta(item, text, "item/reasoning/summaryTextDelta", summaryIndex=part)


def printed(item: str, text: str) -> Json:
    return delta(item, text, "item/commandExecution/outputDelta")


def command(id: str, words: str, status: str = "inProgress", **more: Any) -> Json:
    actions = more.pop("actions", [{"type": "unknown", "command": words}])
    return {
        "type": "commandExecution",
        "id": id,
        "command": f"/bin/bash -lc '{words}'",
        "cwd": "/work",
        "status": status,
        "commandActions": actions,
        **more,
    }


def change(path: str, kind: str, diff: str, to: str | None = None) -> Json:
    return {"path": path, "kind": {"type": kind, **({"move_path": to} if kind == "update" else {})}, "diff": diff}


def files(id: str, *changes: Json, status: str = "inProgress") -> Json:
    return {"type": "fileChange", "id": id, "changes": list(changes), "status": status}


def tokens(total: int, thread: str = THREAD) -> Json:
    counts = {"totalTokens": total, "inputTokens": total, "cachedInputTokens": 0, "outputTokens": 0, "reasoningOutputTokens": 0}
    return note("thread/tokenUsage/updated", threadId=thread, turnId=TURN, tokenUsage={"total": counts, "last": counts})


def error(message: str, info: Any = None, *, retries: bool = False, details: str | None = None) -> Json:
    return in_turn("error", willRetry=retries, error={"message": message, "codexErrorInfo": info, "additionalDetails": details})


def turn_started() -> Json:
    return note("turn/started", threadId=THREAD, turn={"id": TURN, "items": [], "status": "inProgress"})


def turn_completed(status: str = "completed", thread: str = THREAD, **failure: Any) -> Json:
    turn: Json = {"id": TURN, "items": [], "status": status, "error": failure or None}
    return note("turn/completed", threadId=thread, turn=turn)


def limits(**windows: Json) -> Json:
    return note("account/rateLimits/updated", rateLimits=windows)


def asks(id: int, method: str, **params: Any) -> Json:
    return {"id": id, "method": method, "params": {"threadId": THREAD, "turnId": TURN, **params}}


def asks_for_files(id: int, item: str, **more: Any) -> Json:
    return asks(id, "item/fileChange/requestApproval", itemId=item, startedAtMs=1, **more)


def asks_for_command(id: int, item: str, **more: Any) -> Json:
    return asks(id, "item/commandExecution/requestApproval", itemId=item, startedAtMs=1, **more)


def asks_for_more(id: int, **permissions: Any) -> Json:
    return asks(
        id, "item/permissions/requestApproval", itemId="i", startedAtMs=1, cwd="/work", reason="to publish", permissions=permissions
    )


def asks_questions(id: int, *questions: tuple[str, str, tuple[str, ...]]) -> Json:
    asked = [
        {"id": name, "header": name, "question": words, "options": [{"label": label, "description": ""} for label in labels]}
        for name, words, labels in questions
    ]
    return asks(id, "item/tool/requestUserInput", itemId="q", isBlocking=True, questions=asked)


def elicits(id: int, mode: str = "form", **more: Any) -> Json:
    rest: Json = (
        {"requestedSchema": {"type": "object", "properties": {}}} if mode == "form" else {"url": "https://x.invalid", "elicitationId": "e"}
    )
    return asks(id, "mcpServer/elicitation/request", serverName="notes", mode=mode, message="Delete the note?", **rest | more)
