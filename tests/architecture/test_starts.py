"""Only `process`, and the programs beside it, start processes; the model reads and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import locus
from architecture.starts import input_and_output, process_starts

PACKAGE = Path(locus.__file__).parent
MAY_START = ("process/", "launcher.py", "supervisor.py")


def sources(folder: Path) -> dict[str, str]:
    return {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py"))}


def test_only_process_starts_processes() -> None:
    found = {name: starts for name, source in sources(PACKAGE).items() if (starts := process_starts(source))}
    assert {name for name in found if not name.startswith(MAY_START)} == set(), found
    assert found, "process starts processes: if none is found, this test looks at the wrong place"


def test_the_model_reads_and_writes_nothing() -> None:
    model = sources(PACKAGE / "model")
    assert len(model) > 5
    assert {name: calls for name, source in model.items() if (calls := input_and_output(source))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasyncio.create_subprocess_exec('git')",
        "import asyncio as a\na.create_subprocess_shell('git')",
        "from asyncio import create_subprocess_exec as go",
        "from asyncio.subprocess import create_subprocess_exec",
        "async def f(loop):\n    await loop.subprocess_exec(None, 'git')",
        "import os\nos.fork()",
        "import os\nos.execvpe('git', [], {})",
        "import os\nos.posix_spawnp('git', [], {})",
        "import os\nos.spawnv(0, 'git', [])",
        "from os import system",
        "def f():\n    import os as o\n    o.popen('git')",
    ],
)
def test_each_way_to_start_a_process_is_seen(source: str) -> None:
    assert process_starts(source)


@pytest.mark.parametrize(
    "source",
    ["import os\nos.environ", "import os\nos.getpid()", "import shutil\nshutil.which('git')", "x = {}\nx.system"],
)
def test_what_starts_nothing_is_left_alone(source: str) -> None:
    assert process_starts(source) == []


@pytest.mark.parametrize("source", ["open('x')", "def f():\n    print(1)", "x = input()", "__import__('os')", "eval('1')"])
def test_each_way_to_read_or_write_is_seen(source: str) -> None:
    assert input_and_output(source)
