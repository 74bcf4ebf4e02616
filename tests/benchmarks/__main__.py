"""`make bench`: measures Locus against its budgets (docs/benchmarks.md) and prints a table.

It fails where something cannot be measured, never because of a number.
."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks import editing, hosted, listening, measure, running, serving, trees
from benchmarks.measure import Row

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
BENCHMARKS: dict[str, Callable[[Path, bool], Coroutine[Any, Any, list[Row]]]] = {
    "initialize": serving.initialize,
    "start": serving.acknowledged,
    "tasks": running.tasks,
    "github": hosted.sprint,
    "lines": listening.lines,
    "requests": editing.requests,
    "told": editing.told,
    "memory": editing.memory,
    "worktree": trees.worktree,
    "recovery": running.recovery,
    "shutdown": serving.shutdown,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="few repetitions and small repositories: whether it works, not how fast it is")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="locus-bench-", ignore_cleanup_errors=True) as folder:
        for name in options.names or BENCHMARKS:
            print(f"{name} ...", file=sys.stderr, flush=True)
            rows += asyncio.run(BENCHMARKS[name](Path(folder) / name, options.quick))
    result = f"{measure.machine()}{' (quick)' if options.quick else ''}\n\n{measure.table(rows)}"
    print(result)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            re.sub(r"<!-- measured -->\n.*<!-- end -->", lambda _: f"<!-- measured -->\n{result}\n<!-- end -->", page, flags=re.DOTALL),
            encoding="utf-8",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
