"""Journals and requests that a power cut, a newer Locus or a person has changed: understood, or refused clearly and left as they are."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.engine import store
from locus.engine.follow import Follower, RunWatcher
from locus.engine.journal import Journal, read
from locus.engine.store import RunStore
from locus.errors import LocusError, NotFound, Refused
from locus.model.events import RequestedTask, RunRequested, RunStarted, Warned
from locus.model.run import RunView
from support.house import House, done, states
from support.resuming import failed, mended, resume, starts
from support.unprivileged import open_folder, run_as_somebody

Damage = Callable[[bytes], bytes]


def journal_of(house: House, view: RunView) -> Path:
    return house.ws.runs / view.id / store.JOURNAL


def small_journal(folder: Path, *, warnings: int = 3) -> Journal:
    journal = Journal(folder / store.JOURNAL)
    task = RequestedTask(number=1, title="T")
    journal.append(RunRequested(run_id=folder.name, folder="file:///", mode="standalone", base="main", tasks=(task,)))
    journal.append(RunStarted())
    for number in range(warnings):
        journal.append(Warned(message=f"warning {number}"))
    return journal


def lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def seen(view: RunView | None) -> object:
    """All but what only a follower knows, what the agent is just doing."""
    return view and view.model_copy(update={"tasks": tuple(task.model_copy(update={"activity": None}) for task in view.tasks)})


# What a crash of the machine leaves is cut off and kept aside; the run goes on from the last whole line.

TORN: dict[str, Damage] = {
    "in the middle of a line": lambda data: data + b'{"v":1,"seq":9999,"at":"20',
    "zero bytes": lambda data: data + b"\0" * 4096,
    "a line after zero bytes": lambda data: data + b"\0" * 512 + b'...","kind":"x"}\n' + lines(data)[-1],
    "half a character": lambda data: data + b'{"v":1,"at":"\xc3',
}


@pytest.mark.parametrize("torn", TORN)
async def test_what_a_power_cut_left_is_cut_off_and_kept_aside(house: House, torn: str) -> None:
    view = await failed(house)
    path = journal_of(house, view)
    good = path.read_bytes()
    path.write_bytes(TORN[torn](good))
    assert [each.id for each in await house.call("locus.run.list")] == [view.id]
    follower = Follower(house.ws.runs, view.id)
    assert follower.poll() and follower.error is None and seen(follower.view) == seen(view)
    mended(house).touch()
    again = await resume(house)
    assert done(again), again
    assert path.read_bytes().startswith(good)
    assert path.with_name("journal.jsonl.fragment").read_bytes() == TORN[torn](good)[len(good) :] + b"\n"
    follower.poll()
    assert seen(follower.view) == seen(again)


async def test_a_crash_in_the_middle_of_a_task_loses_only_its_unwritten_lines(house: House) -> None:
    """The journal ends in the middle of the line that says the task has failed: the run is lost, and taken up."""
    view = await failed(house)
    path = journal_of(house, view)
    whole = lines(path.read_bytes())
    last = next(number for number, line in enumerate(whole) if b'"failed"' in line)
    path.write_bytes(b"".join(whole[:last]) + whole[last][:20])
    lost = house.view(view.id)
    assert lost.state == "lost" and states(lost) == ["interrupted"]
    mended(house).touch()
    assert done(await resume(house)) and starts(house, 1) == 2


def test_a_disk_that_is_full_for_a_moment_leaves_no_half_a_line(tmp_path: Path) -> None:
    journal = small_journal(tmp_path / "run-1")
    before = journal.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
        with pytest.raises(LocusError, match="cannot write the journal"):
            journal.append(Warned(message="there is room for 20 bytes of this"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.path.read_bytes() == before
    journal.append(Warned(message="room again"))
    assert read(journal.path)[-1].seq == 6


# What people do to a journal.


async def test_lines_that_stand_there_twice_count_once(house: House) -> None:
    view = await failed(house)
    path = journal_of(house, view)
    whole = lines(path.read_bytes())
    path.write_bytes(b"".join(line for line in whole for _ in range(2)) + b"".join(whole[: len(whole) // 2]))
    assert house.view(view.id) == view
    mended(house).touch()
    again = await resume(house)
    assert done(again) and starts(house, 1) == 2
    follower = Follower(house.ws.runs, view.id)
    follower.poll()
    assert seen(follower.view) == seen(house.view(view.id)) == seen(again)


DAMAGED: dict[str, tuple[Damage, str]] = {
    "no JSON": (lambda data: data.replace(lines(data)[2], b"what is this?\n"), "journal.jsonl:3 is not a journal record: "),
    "not an object": (lambda data: data.replace(lines(data)[2], b"[1, 2]\n"), "journal.jsonl:3 is not a journal record: not an object"),
    "deeply nested": (lambda data: data + b"[" * 100_000 + b"\n", " is not a journal record: "),
    "without its number": (lambda data: data.replace(b'"seq":2,', b"", 1), "journal.jsonl:2 is not a journal record: "),
    "a line missing": (lambda data: data.replace(lines(data)[3], b"", 1), "journal.jsonl:4 lacks what came before it: the records 4 to 4"),
    "another run's": (lambda data: data.replace(b'"runId":"run-', b'"runId":"my-', 1), "journal.jsonl:1 belongs to my-"),
    "a newer Locus'": (
        lambda data: data + b'{"v":2,"sequence":"new"}\n',
        "journal.jsonl was written by a newer Locus (format 2)",
    ),
    "empty": (lambda _: b"", "is missing, or lacks its beginning"),
    "without its beginning": (lambda _: b'{"v":1,"seq":1,"at":"","kind":"odd"}\n', "is missing, or lacks its beginning"),
}


async def test_a_damaged_journal_is_refused_and_left_alone(house: House) -> None:
    view = await failed(house)
    path = journal_of(house, view)
    good = path.read_bytes()
    for change, words in DAMAGED.values():
        path.write_bytes(damaged := change(good))
        await assert_refused(house, view, words)
        assert path.read_bytes() == damaged
    path.unlink()
    await assert_refused(house, view, "is missing, or lacks its beginning")
    path.mkdir()
    await assert_refused(house, view, "cannot be read: Is a directory")
    path.rmdir()
    path.write_bytes(good)
    assert starts(house, 1) == 1, "nothing was done again"
    mended(house).touch()
    assert done(await resume(house)), "once it is restored"


async def assert_refused(house: House, view: RunView, words: str) -> None:
    """By every road, with a hint; and the doctor knows."""
    with pytest.raises(LocusError) as told:
        await resume(house, run_id=view.id)
    assert words in told.value.message and told.value.hint
    with pytest.raises(Refused, match=f"there is no unfinished run to resume\n  {view.id} cannot be resumed: ") as none:
        await resume(house)
    assert words in none.value.message and none.value.hint == told.value.hint
    assert await house.call("locus.run.list") == []
    leftovers = next(check for check in await house.call("locus.doctor") if check.check == "leftovers")
    assert not leftovers.ok and words in leftovers.detail


async def test_one_damaged_run_does_not_stand_in_the_way_of_the_others(house: House) -> None:
    """Each kind of damage at once, and among them a healthy run that can be resumed."""
    view = await failed(house)
    whole = journal_of(house, view).read_bytes()
    for number, (change, _) in enumerate(DAMAGED.values()):
        folder = house.ws.runs / f"run-1999-01-01T00-00-{number:02}-000-aaaa"
        folder.mkdir()
        (folder / store.JOURNAL).write_bytes(change(whole.replace(view.id.encode(), folder.name.encode())))
    (house.ws.runs / "run-1999-02-01T00-00-00-000-bbbb" / store.JOURNAL).mkdir(parents=True)
    (house.ws.runs / "run-1999-02-01T00-00-01-000-bbbb" / store.LOG).mkdir(parents=True)
    (house.ws.runs / "notes.txt").write_text("a person's")
    shutil.copytree(house.ws.runs / view.id, house.ws.runs / f"{view.id} copy")
    assert [each.id for each in await house.call("locus.run.list")] == [view.id]
    watcher = RunWatcher(house.ws.runs)
    watcher.poll()
    assert [each.id for each in watcher.views()] == [view.id]
    mended(house).touch()
    assert done(await resume(house))
    assert house.run_state() is None


def test_a_runs_folder_that_may_not_be_read_is_left_out() -> None:
    with open_folder() as folder:
        small_journal(folder / "run-1").close()
        small_journal(folder / "run-2").close()
        small_journal(folder / "run-3").close()
        (folder / "run-2").chmod(0)
        (folder / "run-3" / store.JOURNAL).chmod(0)
        before = (
            "from pathlib import Path\nfrom locus.engine.follow import RunWatcher\nfrom locus.engine.store import RunStore\n"
            "folder = Path(sys.argv[1])\nRunWatcher(folder).poll()\nRunStore(folder).views()"
        )
        body = (
            "watcher, runs = RunWatcher(folder), RunStore(folder)\nwatcher.poll()\n"
            "for found in (runs.views(), watcher.views()):\n    print([view.id for view in found])\n"
            "for run_id, error in runs.unreadable().items():\n    print(run_id, error)"
        )
        said = run_as_somebody(before, body, str(folder)).splitlines()
        (folder / "run-2").chmod(0o755)
    assert said[:2] == ["['run-1']", "['run-1']"]
    assert [line.split()[0] for line in said[2:]] == ["run-3", "run-2"] and all("Permission denied" in line for line in said[2:])


def test_a_newer_versions_kinds_are_passed_over_and_kept(tmp_path: Path) -> None:
    journal = small_journal(tmp_path / "run-1")
    journal.close()
    news = b'{"v":1,"seq":6,"at":"2030-01-01T00:00:00Z","kind":"telepathy","deep":{"a":[1]}}\n'
    with journal.path.open("ab") as file:
        file.write(news)
    journal = Journal(journal.path)
    assert journal.append(Warned(message="on")).seq == 7
    assert news in journal.path.read_bytes()
    assert RunStore(tmp_path).view("run-1").warnings[-1] == "on"


# request.json


def replaced_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


REQUESTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (Path.unlink, "cannot be resumed: its request.json is gone"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:50]), "request.json is damaged: "),
    "empty": (lambda path: path.write_bytes(b""), "request.json is damaged: "),
    "no object": (lambda path: path.write_bytes(b"[]"), "request.json is not a run's request: "),
    "a folder": (replaced_by_folder, "request.json cannot be read: Is a directory"),
    "newer": (lambda path: path.write_bytes(path.read_bytes().replace(b'"v":1', b'"v":7')), "was written by a newer Locus (format 7)"),
    "with what is not known": (
        lambda path: path.write_bytes(path.read_bytes().replace(b'"maxParallel":3', b'"maxParallel":3,"telepathy":true')),
        "request.json is not a run's request: config.agent.telepathy: extra inputs are not permitted",
    ),
    "without the run's id": (
        lambda path: path.write_text(json.dumps({k: v for k, v in json.loads(path.read_bytes()).items() if k != "runId"})),
        "request.json is not a run's request: runId: field required",
    ),
}


async def test_without_its_request_a_run_is_shown_and_not_resumed(house: House) -> None:
    view = await failed(house)
    path = house.ws.runs / view.id / "request.json"
    good = path.read_bytes()
    for change, words in REQUESTS.values():
        change(path)
        with pytest.raises(LocusError) as told:
            await resume(house)
        assert words in told.value.message and "\n" not in told.value.message and told.value.hint
        assert [each.id for each in await house.call("locus.run.list")] == [view.id]
        if path.is_dir():
            path.rmdir()
        path.write_bytes(good)
    assert starts(house, 1) == 1 and house.worktrees() == ["issue-1"]
    mended(house).touch()
    assert done(await resume(house))


async def test_a_run_that_does_not_exist(house: House) -> None:
    for run_id in ("run-1", "../runs", "", "/"):
        with pytest.raises(NotFound, match="there is no run"):
            await resume(house, run_id=run_id)
