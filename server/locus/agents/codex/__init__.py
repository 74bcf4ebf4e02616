"""Codex as an agent: agent.py starts `codex app-server`, session.py talks to it, conversation.py knows what is said when, and items.py,
approvals.py and ending.py understand what it says. What is used of its protocol is written down in contract.py."""

from locus.agents.codex.agent import CodexAgent

__all__ = ["CodexAgent"]
