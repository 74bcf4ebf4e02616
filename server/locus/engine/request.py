"""request.json: what a run was asked to do, with its configuration frozen. Resuming uses it, not today's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from locus.engine.files import dump, write_atomically
from locus.errors import LocusError, NotFound
from locus.model.base import Model
from locus.model.config import Config
from locus.model.plan import Wanted


class NeededCommand(Model):
    """A command of the repository's configuration that this run will execute, once the person has allowed its exact text."""

    text: str
    hash: str
    source: str


class RunRequest(Model):
    v: Literal[1] = 1
    run_id: str
    root: str
    """The path that the workspace was opened with."""
    mode: Literal["standalone", "sprint"]
    wanted: Wanted
    config: Config
    needs_trust: tuple[NeededCommand, ...] = ()
    interactive: bool = False
    """Somebody can be asked while the run goes on."""

    def save(self, folder: Path) -> None:
        write_atomically(folder / "request.json", dump(self.wire()))


def load(folder: Path) -> RunRequest:
    path = folder / "request.json"
    try:
        return RunRequest.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        raise NotFound(f"there is no run {folder.name}", "list runs with `locus status`") from error
    except (ValueError, ValidationError) as error:
        raise LocusError(f"{path} cannot be read: {error}", "start a new run") from error
