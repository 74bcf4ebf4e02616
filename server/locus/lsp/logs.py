"""Where the server's log goes: stderr, which editors show as the server's output, and a file if one is named."""

from __future__ import annotations

import logging
import queue
import sys
import threading
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_WAITING = 10_000


class _DroppingQueueHandler(QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        """A client that does not read our stderr costs log lines, never the event loop."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


class Logs:
    """Started once per process; `close` writes what waits."""

    def __init__(self, level: str = "INFO", file: Path | None = None) -> None:
        """Raises OSError when the file cannot be written."""
        targets: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
        if file is not None:
            targets.append(logging.FileHandler(file, encoding="utf-8", errors="backslashreplace"))
        for target in targets:
            target.setFormatter(logging.Formatter(_FORMAT))
        waiting: queue.Queue[logging.LogRecord] = queue.Queue(_WAITING)
        root = logging.getLogger()
        root.addHandler(_DroppingQueueHandler(waiting))
        root.setLevel(level.upper())
        for noisy in ("pygls", "asyncio"):  # pygls logs whole messages at INFO: source code and issue texts
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._listener = QueueListener(waiting, *targets)
        self._listener.start()

    def close(self, seconds: float = 0.2) -> None:
        """Waits at most `seconds`: nobody may be reading stderr."""
        closing = threading.Thread(target=self._listener.stop, name="locus-log-end", daemon=True)
        closing.start()
        closing.join(seconds)
