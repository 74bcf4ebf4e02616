"""The local keeper's file: several processes, sudden ends, damage, versions."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from locus.errors import LocusError, Refused
from locus.model.task import SprintDraft, TaskDraft, TaskFilter, TaskStatus
from locus.tracker.local import LocalTracker
from locus.tracker.local.database import Database
from locus.tracker.local.schema import STEPS
from support.procs import child_env
from support.unprivileged import open_folder, run_as_somebody


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "locus.db"


def sound(file: Path) -> bool:
    with sqlite3.connect(file) as connection:
        checks = [*connection.execute("PRAGMA integrity_check"), *connection.execute("PRAGMA foreign_key_check")]
    connection.close()
    return checks == [("ok",)]


def opened(file: Path) -> bool:
    """By this process."""
    return any(os.path.realpath(entry) == str(file) for entry in Path("/proc/self/fd").iterdir())


def change(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def child(tmp_path: Path, code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=child_env(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


CREATE = """
import asyncio, sys
from pathlib import Path
from locus.model.task import TaskDraft
from locus.tracker.local import LocalTracker
async def main():
    tracker = LocalTracker(Path(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        print((await tracker.create(TaskDraft(title="t", body="x" * 5000, labels=("a", "b")))).number, flush=True)
asyncio.run(main())
"""


def test_eight_processes_creating_at_once_get_distinct_numbers(tmp_path: Path, file: Path) -> None:
    # Imported once, forked eight times: the file does not even exist when they start.
    code = """
import os, sys
from pathlib import Path
from locus.model.task import TaskDraft
from locus.tracker.local import issues
from locus.tracker.local.database import Database
draft = TaskDraft(title="t", labels=("a", "b"))
for _ in range(8):
    if os.fork() == 0:
        database = Database(Path(sys.argv[1]))
        for _ in range(5):
            task = database.write(lambda connection: issues.create(connection, draft, None))
            database.write(lambda connection: issues.set_family(connection, 1, "locus", "done"))
            os.write(1, b"%d\\n" % task.number)
        os._exit(0)
sys.exit(any(os.wait()[1] for _ in range(8)))
"""
    parent = child(tmp_path, code, file)
    said, _ = parent.communicate(timeout=90)
    assert parent.returncode == 0
    assert sorted(map(int, said.split())) == list(range(1, 41))
    assert sound(file)


async def test_killed_while_it_writes_what_was_said_to_be_done_is_there(tmp_path: Path, file: Path) -> None:
    for lines in (1, 12):
        before = len(await LocalTracker(file).tasks(TaskFilter()))
        writer = child(tmp_path, CREATE, file, 100_000)
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        said += [int(word) for word in writer.communicate(timeout=30)[0].split()]
        assert sound(file)
        there = {task.number for task in await LocalTracker(file).tasks(TaskFilter())}
        assert set(said) <= there
        assert len(said) <= len(there) - before <= len(said) + 1


async def test_killed_in_the_middle_of_a_transaction_nothing_of_it_is_there(tmp_path: Path, file: Path) -> None:
    tracker = LocalTracker(file)
    await tracker.create(TaskDraft(title="before"))
    code = """
import sys
from pathlib import Path
from locus.tracker.local.database import Database
def work(connection):
    connection.execute("PRAGMA cache_size = 5")
    connection.execute("UPDATE issues SET title = 'half'")
    for number in range(300):
        connection.execute("INSERT INTO comments (issue, author, body, created_at) VALUES (1, 'a', ?, '')", ("x" * 9000,))
    print("inside", flush=True)
    sys.stdin.read()
Database(Path(sys.argv[1])).write(work)
"""
    size = file.stat().st_size
    writer = child(tmp_path, code, file)
    assert writer.stdout is not None and writer.stdout.readline() == "inside\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=30)
    assert file.stat().st_size > size and file.with_name("locus.db-journal").exists()  # it did get into the file
    assert [task.title for task in await tracker.tasks(TaskFilter())] == ["before"]
    assert await tracker.comments(1) == []
    assert sound(file)
    assert (await tracker.create(TaskDraft(title="after"))).number == 2


async def test_many_threads_of_one_process(file: Path) -> None:
    trackers = [LocalTracker(file) for _ in range(4)]
    made = await asyncio.gather(*(tracker.create(TaskDraft(title="t")) for tracker in trackers * 6))
    assert sorted(task.number for task in made) == list(range(1, 25))
    # These read before they write: without the lock from the start they would fail at once, or lose one another's changes.
    await asyncio.gather(*(tracker.set_status(1, status) for tracker in trackers for status in TaskStatus))
    assert len((await trackers[0].get(1)).labels) == 1


def test_a_writer_keeps_others_out_before_it_reads(file: Path) -> None:
    """Otherwise two of them would read the same state, and the second would fail or undo the first."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM issues").fetchall()
        with pytest.raises(LocusError, match="locked"):
            Database(file, busy=0).write(lambda other: None)

    Database(file).write(work)


async def test_reading_creates_nothing(file: Path) -> None:
    tracker = LocalTracker(file)
    assert await tracker.tasks(TaskFilter()) == [] and await tracker.sprints("all") == []
    assert not file.parent.exists()


async def test_a_number_is_never_given_twice(file: Path) -> None:
    tracker = LocalTracker(file)
    for _ in range(2):
        await tracker.create(TaskDraft(title="t"))
    change(file, "PRAGMA foreign_keys = ON", "DELETE FROM issues WHERE number = 2", "DELETE FROM numbers WHERE number = 2")
    assert (await tracker.create(TaskDraft(title="t"))).number == 3


async def test_labels_edited_by_hand_are_the_truth(file: Path) -> None:
    tracker = LocalTracker(file)
    await tracker.prepare()
    await tracker.create(TaskDraft(title="t"))
    await tracker.create_sprint(SprintDraft(name="s"))
    change(
        file,
        "INSERT INTO labels VALUES ('P:Critical2', 'EDEDED', ''), ('order:3', 'CCCCCC', '')",
        "DELETE FROM issue_labels",
        "INSERT INTO issue_labels VALUES (1, 'type:docs'), (1, 'p:low'), (1, 'p:high')",
        "INSERT INTO issue_labels VALUES (1, 'order:3'), (1, 'locus:done'), (1, 'P:Critical2')",
    )
    task = await tracker.get(1)
    assert (task.type, task.priority, task.order, task.status) == ("docs", "high", 3, "done")
    await tracker.set_status(1, TaskStatus.FAILED)
    assert set((await tracker.get(1)).labels) == {"type:docs", "p:low", "p:high", "order:3", "locus:failed", "P:Critical2"}


async def test_labels_that_were_recoloured_are_left_alone(file: Path) -> None:
    tracker = LocalTracker(file)
    await tracker.prepare()
    change(file, "UPDATE labels SET color = '000000', name = 'P:High' WHERE name = 'p:high'")
    assert await tracker.prepare() == []
    made = await tracker.create(TaskDraft(title="t", labels=("p:high",)))
    assert made.priority == "high"
    change(file, "DELETE FROM labels WHERE name = 'p:low'")
    assert await tracker.prepare() == ["p:low"]
    assert ("P:High", "000000") in sqlite3.connect(file).execute("SELECT name, color FROM labels").fetchall()


SPRINT_OF_ONE = (
    "INSERT INTO numbers VALUES (1, 'issue')",
    "INSERT INTO sprints VALUES (1, 'S', 's', 'open', NULL, NULL, '', '')",
    "INSERT INTO issues VALUES (1, 'old', '', NULL, 'open', NULL, 1, NULL, '', '')",
    "INSERT INTO labels VALUES ('locus:done', '', '')",
    "INSERT INTO issue_labels VALUES (1, 'locus:done')",
)


async def test_a_database_of_version_one_is_brought_up_to_date(file: Path) -> None:
    Database(file, steps=STEPS[:1]).write(lambda connection: [connection.execute(statement) for statement in SPRINT_OF_ONE])
    task = await LocalTracker(file).get(1)
    assert (task.title, task.sprint, task.status) == ("old", "S", "done")
    assert sqlite3.connect(file).execute("PRAGMA user_version").fetchone() == (len(STEPS),)


def test_steps_are_taken_in_order_and_once(file: Path) -> None:
    first, second = STEPS[0], ("CREATE TABLE extra (x TEXT) STRICT", "INSERT INTO extra VALUES ('once')")
    Database(file, steps=[first]).write(lambda connection: None)
    for _ in range(2):
        rows = Database(file, steps=[first, second]).read(lambda connection: connection.execute("SELECT x FROM extra").fetchall())
        assert rows == [("once",)]


def test_a_step_that_fails_leaves_the_old_version(file: Path) -> None:
    Database(file, steps=STEPS[:1]).write(lambda connection: None)
    before = file.read_bytes()
    broken = [STEPS[0], ("CREATE TABLE extra (x TEXT) STRICT", "INSERT INTO nowhere VALUES (1)")]
    with pytest.raises(sqlite3.OperationalError):
        Database(file, steps=broken).write(lambda connection: None)
    assert file.read_bytes() == before


@pytest.mark.parametrize("use", [Database.read, Database.write])
def test_a_newer_database_is_refused_and_untouched(file: Path, use: Callable[..., object]) -> None:
    Database(file, steps=[*STEPS, ()]).write(lambda connection: None)
    before = file.read_bytes()
    with pytest.raises(Refused) as refused:
        use(Database(file), lambda connection: None)
    assert "newer Locus" in refused.value.message and refused.value.hint and "update" in refused.value.hint
    assert file.read_bytes() == before


@pytest.mark.parametrize("statements", [("CREATE TABLE other (x)",), ("CREATE TABLE other (x)", f"PRAGMA user_version = {len(STEPS)}")])
def test_another_programs_database_is_refused(file: Path, statements: tuple[str, ...]) -> None:
    file.parent.mkdir()
    change(file, *statements)
    with pytest.raises(Refused, match="another program"):
        Database(file).write(lambda connection: None)


@pytest.mark.parametrize("use", [Database.read, Database.write])
@pytest.mark.parametrize("content", [b"this is no database, it is a text" * 200, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_named_and_untouched(file: Path, content: bytes, use: Callable[..., object]) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(LocusError) as failed:
        use(Database(file), lambda connection: None)
    assert str(file) in failed.value.message and "damaged" in failed.value.message and failed.value.hint
    assert file.read_bytes() == content


async def test_damage_in_the_middle_is_named(file: Path) -> None:
    tracker = LocalTracker(file)
    for _ in range(40):
        await tracker.create(TaskDraft(title="t", body="x" * 3000))
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(LocusError, match="damaged"):
        await tracker.tasks(TaskFilter())


def test_an_empty_file_is_a_new_database(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert Database(file).write(lambda connection: connection.execute("SELECT count(*) FROM issues").fetchone()) == (0,)


def test_a_full_disk_changes_nothing(file: Path) -> None:
    Database(file).write(lambda connection: None)

    def fill(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
        for number in range(200):
            connection.execute("INSERT INTO labels VALUES (?, ?, '')", (f"l{number}", "x" * 1000))

    with pytest.raises(LocusError) as failed:
        Database(file).write(fill)
    assert "the disk is full" in failed.value.message and failed.value.hint
    assert Database(file).read(lambda connection: connection.execute("SELECT count(*) FROM labels").fetchone()) == (0,)


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits there")
def test_a_write_that_fails_changes_nothing(tmp_path: Path, file: Path) -> None:
    Database(file).write(lambda connection: connection.execute("INSERT INTO labels VALUES ('kept', '', '')"))
    code = """
import resource, signal, sys
from pathlib import Path
from locus.errors import LocusError
from locus.tracker.local.database import Database
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (Path(sys.argv[1]).stat().st_size, resource.RLIM_INFINITY))
rows = [(str(n), "x" * 1000) for n in range(500)]
try:
    Database(Path(sys.argv[1])).write(lambda connection: connection.executemany("INSERT INTO labels VALUES (?, ?, '')", rows))
except LocusError as error:
    print(error.message)
"""
    said, _ = child(tmp_path, code, file).communicate(timeout=60)
    assert "reading or writing" in said and str(file) in said
    assert Database(file).read(lambda connection: connection.execute("SELECT name FROM labels").fetchall()) == [("kept",)]
    assert sound(file)


def test_a_file_that_may_only_be_read() -> None:
    code = "from pathlib import Path\nfrom locus.errors import LocusError\nfrom locus.tracker.local.database import Database"
    body = """
database = Database(Path(sys.argv[1]))
print(database.read(lambda connection: connection.execute("SELECT name FROM labels").fetchall()))
try:
    database.write(lambda connection: connection.execute("DELETE FROM labels"))
except LocusError as error:
    print(error.message, "|", error.hint)
"""
    with open_folder() as folder:
        file = folder / "locus.db"
        Database(file).write(lambda connection: connection.execute("INSERT INTO labels VALUES ('kept', '', '')"))
        file.chmod(0o444)
        folder.chmod(0o555)
        try:
            read, wrote = run_as_somebody(code, body, str(file)).splitlines()
        finally:
            folder.chmod(0o755)
    assert read == "[('kept',)]"
    assert "cannot be written" in wrote and "writable" in wrote


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(LocusError) as failed:
        Database(tmp_path / "state" / "locus.db").write(lambda connection: None)
    assert str(tmp_path / "state") in failed.value.message and failed.value.hint


def test_a_lock_that_is_not_given_back(file: Path) -> None:
    database = Database(file, busy=0.05)
    database.write(lambda connection: None)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    for use in (database.read, database.write):
        with pytest.raises(LocusError, match="locked") as failed:
            use(lambda connection: None)
        assert failed.value.hint
    holder.execute("ROLLBACK")
    holder.close()
    database.write(lambda connection: None)


def test_what_goes_wrong_in_the_work_undoes_it(file: Path) -> None:
    database = Database(file)

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO labels VALUES ('x', '', '')")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        database.write(work)
    assert database.read(lambda connection: connection.execute("SELECT * FROM labels").fetchall()) == []


def test_the_keeper_is_imported_only_when_chosen(tmp_path: Path) -> None:
    code = "import sys, locus.tracker.protocol, locus.workspace; print('sqlite3' in sys.modules or 'locus.tracker.local' in sys.modules)"
    said, _ = child(tmp_path, code).communicate(timeout=60)
    assert said == "False\n"


async def test_one_after_the_other_share_a_connection(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = Mock(wraps=sqlite3.connect)
    monkeypatch.setattr(sqlite3, "connect", connect)
    tracker = LocalTracker(file, keep_open=True)
    for title in "abc":
        await tracker.create(TaskDraft(title=title))
    assert len(await tracker.tasks(TaskFilter())) == 3
    assert connect.call_count == 1
    await asyncio.gather(*(tracker.create(TaskDraft(title="at once")) for _ in range(8)), *(tracker.get(1) for _ in range(8)))
    assert len(await tracker.tasks(TaskFilter())) == 11
    assert opened(file)
    tracker.let_go()
    assert not opened(file)
    assert len(await tracker.tasks(TaskFilter())) == 11


async def test_a_failed_transaction_leaves_no_connection_behind(file: Path) -> None:
    tracker = LocalTracker(file, keep_open=True)
    await tracker.create(TaskDraft(title="a"))
    with pytest.raises(LocusError):
        await tracker.get(7)
    assert not opened(file)
    assert (await tracker.create(TaskDraft(title="b"))).number == 2


async def test_else_the_file_is_open_only_while_it_is_used(file: Path) -> None:
    """An open file keeps its disk from being unmounted."""
    tracker = LocalTracker(file)
    await tracker.create(TaskDraft(title="a"))
    assert await tracker.tasks(TaskFilter()) and not opened(file)


@pytest.mark.parametrize("how", ["in place", "as another file", "by another process"])
async def test_what_others_did_to_the_file_is_seen(tmp_path: Path, file: Path, how: str) -> None:
    """Also a copy that is put back with as many changes behind it as the file had that we know."""
    tracker = LocalTracker(file, keep_open=True)
    await tracker.create(TaskDraft(title="kept"))
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    await tracker.create(TaskDraft(title="ours"))
    if how == "by another process":
        change(file, "UPDATE issues SET title = 'theirs' WHERE number = 2")
    else:
        await LocalTracker(copy).create(TaskDraft(title="theirs"))
        if how == "in place":
            file.write_bytes(copy.read_bytes())
        else:
            copy.replace(file)
    assert {task.title for task in await tracker.tasks(TaskFilter())} == {"kept", "theirs"}
    file.unlink()
    assert await tracker.tasks(TaskFilter()) == []
    assert (await tracker.create(TaskDraft(title="new"))).number == 1
