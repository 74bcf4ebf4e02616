"""Which agent a name means, and which one `auto` is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from locus.agents.building import build
from locus.errors import LocusError, NotFound, Refused
from locus.model.config import AgentProfile, Config, built_in


def resolve(name: str, config: Config, root: Path) -> str:
    """Raises NotFound or Refused that lists the agents there are. `root` is where relative programs are found."""
    if name == "auto":
        return _auto(config, root)
    if name not in config.profiles:
        raise NotFound(
            f"there is no agent called {name!r}",
            f"known agents: {', '.join(sorted(config.profiles))}; add it under `agents` in .locus/config.json",
        )
    return name


def _auto(config: Config, root: Path) -> str:
    """The only one that is configured, or the only one of those that is there; without any, what needs no configuration and is there,
    first where somebody seems to have logged in."""
    if len(config.agents) == 1:
        return next(iter(config.agents))
    if config.agents:
        there = [name for name, profile in config.agents.items() if _missing(profile, root) is None]
        if len(there) == 1:
            return there[0]
        raise Refused("several agents are configured and none is chosen", f"set ai.provider or give --agent: {_listed(config.agents)}")
    problems = {name: _missing(profile, root) for name, profile in built_in().items()}
    there = [name for name, problem in problems.items() if problem is None]
    if not there:
        hints = [f"{name}: {problem.hint}" for name, problem in problems.items() if problem is not None]
        example = '{"agents": {"mine": {"kind": "shell", "argv": ["./agent.sh", "{prompt_file}"]}}}'
        raise Refused(
            f"no agent is configured, and neither {' nor '.join(problems)} is installed",
            "\n".join([*hints, f"or configure one in .locus/config.json: {example}"]),
        )
    return next((name for name in there if build(built_in()[name]).seems_ready()), there[0])


def _missing(profile: AgentProfile, root: Path) -> LocusError | None:
    try:
        build(profile).check(root)
    except LocusError as error:
        return error
    return None


def _listed(agents: Mapping[str, AgentProfile]) -> str:
    return ", ".join(sorted(agents))
