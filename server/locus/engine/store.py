"""The runs of one repository, as they lie on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from locus import locks
from locus.engine import clock, journal
from locus.errors import LocusError, NotFound
from locus.model import naming
from locus.model.events import RunEnded
from locus.model.fold import Fold
from locus.model.run import RunView
from locus.model.states import RunState
from locus.model.view import view_of

JOURNAL, LOCK, LOG, INBOX = "journal.jsonl", "lock", "runner.log", "inbox"


_LAST_LINE = 4096
"""Bytes at the end of a journal in which its last line is looked for."""
_MILLISECOND = timedelta(milliseconds=1)


class RunStore:
    def __init__(self, runs: Path) -> None:
        self.folder = runs

    def ids(self) -> list[str]:
        """Newest first."""
        try:
            names = [entry.name for entry in os.scandir(self.folder) if entry.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LocusError(
                f"the runs in {self.folder} cannot be listed: {error.strerror}", "make it a folder that you may use"
            ) from error
        return sorted(names, reverse=True)

    def make(self) -> Path:
        """The empty folder of a new run. Its id is unique, and sorts after all others even where the clock has been set back."""
        while True:
            now = clock.now().replace(tzinfo=None)
            newest = next((began for run_id in self.ids() if (began := naming.run_began(run_id)) is not None), None)
            if newest is not None:
                now = max(now, newest + _MILLISECOND)
            folder = self.folder / f"{now.strftime(naming.RUN_TIME)[:-3]}-{os.urandom(2).hex()}"
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder

    def path(self, run_id: str) -> Path:
        """Raises NotFound; ids come from people and editors and never leave the folder."""
        if run_id not in self.ids():
            raise NotFound(f"there is no run {run_id}", "list runs with `locus status`")
        return self.folder / run_id

    def view(self, run_id: str) -> RunView:
        """Raises NotFound where there is no such run or it has no journal, LocusError where that cannot be read."""
        return self._view(self.path(run_id))

    def _view(self, folder: Path) -> RunView:
        fold = Fold()
        size = -1

        def read_on() -> None:
            nonlocal size
            before, size = size, _size(folder / JOURNAL)
            for record in journal.read(folder / JOURNAL) if size != before else ():
                if record.seq > fold.seq:
                    fold.apply(record)

        read_on()
        view = seen(fold, folder, read_on)
        if view is None:
            raise NotFound(
                f"nothing is known of the run {folder.name}: {folder / JOURNAL} is missing, or lacks its beginning", "start a new run"
            )
        return view

    def views(self, *, state: RunState | None = None, limit: int | None = None) -> list[RunView]:
        """Newest first; a run whose journal cannot be read does not hide the others."""
        found: list[RunView] = []
        for run_id in self.ids():
            if limit is not None and len(found) >= limit:
                break
            try:
                view = self._view(self.folder / run_id)
            except LocusError:
                continue  # `show` and the doctor say what is wrong with it
            if state is None or view.state is state:
                found.append(view)
        return found

    def unfinished(self) -> Iterator[str]:
        """The ids of the runs that are not done, newest first, from the last lines of their journals: quick however many there are."""
        return (run_id for run_id in self.ids() if not _done(self.folder / run_id / JOURNAL))

    def unreadable(self) -> dict[str, LocusError]:
        """The runs that `views` leaves out, and why; not those that are just being started."""
        problems: dict[str, LocusError] = {}
        for run_id in self.ids():
            try:
                self._view(self.folder / run_id)
            except LocusError as error:
                if not (isinstance(error, NotFound) and locks.is_held(self.folder / run_id / LOCK)):
                    problems[run_id] = error
        return problems


def _done(path: Path) -> bool:
    """Whether the last line says so; false where that cannot be told."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LAST_LINE))
            end = file.read()
        record = journal.parse(end.rstrip(b"\n").rpartition(b"\n")[2], path, 0) if end.endswith(b"\n") else None
    except (OSError, LocusError):
        return False
    return record is not None and isinstance(record.event, RunEnded) and not record.event.state.unfinished


def _size(path: Path) -> int:
    """0 where it cannot be told."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def seen(fold: Fold, folder: Path, read_on: Callable[[], None]) -> RunView | None:
    """The view of a folded journal, with the lock's word on whether anybody is still writing it.

    When nobody is, `read_on` folds what was written between the reading and this look: a run that has just ended is not lost.
    """
    if fold.state.ended or locks.is_held(folder / LOCK):
        return view_of(fold)
    read_on()
    return view_of(fold, held=False, log_tail=tail(folder / LOG))


def tail(path: Path, size: int = 400) -> str | None:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size))
            return file.read().decode("utf-8", "replace").strip().rpartition("\n")[2] or None
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
