"""What `initialize` announces, known before what is behind it has been imported."""

from __future__ import annotations

from lsprotocol.types import CodeActionKind

COMMAND_IDS = (
    "locus.agent.list",
    "locus.doctor",
    "locus.init",
    "locus.issue.close",
    "locus.issue.create",
    "locus.issue.draft",
    "locus.issue.list",
    "locus.issue.show",
    "locus.issue.update",
    "locus.memory.accept",
    "locus.memory.dismiss",
    "locus.memory.list",
    "locus.run.answer",
    "locus.run.list",
    "locus.run.plan",
    "locus.run.resume",
    "locus.run.show",
    "locus.run.start",
    "locus.run.stop",
    "locus.sprint.activate",
    "locus.sprint.close",
    "locus.sprint.create",
    "locus.sprint.list",
    "locus.sprint.order",
    "locus.sprint.show",
    "locus.task.diff",
    "locus.tracker.push",
    "locus.trust.allow",
    "locus.trust.show",
    "locus.worktree.clean",
    "locus.worktree.list",
    "locus.worktree.restore",
)
"""Of `locus.commands.COMMANDS`."""

CREATE_KIND = CodeActionKind.RefactorRewrite
ACT_KIND = CodeActionKind.QuickFix
