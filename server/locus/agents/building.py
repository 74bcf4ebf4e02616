"""The adapter of each kind of agent, loaded when it is asked for."""

from __future__ import annotations

from locus.agents.protocol import Agent
from locus.model.config import AgentProfile


def build(profile: AgentProfile) -> Agent:
    match profile.kind:
        case "shell":
            from locus.agents.shell import ShellAgent

            return ShellAgent(profile)
        case "acp":
            from locus.agents.acp import AcpAgent

            return AcpAgent(profile)
        case "claude":
            from locus.agents.claude import ClaudeAgent

            return ClaudeAgent(profile)
        case "codex":
            from locus.agents.codex import CodexAgent

            return CodexAgent(profile)
