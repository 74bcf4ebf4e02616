"""What agents and commands print, however much it is: the runner stays small, head and end are kept, what is quoted is short."""

from __future__ import annotations

import re
import shlex
import sys
import weakref
from pathlib import Path

import pytest

from locus.engine import journal, store, stream
from locus.engine.follow import Follower
from locus.engine.stream import CAP, Stream
from locus.errors import LocusError
from locus.model.agent import Notice
from locus.model.events import Verified
from support.house import House, done, states
from support.procs import until_async

SMALL = 150 * 1024
"""KiB; a runner takes some 60 MiB in any case."""


@pytest.fixture
def printer(tmp_path: Path) -> str:
    """A command that prints: `<byte> <megabytes> <newlines between them>`."""
    script = tmp_path / "printer.py"
    script.write_text(
        "import os, sys\nbyte, count, newline = bytes([int(sys.argv[1])]), int(sys.argv[2]), b'\\n' * int(sys.argv[3])\n"
        "for _ in range(count):\n    rest = byte * 1000000 + newline\n    while rest: rest = rest[os.write(1, rest):]\n"
    )
    return shlex.join([sys.executable, "-I", "-S", str(script)])


def peak(pid: int) -> int:
    """The most memory that the process ever had, in KiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def waits(folder: Path) -> str:
    return f"touch {folder}/came; until [ -e {folder}/go ]; do sleep 0.02; done"


@pytest.mark.parametrize(("byte", "count", "newlines"), [("120", 200, 0), ("0", 25, 1)], ids=["line", "nul"])
async def test_an_agent(house: House, tmp_path: Path, printer: str, byte: str, count: int, newlines: int) -> None:
    """Bytes that are no text grow on their way into a file."""
    number = await house.issue(f"{printer} {byte} {count} {newlines}", "echo; echo the end; touch a.txt", waits(tmp_path))
    run_id = await house.start(number)
    await until_async(lambda: (tmp_path / "came").exists(), 30)
    assert peak(house.runner_pid(run_id)) < SMALL
    (tmp_path / "go").touch()
    assert done(await house.ended(run_id))
    said = stream.lines(house.ws.runs / run_id / "tasks" / str(number))
    assert sum(map(len, said)) < 3 * (CAP + 8_000_000)
    events = [parsed[1] for line in said if (parsed := stream.parse(line))]
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert texts[0].startswith("$ ") and texts[-1].startswith("$ touch") and "the end" in texts
    assert any(text.endswith("[... cut after 1048576 bytes]") for text in texts) or newlines


async def test_a_verification(house: House, tmp_path: Path, printer: str) -> None:
    house.configure(verify=[{"name": "talks", "run": f"{printer} 120 150 1; echo the end; {waits(tmp_path)}; false"}], agent_maxAttempts=1)
    number = await house.issue("touch a.txt")
    run_id = await house.start(number)
    await until_async(lambda: (tmp_path / "came").exists(), 30)
    assert peak(house.runner_pid(run_id)) < SMALL
    (tmp_path / "go").touch()
    assert states(await house.ended(run_id)) == ["failed"]
    (result,) = [record.event for record in journal.read(house.ws.runs / run_id / store.JOURNAL) if isinstance(record.event, Verified)]
    assert result.output.endswith("\nthe end") and len(result.output) <= 20_000


async def test_a_long_last_line_is_quoted_in_part(house: House, printer: str) -> None:
    number = await house.issue(f"{printer} 120 1 0 >&2; exit 1")
    view = await house.run(number)
    error = str(view.tasks[0].error)
    assert error.startswith("the agent exited with 7: xxx") and len(error) < 1000
    assert (house.ws.runs / view.id / store.JOURNAL).stat().st_size < 20_000


async def test_a_verification_that_closes_its_streams_is_still_bounded_in_time(house: House) -> None:
    house.configure(verify=[{"name": "mute", "run": "exec >/dev/null 2>&1; sleep 600", "timeout": 0.3}], agent_maxAttempts=1)
    number = await house.issue("touch a.txt")
    view = await house.run(number)
    assert states(view) == ["failed"] and "mute" in str(view.tasks[0].error)


async def test_who_follows_a_run_keeps_only_what_nobody_has_read_yet(house: House) -> None:
    view = await house.run(await house.issue("echo first", "echo second", "touch a.txt"))
    follower = Follower(house.ws.runs, view.id)
    follower.poll()
    lines = follower.new_lines()
    assert {"first", "second"} <= {line.text for line in lines}
    kept = weakref.ref(lines[0])
    del lines
    assert kept() is None
    assert follower.new_lines() == []


def test_head_and_end_of_a_stream_are_kept(tmp_path: Path) -> None:
    written = Stream(tmp_path, cap=1000)
    for number in range(200):
        written.write(Notice(text=f"line {number}"), 1)
    written.close()
    events = [parsed[1] for line in stream.lines(tmp_path) if (parsed := stream.parse(line))]
    texts = [event.text for event in events if isinstance(event, Notice)]
    assert texts[0] == "line 0" and texts[-1] == "line 199" and len(texts) < 50


async def test_a_stream_that_cannot_be_written_is_told_as_it_is(house: House) -> None:
    number = await house.issue("echo words", "touch a.txt")
    run_id = await house.request(number)
    folder = house.ws.runs / run_id / "tasks" / str(number)
    folder.mkdir(parents=True)
    (folder / "events.jsonl").symlink_to("/dev/full")
    view = await house.carry_on(run_id)
    assert states(view) == ["failed"] and "No space left" in str(view.tasks[0].error) and view.tasks[0].hint
    with pytest.raises(LocusError, match="No space left"):
        Stream(folder).write(Notice(text="x"), 1)
