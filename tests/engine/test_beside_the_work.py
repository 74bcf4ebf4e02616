"""What stands beside a task's work and goes wrong: it is said, and costs neither that task nor another one its result."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from locus.engine import control as controls
from locus.engine import files, inbox
from locus.engine.context import repository_context
from locus.errors import LocusError
from support.house import House, states
from support.procs import until_async


async def test_a_memory_that_cannot_be_read_costs_no_task_its_work(house: House) -> None:
    path = house.ws.repo.locus_dir / "memory/learned.md"
    path.parent.mkdir(parents=True)
    path.write_bytes("# Größe\n".encode("latin-1"))
    number = await house.issue("echo done > done.txt", "echo '::locus learned Sizes are in bytes.'")
    view = await house.run(number)
    assert states(view) == ["done"]
    assert house.branch_files(f"locus/issue-{number}")["done.txt"] == "done"
    assert any(str(path) in warning for warning in view.warnings)


async def test_a_reference_that_cannot_be_written_ends_no_other_task(house: House) -> None:
    """Something stands in the way of what is noted of a failed task."""
    bad = await house.issue("echo half > half.txt", "git add .", "git commit -qm half", "exit 1")
    journal = '"$(git rev-parse --git-common-dir)/locus/runs/$LOCUS_RUN_ID/journal.jsonl"'
    good = await house.issue(f"until grep -q '\"failed\"' {journal}; do sleep 0.05; done", "echo done > done.txt")
    house.person.git("update-ref", "refs/locus/own/locus", "HEAD")
    view = await house.run(bad, good)
    assert sorted(states(view)) == ["done", "failed"]
    assert view.reason == "1 of 2 tasks did not succeed"
    assert any("refs/locus/own" in warning for warning in view.warnings)


@pytest.mark.parametrize("what", ["link", "folder"])
async def test_instructions_are_a_file_of_the_repository(house: House, tmp_path: Path, what: str) -> None:
    """A link in a repository that somebody has cloned would tell the model's provider what stands anywhere."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the key is 1234")
    path = house.ws.repo.locus_dir / "LOCUS.md"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(secret) if what == "link" else path.mkdir()
    context = await repository_context(house.ws.repo.here, "HEAD", house.ws.repo.locus_dir)
    assert context.instructions == ""
    number = await house.issue("echo done > done.txt")
    assert states(await house.run(number)) == ["done"]


async def test_a_stop_is_heard_after_the_inbox_could_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a process has too many files open for a moment."""
    control, fails = controls.Control(), iter([True, True])
    take = inbox.take

    def torn(folder: Path, seen: set[str]) -> list[inbox.Message]:
        if next(fails, False):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return take(folder, seen)

    monkeypatch.setattr(inbox, "take", torn)
    watching = asyncio.create_task(control.watch(tmp_path))
    inbox.put(tmp_path, inbox.Stop())
    await until_async(lambda: control.stopping or watching.done(), timeout=5)
    assert control.stopping
    watching.cancel()


async def test_a_message_that_cannot_be_read_yet_is_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.put(tmp_path, inbox.Stop())
    seen: set[str] = set()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", _too_many_files)
        assert inbox.take(tmp_path, seen) == []
    assert inbox.take(tmp_path, seen) == [inbox.Stop()]


def _too_many_files(_: Path) -> bytes:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@pytest.mark.parametrize("write", [files.write_atomically, files.link_once])
def test_a_folder_that_cannot_be_made_is_an_expected_failure(tmp_path: Path, write: Callable[[Path, bytes], object]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocusError, match="cannot write"):
        write(tmp_path / "file" / "in it.json", b"{}")


async def test_the_keys_in_a_frozen_configuration_are_nobody_elses(house: House) -> None:
    house.configure(agents={"mine": {"kind": "shell", "argv": ["true"], "env": {"KEY": "1234"}}})
    run_id = await house.request(await house.issue("echo done > done.txt"))
    path = house.ws.runs / run_id / "request.json"
    assert "1234" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


async def test_what_everybody_reads_does_not_say_where_the_work_lies(house: House) -> None:
    number = await house.issue("echo half > half.txt", "git checkout -q --detach")
    view = await house.run(number)
    (task,) = view.tasks
    assert task.hint == f"look at {house.ws.repo.worktrees_dir}/issue-{number}; nothing was removed"
    (comment,) = [each for each in await house.ws.tracker.comments(number) if "could not finish" in each.body]
    assert f"look at .locus/worktrees/issue-{number}; nothing was removed" in comment.body
    assert str(house.ws.repo.main) not in comment.body
