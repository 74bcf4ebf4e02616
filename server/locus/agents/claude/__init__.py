"""Claude Code as an agent: agent.py starts it, session.py talks to it, translate.py understands what it says."""

from locus.agents.claude.agent import ClaudeAgent

__all__ = ["ClaudeAgent"]
