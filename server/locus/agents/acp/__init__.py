"""`acp`: any program that speaks the Agent Client Protocol (Gemini CLI, OpenCode, Goose, ...), through the protocol's own Python library.

That library takes half a second to import, so only a turn of such an agent loads it: `agent.py` does not.
"""

from locus.agents.acp.agent import AcpAgent

__all__ = ["AcpAgent"]
