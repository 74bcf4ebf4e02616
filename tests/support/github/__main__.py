"""The stand-in as a program of its own: `PYTHONPATH=tests python -m support.github --socket /tmp/s --state world.json`.

The world is read from the file if it is there, and written to it after each change. Says "listening" once it does; ends with SIGTERM
or SIGINT.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from support.github.github import GitHub


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m support.github", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="a path of 100 bytes at the most")
    parser.add_argument("--state", type=Path, help="the world as JSON")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds that each request takes")
    given = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with GitHub(given.socket, state=given.state, latency=given.latency / 1000):
        print("listening", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
