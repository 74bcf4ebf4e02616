"""request.json: what a run was asked to do, with its configuration frozen. Resuming uses it, not today's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from locus.engine.files import dump, write_atomically
from locus.errors import LocusError, NotFound
from locus.model.base import Model
from locus.model.config import Config, Merged, Source
from locus.model.plan import Wanted


class RunRequest(Model):
    v: Literal[1] = 1
    run_id: str
    root: str
    """The path that the workspace was opened with."""
    mode: Literal["standalone", "sprint"]
    wanted: Wanted
    config: Config
    origins: dict[str, Source]
    """Where each setting comes from; decides which commands a person must have allowed."""
    interactive: bool = False
    """Somebody can be asked while the run goes on."""

    def merged(self) -> Merged:
        return Merged(self.config, self.origins, ())

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
