"""What the repository may execute here: commands from its configuration run only after the person has allowed their exact text once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from locus.errors import InvalidArguments, LocusError
from locus.model.base import Model
from locus.model.config import AgentProfile, Command
from locus.model.config_layers import Merged, Source

_OF_THE_REPOSITORY: dict[Source, str] = {"repository": ".locus/config.json", "local": ".locus/config.local.json"}
"""Files that arrive with a clone or that an agent can write. The user's file and the editor's settings are the person's own."""

AGENT_SETTINGS = (".claude/settings.json", ".claude/settings.local.json", ".mcp.json", ".codex/config.toml", ".gemini/settings.json")
"""What agents read in a repository: hooks and servers that they would start."""

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class CommandText:
    text: str
    source: str
    """Where it comes from, for people: `agents.mine in .locus/config.json`."""

    @property
    def hash(self) -> str:
        return digest(self.text)


class TrustItem(Model):
    hash: str
    text: str
    source: str
    allowed: bool


def digest(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def command_text(command: Command) -> str:
    """One text for each command and one command for each text: a shell line never reads like a list of words."""
    return f"shell: {command}" if isinstance(command, str) else f"argv: {json.dumps(list(command))}"


def agent_text(profile: AgentProfile) -> str:
    text = command_text(profile.words)
    return f"{text}\nenv: {json.dumps(profile.env, sort_keys=True)}" if profile.env else text


def commands_of(merged: Merged, *, agents: Collection[str] | None = None) -> list[CommandText]:
    """What the repository's configuration would have executed: its agents (all, or only those named), then what verifies."""
    found: list[CommandText] = []
    for name, profile in merged.config.agents.items():
        file = _OF_THE_REPOSITORY.get(merged.origins.get(f"agents.{name}", "repository"))
        if file is not None and (agents is None or name in agents):
            found.append(CommandText(agent_text(profile), f"agents.{name} in {file}"))
    origin = merged.origins.get("verify", "repository")
    if merged.config.verify and (place := "found in this repository" if origin == "found" else _in(_OF_THE_REPOSITORY.get(origin))):
        found += [CommandText(command_text(check.run), f"verify {check.name!r} {place}") for check in merged.config.verify]
    return found


def _in(file: str | None) -> str | None:
    return f"in {file}" if file is not None else None


def agent_settings(folder: Path) -> list[CommandText]:
    """The settings for agents that a checkout brings along. None of them is needed: without permission agents do without."""
    found: list[CommandText] = []
    for name in AGENT_SETTINGS:
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            text = f"cannot be read: {error.strerror}"  # what cannot be seen is not what was allowed
        found.append(CommandText(f"settings: {name}\n{text}", name))
    return found


def is_the_persons(merged: Merged, agent: str) -> bool:
    """Whether the profile of that name is from the person's own file or the editor: what came with a clone cannot loosen anything."""
    return merged.origins.get(f"agents.{agent}") in ("user", "editor")


class TrustStore:
    """One small file for each allowed command, named by the hash and holding the text: `<state>/trust/<hash>`."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "trust"

    def allowed(self, hash: str) -> bool:
        """The text in the file must still be the one that its name says."""
        if not _HASH.fullmatch(hash):
            return False
        try:
            return hashlib.sha256((self._folder / hash).read_bytes()).hexdigest() == hash
        except FileNotFoundError:
            return False
        except OSError as error:
            raise LocusError(f"{self._folder / hash} cannot be read: {error.strerror}", "make it readable, or remove it") from error

    def show(self, merged: Merged, settings: Sequence[CommandText] = ()) -> list[TrustItem]:
        """Every command of the repository once per place it stands; and `settings` for agents."""
        return [
            TrustItem(hash=command.hash, text=command.text, source=command.source, allowed=self.allowed(command.hash))
            for command in (*commands_of(merged), *settings)
        ]

    def missing(self, commands: Sequence[CommandText]) -> list[CommandText]:
        """Those the person has not allowed, each text once."""
        unique: dict[str, CommandText] = {}
        for command in commands:
            unique.setdefault(command.hash, command)
        return [command for hash, command in unique.items() if not self.allowed(hash)]

    def allow(self, merged: Merged, hashes: Sequence[str], settings: Sequence[CommandText] = ()) -> None:
        """Allows commands by the hashes that `show` gave. A hash of none of them is refused, and then nothing is allowed."""
        texts = {command.hash: command.text for command in (*commands_of(merged), *settings)}
        unknown = [hash for hash in hashes if hash not in texts]
        if unknown:
            raise InvalidArguments(
                f"no command here has the hash {', '.join(unknown)}", "`locus trust` shows the commands and their hashes"
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for hash in hashes:
                self._write(hash, texts[hash])
        except OSError as error:
            raise LocusError(f"{self._folder} cannot be written: {error.strerror}", "make it writable") from error

    def _write(self, hash: str, text: str) -> None:
        temporary = self._folder / f".{hash}.{os.getpid()}.{threading.get_ident()}"
        temporary.write_bytes(text.encode("utf-8", "surrogatepass"))
        temporary.replace(self._folder / hash)
