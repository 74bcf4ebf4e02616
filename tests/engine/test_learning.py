"""What agents have learned: heard, kept away from the worktree, and written into the checkout on a person's yes only."""

from __future__ import annotations

from pathlib import Path

import pytest

from locus.engine import learning
from locus.engine.stream import Stream
from locus.errors import NotFound
from locus.model.agent import AgentEvent, Learned, Notice, Text
from support.house import House

TESTS = "The tests need a running database."
STYLE = "Names are spelled out."


def told(folder: Path, *events: AgentEvent) -> Path:
    stream = Stream(folder)
    for event in events:
        stream.write(event, 1)
    stream.close()
    return folder


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Learned(text=f"  {TESTS}\n"), TESTS),
        (Text(text=f"LEARNED: {TESTS}"), TESTS),
        (Text(text="LEARNED:"), None),
        (Text(text=f"I have LEARNED: {TESTS}"), None),
        (Notice(text=f"LEARNED: {TESTS}"), None),
        (Learned(text="x" * 900), "x" * 500),
    ],
)
def test_what_counts_as_learned(event: AgentEvent, text: str | None) -> None:
    assert learning.said(event) == text


def test_it_is_heard_once_and_not_without_end(tmp_path: Path) -> None:
    folder = told(tmp_path / "task", Text(text=f"LEARNED: {TESTS}"), Learned(text=TESTS), Text(text="and on"), Learned(text=STYLE))
    assert learning.heard(folder) == [TESTS, STYLE]
    many = told(tmp_path / "many", *(Learned(text=f"number {number}") for number in range(50)))
    assert len(learning.heard(many)) == 10


async def test_a_run_proposes_and_a_person_decides(house: House) -> None:
    number = await house.issue("echo done > done.txt", f"echo '::locus learned {TESTS}'", f"echo '::locus learned {STYLE}'")
    view = await house.run(number)
    assert view.done == 1
    ws, path = house.ws, house.ws.repo.locus_dir / "memory/learned.md"
    assert not path.exists()
    assert not (ws.repo.worktrees_dir / f"issue-{number}").exists(), "the worktree is gone, what was learned is not"
    (proposal,) = learning.pending(ws)
    assert (proposal.task, proposal.learned, proposal.path) == (number, (TESTS, STYLE), ".locus/memory/learned.md")
    assert f"+- {proposal.at[:10]} #{number}: {TESTS}" in proposal.diff.splitlines()

    done = learning.accept(ws, [proposal.id])
    assert done.added == (TESTS, STYLE)
    assert path.read_text() == (
        f"# What agents have learned here\n\n- {proposal.at[:10]} #{number}: {TESTS}\n- {proposal.at[:10]} #{number}: {STYLE}\n"
    )
    assert learning.pending(ws) == []
    house.person.check()


async def test_what_is_known_is_not_proposed_again(house: House, tmp_path: Path) -> None:
    folder = told(tmp_path / "task", Learned(text=TESTS))
    learning.propose(house.ws, "run-1", 1, folder)
    learning.accept(house.ws, None)
    learning.propose(house.ws, "run-2", 2, folder)
    assert learning.pending(house.ws) == []
    learning.propose(house.ws, "run-3", 3, told(tmp_path / "more", Learned(text=TESTS), Learned(text=STYLE)))
    assert [proposal.learned for proposal in learning.pending(house.ws)] == [(STYLE,)]


async def test_a_persons_file_is_added_to(house: House, tmp_path: Path) -> None:
    path = house.ws.repo.locus_dir / "memory/learned.md"
    path.parent.mkdir(parents=True)
    path.write_text("- 2026-01-01: My own.")
    for task in (1, 2):  # learned twice before anybody has decided
        learning.propose(house.ws, "run-1", task, told(tmp_path / str(task), Learned(text=TESTS)))
    assert learning.accept(house.ws, None).added == (TESTS,)
    mine, theirs = path.read_text().splitlines()
    assert mine == "- 2026-01-01: My own." and theirs.endswith(f"#1: {TESTS}")


async def test_dismissed_is_gone(house: House, tmp_path: Path) -> None:
    learning.propose(house.ws, "run-1", 1, told(tmp_path / "task", Learned(text=TESTS)))
    with pytest.raises(NotFound, match="nope"):
        learning.dismiss(house.ws, ["nope"])
    assert learning.dismiss(house.ws, None) == ("run-1-1",)
    assert learning.pending(house.ws) == []
    assert not (house.ws.repo.locus_dir / "memory/learned.md").exists()
