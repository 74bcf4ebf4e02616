"""Who does the work. Each kind of agent is an adapter behind one Protocol; none knows another."""

from __future__ import annotations

from locus.agents.protocol import Agent
from locus.model.config import AgentProfile


def build(profile: AgentProfile) -> Agent:
    match profile.kind:
        case "shell":
            from locus.agents.shell import ShellAgent

            return ShellAgent(profile)
