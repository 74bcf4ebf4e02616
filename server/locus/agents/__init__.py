"""Who does the work. Each kind of agent is an adapter behind one Protocol; none knows another."""

from locus.agents.building import build
from locus.agents.choosing import resolve

__all__ = ["build", "resolve"]
