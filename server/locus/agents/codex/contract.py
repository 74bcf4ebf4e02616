"""All that Locus uses of the protocol of `codex app-server`, which is called experimental: what is sent and what is read.

tests/agents compares it with the schema that the tested version of Codex prints. Paths are dotted; `[]` is each element of a list. Whatever
else comes is left alone, and a field that is missing counts as not said.
"""

from __future__ import annotations

from typing import Final

TESTED: Final = "0.169.0"
"""The version that this was tried with."""

CALLS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    # method: (what is sent, what is read of the result)
    "initialize": (("clientInfo.name", "clientInfo.title", "clientInfo.version"), ()),
    "thread/start": (
        ("cwd", "approvalPolicy", "approvalsReviewer", "sandbox", "model"),
        ("thread.id", "model"),
    ),
    "thread/resume": (
        ("threadId", "excludeTurns", "cwd", "approvalPolicy", "approvalsReviewer", "sandbox", "model"),
        ("thread.id", "model"),
    ),
    "turn/start": (("threadId", "input[].type", "input[].text"), ("turn.id",)),
    "turn/steer": (("threadId", "expectedTurnId", "input[].type", "input[].text"), ()),
    "turn/interrupt": (("threadId", "turnId"), ()),
}

SAYS: Final = ("initialized",)

NOTIFICATIONS: Final[dict[str, tuple[str, ...]]] = {
    "turn/started": ("threadId", "turn.id"),
    "turn/completed": (
        "threadId",
        "turn.id",
        "turn.status",
        "turn.error.message",
        "turn.error.codexErrorInfo",
        "turn.error.additionalDetails",
    ),
    "turn/plan/updated": ("threadId", "plan[].step", "plan[].status"),
    "turn/diff/updated": ("threadId", "diff"),
    "item/started": ("threadId", "item.type", "item.id"),
    "item/completed": ("threadId", "item.type", "item.id"),
    "item/agentMessage/delta": ("itemId", "delta"),
    "item/reasoning/summaryTextDelta": ("itemId", "delta"),
    "item/reasoning/summaryPartAdded": ("itemId",),
    "item/reasoning/textDelta": ("itemId", "delta"),
    "item/commandExecution/outputDelta": ("itemId", "delta"),
    "thread/tokenUsage/updated": ("threadId", "tokenUsage.total.totalTokens"),
    "account/rateLimits/updated": (
        "rateLimits.primary.usedPercent",
        "rateLimits.primary.resetsAt",
        "rateLimits.secondary.usedPercent",
        "rateLimits.secondary.resetsAt",
    ),
    "error": (
        "threadId",
        "willRetry",
        "error.message",
        "error.codexErrorInfo",
        "error.additionalDetails",
    ),
    "serverRequest/resolved": ("requestId",),
    "warning": ("message",),
    "guardianWarning": ("message",),
    "configWarning": ("summary",),
    "deprecationNotice": ("summary",),
    "mcpServer/startupStatus/updated": ("name", "status", "error"),
}

ITEMS: Final[dict[str, tuple[str, ...]]] = {
    # kinds of `item`, and what is read of them besides type and id
    "agentMessage": ("text",),
    "reasoning": ("summary[]",),
    "plan": ("text",),
    "commandExecution": (
        "command",
        "cwd",
        "status",
        "aggregatedOutput",
        "exitCode",
        "commandActions[].type",
        "commandActions[].command",
        "commandActions[].path",
    ),
    "fileChange": ("status", "changes[].path", "changes[].kind.type", "changes[].kind.move_path", "changes[].diff"),
    "mcpToolCall": ("server", "tool", "status", "error.message", "result.content[]"),
    "webSearch": ("query",),
    "collabAgentToolCall": ("tool", "status", "prompt"),
    "contextCompaction": (),
}

REQUESTS: Final[dict[str, tuple[str, ...]]] = {
    # what Codex asks of us, and what is read of it
    "item/fileChange/requestApproval": ("itemId", "reason"),
    "item/commandExecution/requestApproval": (
        "kind",
        "itemId",
        "reason",
        "command",
        "cwd",
        "networkApprovalContext.host",
        "networkApprovalContext.protocol",
    ),
    "item/permissions/requestApproval": ("reason", "permissions"),
    "item/tool/requestUserInput": ("questions[].id", "questions[].question", "questions[].options[].label"),
    "mcpServer/elicitation/request": ("serverName", "mode", "message", "requestedSchema"),
}
