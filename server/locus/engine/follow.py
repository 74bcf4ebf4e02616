"""Watching runs from outside: polls the sizes of their files and folds what was added. Cheap enough for every 20-50 ms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from locus.engine import journal, store, stream
from locus.engine.store import JOURNAL, RunStore
from locus.errors import LocusError
from locus.model.activity import outcome
from locus.model.agent import Notice, as_line
from locus.model.events import Verified
from locus.model.fold import Fold
from locus.model.run import RunView

OUTPUT_LINES = 20
"""Of a failed command that named no problem, so much of the end of its output is in the log."""


@dataclass(frozen=True)
class LogLine:
    task: int
    at: str
    text: str
    stream: Literal["stdout", "stderr", "locus"] = "stdout"


def _last_newline(data: bytes) -> int:
    return data.rfind(b"\n") + 1


@dataclass
class _Tail:
    """The whole lines that were added to a file since the last look; a rotated or replaced file is read from its start."""

    path: Path
    whole: Callable[[bytes], int] = _last_newline
    """Where the last whole line ends."""
    offset: int = 0
    inode: int = 0
    number: int = 0

    def lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return
        if status.st_ino != self.inode or status.st_size < self.offset:
            if self.inode and (older := self._moved()) is not None:
                yield from self._rest(older)
            self.inode, self.offset = status.st_ino, 0
        if status.st_size > self.offset:
            yield from self._rest(self.path)

    def _moved(self) -> Path | None:
        """Where the file is now that was read so far; None where that one is gone too."""
        older = (self.path.with_name(name) for name in stream.OLDER)
        return next((path for path in older if path.exists() and path.stat().st_ino == self.inode), None)

    def _rest(self, path: Path) -> Iterator[tuple[int, bytes]]:
        with path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        whole = data[: self.whole(data)]
        self.offset += len(whole)
        for line in whole.splitlines():
            self.number += 1
            yield self.number, line


@dataclass
class Follower:
    """One run. `poll` says whether the view has changed since the last call."""

    runs: Path
    run_id: str
    log: bool = True
    """Whether the agents' lines are kept for `new_lines`; who only wants the view does without them."""
    view: RunView | None = None
    error: LocusError | None = None
    _fold: Fold = field(default_factory=Fold)
    _journal: _Tail | None = None
    _streams: dict[int, _Tail] = field(default_factory=dict)
    _lines: list[LogLine] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.runs / self.run_id

    def poll(self) -> bool:
        """A journal that cannot be read ends the following; `error` says why."""
        if self.error is not None:
            return False
        if self._journal is None:
            self._journal = _Tail(self.folder / JOURNAL, journal.whole)
        seq = self._fold.seq
        before = self.view
        try:
            self._read_on()
            changed = self._poll_streams() or self._fold.seq != seq
            if changed or (before is not None and before.alive):
                self.view = store.seen(self._fold, self.folder, self._read_on)
        except LocusError as error:
            self.error = error
            return True
        except OSError as error:
            self.error = LocusError(f"the run in {self.folder} cannot be read: {error.strerror}", "make its files readable for you")
            return True
        return self.view != before

    def _read_on(self) -> None:
        if self._journal is not None:
            for number, line in self._journal.lines():
                record = journal.parse(line, self._journal.path, number)
                if journal.follows(record, self._fold.seq, self._journal.path, number):
                    self._fold.apply(record)
                    if self.log and record.task is not None and isinstance(record.event, Verified):
                        self._lines.extend(LogLine(record.task, record.at, text, "locus") for text in _verified(record.event))

    def new_lines(self, task: int | None = None) -> list[LogLine]:
        """What the agents, or that of one `task`, said since the last call, and what verification found; it is not kept any longer."""
        lines, self._lines = sorted(self._lines, key=lambda line: line.at), []
        return [line for line in lines if task is None or line.task == task]

    def _poll_streams(self) -> bool:
        changed = False
        for number in self._fold.tasks:
            tail = self._streams.get(number)
            if tail is None:
                folder = self.folder / "tasks" / str(number)
                if not folder.exists():
                    continue
                tail = self._streams[number] = _Tail(folder / "events.jsonl")
                for line in stream.lines(folder, stream.OLDER):
                    self._heard(number, line)
            for _, line in tail.lines():
                self._heard(number, line)
                changed = True
        return changed

    def _heard(self, number: int, line: bytes) -> None:
        parsed = stream.parse(line)
        if parsed is None:
            return
        at, event, attempt = parsed
        self._fold.apply_agent(number, event, attempt)
        if not self.log:
            return
        source = event.stream if isinstance(event, Notice) else "locus"
        self._lines.extend(LogLine(number, at, text, source) for text in as_line(event).splitlines())


def _verified(event: Verified) -> Iterator[str]:
    yield outcome(event)
    yield from (f"  {problem}" for problem in event.problems)
    if event.more_problems:
        yield f"  ... and {event.more_problems} more"
    if not event.ok and not event.problems:
        yield from (f"  {line}" for line in event.output.splitlines()[-OUTPUT_LINES:])


@dataclass
class RunWatcher:
    """The views of all runs of one repository, found as they appear."""

    runs: Path
    _followers: dict[str, Follower] = field(default_factory=dict)
    _stamp: int = 0

    def poll(self) -> list[str]:
        """The ids of the runs whose view has changed since the last call."""
        self._discover()
        return [run_id for run_id, follower in self._followers.items() if self._due(follower) and follower.poll()]

    def views(self) -> list[RunView]:
        """Newest first."""
        return [follower.view for _, follower in sorted(self._followers.items(), reverse=True) if follower.view is not None]

    def view(self, run_id: str) -> RunView | None:
        follower = self._followers.get(run_id)
        return follower.view if follower else None

    def follower(self, run_id: str) -> Follower | None:
        return self._followers.get(run_id)

    @property
    def alive(self) -> bool:
        return any(view.alive for view in self.views())

    def _due(self, follower: Follower) -> bool:
        """An ended run is looked at again only when its journal grows: somebody has resumed it."""
        if follower.view is None or follower.view.alive:
            return True
        try:
            return (follower.folder / JOURNAL).stat().st_size != (follower._journal.offset if follower._journal else 0)
        except OSError:
            return False

    def _discover(self) -> None:
        try:
            changed = self.runs.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed != self._stamp:
            for run_id in RunStore(self.runs).ids():
                self._followers.setdefault(run_id, Follower(self.runs, run_id, log=False))
            self._stamp = changed
