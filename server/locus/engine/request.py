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
from locus.model.config_layers import Merged, Source
from locus.model.plan import Wanted

FORMAT = 1
_ANEW = "start a new run; what this one left stays where it is"


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
    only: tuple[int, ...] | None = None
    """Of a resumed run: just these tasks are taken up."""

    def merged(self) -> Merged:
        return Merged(self.config, self.origins, ())

    def save(self, folder: Path) -> None:
        """With the keys that a person may have given their agents in a file that only they can read."""
        write_atomically(folder / "request.json", dump(self.wire()), private=True)


def load(folder: Path) -> RunRequest:
    """Raises NotFound where it is gone, LocusError where it cannot be read: such a run cannot be resumed, its files stay."""
    path = folder / "request.json"
    try:
        value = json.loads(path.read_bytes())
        if isinstance(value, dict) and isinstance(value.get("v"), int) and value["v"] > FORMAT:
            raise LocusError(f"{path} was written by a newer Locus (format {value['v']})", "upgrade Locus, then try again")
        return RunRequest.model_validate(value)
    except FileNotFoundError as error:
        raise NotFound(f"the run {folder.name} cannot be resumed: its request.json is gone", _ANEW) from error
    except OSError as error:
        raise LocusError(f"{path} cannot be read: {error.strerror}", "make it a file that you may read") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "it"
        raise LocusError(f"{path} is not a run's request: {where}: {first['msg'].lower()}", _ANEW) from error
    except (ValueError, RecursionError) as error:
        raise LocusError(f"{path} is damaged: {error}", _ANEW) from error
