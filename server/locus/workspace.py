"""The composition root: one Workspace per repository. It knows the folders and builds the adapters, each when first used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locus.errors import LocusError, expected
from locus.model.config import Config
from locus.model.config_layers import Merged

if TYPE_CHECKING:
    from locus.agents.protocol import Agent
    from locus.repo.facts import Repository
    from locus.tracker.choosing import Choice, Memory
    from locus.tracker.github.keeper import GitHubTracker
    from locus.tracker.github.limits import Patience
    from locus.tracker.github.place import GitHubPlace
    from locus.tracker.local import LocalTracker
    from locus.tracker.protocol import Tracker
    from locus.trust import TrustStore

DATABASE = "locus.db"
"""The embedded tracker's, in the state folder."""


class Workspace:
    """`path` may be anywhere inside a repository. Raises Refused where there is none.

    `editor` are the settings the editor sent; `trusted` is false while the editor distrusts the folder; `mirrored` shows tasks as they were
    at the last look, so that nothing waits for the network. `patience` is how a keeper that has to wait does so. `keep_open`: the embedded
    tracker's file stays open from one use to the next until `close`; that is quicker, and in the way of whoever would unmount its disk.
    """

    def __init__(
        self,
        path: Path,
        *,
        editor: Mapping[str, Any] | None = None,
        trusted: bool = True,
        mirrored: bool = False,
        patience: Patience | None = None,
        keep_open: bool = False,
    ) -> None:
        from locus.repo.facts import discover

        self.repo: Repository = discover(path)
        self.editor = dict(editor or {})
        self.trusted = trusted
        self.mirrored = mirrored
        self.patience = patience
        self.keep_open = keep_open
        self._chosen: Choice | LocusError | None = None
        self._memory: Memory | None = None

    # Where things lie.

    @property
    def root(self) -> Path:
        """The person's checkout, or the repository itself where it is bare."""
        return self.repo.toplevel or self.repo.main

    @property
    def folder(self) -> str:
        return self.repo.main.as_uri()

    @property
    def state(self) -> Path:
        return self.repo.state_dir

    @property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def locks(self) -> Path:
        return self.state / "locks"

    def branch_lock(self, branch: str) -> Path:
        return self.locks / f"branch-{branch.replace('/', '-')}"

    # What it is made of.

    def settings(self, unsaved: Mapping[Path, str] | None = None) -> Merged:
        """As the files say at this moment, or the editor's `unsaved` texts of them; nothing raises, problems are listed."""
        from locus import settings

        return settings.load(self.repo.locus_dir, editor=self.editor, trusted=self.trusted, unsaved=unsaved)

    def config(self) -> Config:
        """The valid configuration; raises Refused that lists what is wrong."""
        from locus import settings

        merged = self.settings()
        settings.require_valid(merged)
        return merged.config

    async def settle(self, *, anew: bool = False) -> None:
        """Finds out which keeper has the tasks; before `tracker` is asked for, and cheap when nothing has changed. `anew`: what gh has
        said before is not believed."""
        from locus.tracker.choosing import Memory, choose

        if anew or self._memory is None:
            self._memory = Memory()
        try:
            found: Choice | LocusError = await choose(self.repo, self.settings().config.tracker, self._memory)
        except (LocusError, ExceptionGroup) as error:  # git is asked for several things at once
            known = expected(error)
            if known is None:
                raise
            found = known
        before, self._chosen = self._chosen, found
        if _place(found) != _place(before):
            self.__dict__.pop("_keeper", None)

    @property
    def is_settled(self) -> bool:
        """Before, `keeper` is but a guess."""
        return self._chosen is not None

    @property
    def tracker(self) -> Tracker:
        """The embedded one until `settle` has found another. Raises LocusError where none can be had."""
        if isinstance(self._chosen, LocusError):
            raise self._chosen
        return self._keeper

    @property
    def tracker_reason(self) -> str:
        """Why it is this one."""
        return "" if self._chosen is None or isinstance(self._chosen, LocusError) else self._chosen.why

    @cached_property
    def _keeper(self) -> Tracker:
        place = _place(self._chosen)
        if place is None:
            return self.embedded
        mirror = self.state / "github.json" if self.mirrored else None
        return self.github(place, decided=self.decide, mirror=mirror, patience=self.patience)

    @cached_property
    def embedded(self) -> LocalTracker:
        """The one of this repository, whichever has the tasks."""
        from locus.tracker.local import LocalTracker

        return LocalTracker(self.state / DATABASE, keep_open=self.keep_open)

    def github(self, place: GitHubPlace, *, patience: Patience | None = None, **more: Any) -> GitHubTracker:
        """The keeper at this place, whichever has the tasks."""
        from locus.tracker.github.keeper import GitHubTracker

        given = {"patience": patience, **more} if patience is not None else more
        return GitHubTracker(place, root=self.repo.main, locks=self.locks, limits=self.repo.locus_dir / "rate-limit.json", **given)

    @property
    def place(self) -> GitHubPlace | None:
        """Where on GitHub the tasks are; None where the embedded tracker has them."""
        return _place(self._chosen)

    @property
    def keeper(self) -> str:
        """The name of the one that `settle` has found: `local` or `owner/repo`."""
        return self.place.full_name if self.place is not None else "local"

    def close(self) -> None:
        """Closes what was kept open; it can be used all the same."""
        if "embedded" in self.__dict__:
            self.embedded.let_go()

    def decide(self) -> None:
        """From now on the tasks stay where they are found now: where nothing has been written yet, this is the decision."""
        from locus.tracker.choosing import record

        if (place := self.place) is not None:
            record(self.state, place)

    @property
    def tasks_file(self) -> Path:
        """What changes when somebody changes tasks: the embedded tracker's database, or what was last seen of GitHub."""
        return self.state / (DATABASE if self.place is None else "github.json")

    @property
    def head_log(self) -> Path:
        """What grows when the person commits, merges or switches in their checkout."""
        return self.repo.git_dir / "logs" / "HEAD"

    @property
    def has_tasks(self) -> bool:
        """Looking must not make a database where nobody has asked for one."""
        return self.place is not None or self.tasks_file.exists()

    @cached_property
    def trust(self) -> TrustStore:
        from locus.trust import TrustStore

        return TrustStore(self.state)

    def agent(self, name: str, config: Config) -> tuple[str, Agent]:
        """The agent called `name`, or the one that `auto` is, with its resolved name."""
        from locus.agents import build, resolve

        resolved = resolve(name, config, self.root)
        return resolved, build(config.profiles[resolved])

    # The active sprint: a person's choice, kept out of the committed configuration.

    def active_sprint(self, config: Config | None = None) -> str | None:
        try:
            return (self.state / "active-sprint").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return (config or self.settings().config).sprint.active

    def activate_sprint(self, name: str | None) -> None:
        path = self.state / "active-sprint"
        self.state.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_text(f"{name or ''}\n", encoding="utf-8")
        temporary.replace(path)


def _place(chosen: Choice | LocusError | None) -> GitHubPlace | None:
    return None if chosen is None or isinstance(chosen, LocusError) else chosen.place
