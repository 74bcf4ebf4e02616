"""A few files whose changes matter, looked at four times a second; no client has to watch them for us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from locus.lsp.tasks import Tasks

EVERY = 0.25

_Stamp = tuple[int, int, int] | None


class DiskWatch:
    def __init__(self, tasks: Tasks) -> None:
        self._callbacks: Mapping[Path, Callable[[], None]] = {}
        self._seen: dict[Path, _Stamp] = {}
        tasks.start(self._run(), "watching files")

    def watch(self, callbacks: Mapping[Path, Callable[[], None]]) -> None:
        """These files and no others. Each is called once now, by the first look, and after every change of its file."""
        self._callbacks = dict(callbacks)
        self._seen = {}

    async def _run(self) -> None:
        while True:
            callbacks, seen = self._callbacks, self._seen
            stamps = await asyncio.to_thread(_stamps, list(callbacks))
            for path, stamp in stamps.items():
                if path not in seen or seen[path] != stamp:
                    seen[path] = stamp
                    callbacks[path]()
            await asyncio.sleep(EVERY)


def _stamps(paths: Iterable[Path]) -> dict[Path, _Stamp]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:  # not there (any more), or not to be seen: both are a state it can change from
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
