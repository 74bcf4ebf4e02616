"""`locus worktree list`, `restore` and `clean` as a person reads them, and as a script does."""

from __future__ import annotations

import asyncio
import re

from support.house import House, states
from support.typed import Locus


def failed(house: House, *commands: str) -> int:
    """An issue whose agent did this and then failed."""

    async def carry_out() -> int:
        number = await house.issue(*commands, "exit 1")
        assert states(await house.run(number)) == ["failed"]
        return number

    return asyncio.run(carry_out())


def test_nothing_is_kept_at_first(locus: Locus) -> None:
    assert locus("worktree", "list").out == "Nothing is kept: no worktrees, no snapshots.\n"
    assert locus("worktree", "list", "--json").json == []
    assert locus("worktree", "clean").out == "There is nothing to clean.\n"
    said = locus("worktree", "clean", "--json")
    assert said.json == {"removed": [], "kept": []}


def test_from_failure_to_restored(locus: Locus, house: House) -> None:
    number = failed(house, "echo half > half.txt")
    listed = locus("worktree", "list").out.splitlines()
    assert re.fullmatch(rf"\.locus/worktrees/issue-{number} · #{number} · failed · \d+ s old · [\d.]+ K?B", listed[0])
    assert listed[1] == f"    the agent exited with 7: $ exit 1 (locus/issue-{number})"
    assert re.fullmatch(rf"    snapshot run-[\w-]+/{number}/1: [\d.]+ K?B, until \d{{4}}-\d\d-\d\d", listed[2])
    assert re.fullmatch(r"1 snapshot, [\d.]+ K?B of 5 GB, each for 30 days", listed[4])
    (entry,) = locus("worktree", "list", "--json").json
    assert entry.keys() == {"path", "branch", "task", "run", "state", "reason", "bytes", "createdAt", "keepRefs"}
    assert entry["keepRefs"][0].keys() == {"ref", "at", "bytes", "keptUntil"}
    assert locus("worktree", "clean", "--dry-run").out == f"Would remove .locus/worktrees/issue-{number}\n"
    assert house.worktrees() == [f"issue-{number}"]
    assert locus("worktree", "clean", f".locus/worktrees/issue-{number}").out.startswith(f"Removed .locus/worktrees/issue-{number}\n")
    assert " · kept · " in locus("worktree", "list").out
    said = locus("worktree", "restore", f"{number}/1")
    assert (said.code, said.out) == (0, f"Restored to .locus/worktrees/restored-{number}-1\n")
    said = locus("worktree", "restore", f"{number}/1", "--path", "../look")
    assert said.code == 0 and (house.person.path.parent / "look/half.txt").read_text() == "half\n"


def test_what_stays_is_said_with_its_reason(locus: Locus, house: House) -> None:
    number = failed(house, "echo half > half.txt")
    said = locus("worktree", "clean", "--older-than", "3")
    assert said.out == f"Kept .locus/worktrees/issue-{number}: it was used less than 3 days ago\n"
    assert locus("worktree", "clean", "--older-than", "3", "--json").json["kept"] == [
        {"path": str(house.ws.repo.worktrees_dir / f"issue-{number}"), "reason": "it was used less than 3 days ago"}
    ]


def test_what_is_not_there_is_refused(locus: Locus) -> None:
    for words in (("worktree", "restore", "42/1"), ("worktree", "clean", "nowhere"), ("worktree", "clean", "--older-than", "-1")):
        said = locus(*words)
        assert said.code == 2 and said.out == "" and "hint: " in said.err
