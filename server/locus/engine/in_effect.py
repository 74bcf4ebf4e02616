"""The configuration that runs have: as set, and where nobody has set `verify` with the checks that the repository itself uses.

A check that was found is a command of the repository like any other: it runs once the person has allowed its text. Nobody is asked for its
sake alone and no run is refused; it is left out, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from locus import process
from locus.engine.found_checks import Found, look
from locus.model.config import Command, text_of
from locus.model.config_layers import Merged, Source
from locus.trust import command_text, digest
from locus.workspace import Workspace


@dataclass(frozen=True)
class InEffect:
    merged: Merged
    """With every check that was found and can be run."""
    found: Found

    def allowed(self, ws: Workspace) -> Merged:
        """With those that the person has allowed."""
        if self.merged.origins.get("verify") != "found":
            return self.merged
        return _with(self.merged, Found(tuple(check for check in self.found.checks if ws.trust.allowed(_hash(check.command.run)))))

    def notes(self, used: Merged) -> list[str]:
        """What a person should know about it, when a run has the configuration `used`."""
        names = {check.name for check in used.config.verify} if used.origins.get("verify") == "found" else set()
        verified = [f"{check.command.name} (`{text_of(check.command.run)}`)" for check in self.found.checks if check.command.name in names]
        waiting = [f"{check.command.name} ({check.why})" for check in self.found.checks if check.command.name not in names]
        notes = [f"verify is not set; found in this repository, and used: {', '.join(verified)}"] if verified else []
        if waiting:
            notes.append(
                f"verify is not set; found in this repository, not used before you allow it with `locus trust`: {', '.join(waiting)}"
            )
        return notes

    @property
    def unusable(self) -> list[str]:
        return [f"used in this repository, but not usable for verification: {each}" for each in self.found.unusable]


def in_effect(ws: Workspace) -> InEffect:
    merged = ws.settings()
    if "verify" in merged.origins or not merged.config.verify_detect or not ws.trusted or ws.repo.toplevel is None:
        return InEffect(merged, Found())
    found = look(ws.repo.main, process.agent_env().get("PATH", ""))
    return InEffect(_with(merged, found), found)


def _with(merged: Merged, found: Found) -> Merged:
    origins: dict[str, Source] = {key: source for key, source in merged.origins.items() if key != "verify"}
    if found.checks:
        origins["verify"] = "found"
    config = merged.config.model_copy(update={"verify": tuple(check.command for check in found.checks)})
    return replace(merged, config=config, origins=origins)


def _hash(command: Command) -> str:
    return digest(command_text(command))
