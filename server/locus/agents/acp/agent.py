"""The agent of a profile: whether it is there, and how it is started."""

from __future__ import annotations

from pathlib import Path

from locus import process
from locus.agents.program import found, require
from locus.agents.protocol import Assignment, Session, Standing
from locus.errors import Refused
from locus.model.config import AgentProfile

_LINE_CAP = 16 * 1024 * 1024
"""Bytes of one message: agents send whole files in them."""
_GRACE = (2.0, 2.0)
"""Seconds: some agents go on for a while when their stdin has ended."""


class AcpAgent:
    kind = "acp"
    can_resume = True
    """Where the agent itself offers it; else the turn ends as `lost`, and begins anew."""

    def __init__(self, profile: AgentProfile) -> None:
        self._profile = profile

    def check(self, root: Path) -> None:
        require(self._profile.words[0], root)

    def seems_ready(self) -> bool:
        return True

    async def standing(self, root: Path) -> Standing:  # noqa: ARG002 - nothing is known of a program that may be any
        return Standing()

    async def start(self, assignment: Assignment) -> Session:
        from locus.agents.acp.session import AcpSession

        if self._profile.permission_mode == "bypass" and not assignment.bypass_allowed:
            raise Refused(
                "this agent's profile switches its permissions off, and only your own settings may do that",
                "remove `permissionMode` from the repository's configuration, or put the profile into your own",
            )
        program, *rest = self._profile.words
        supervised = await process.supervise(
            [found(program, assignment.root), *rest],
            cwd=assignment.worktree,
            env=process.agent_env(assignment.variables | dict(self._profile.env)),
            interactive=True,
            hold=assignment.hold,
            line_cap=_LINE_CAP,
            grace=_GRACE,
        )
        return AcpSession(supervised, assignment, assignment.permission_mode(self._profile.permission_mode))
