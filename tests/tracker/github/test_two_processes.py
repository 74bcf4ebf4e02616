"""One limit for all: what one process hears of GitHub's limits holds the others, of the operating system's making, back too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from locus.tracker.github.limits import PACE
from support.github.fixtures import Demo
from support.github.gh import Gh
from support.github.github import GitHub
from support.procs import until

ASKING = """
import asyncio, json, sys, time
from pathlib import Path
from locus.errors import OutOfReach
from locus.tracker.github.keeper import GitHubTracker
from locus.tracker.github.client import shortly
from locus.tracker.github.place import GitHubPlace

async def main(root, folder):
    waited = []
    async def patience(moment, reason):
        waited.append([round(moment - time.time(), 1), reason])
        await shortly(moment, reason)
    here = Path(folder)
    place = GitHubPlace("github.com", "octo", "demo", "octo")
    tracker = GitHubTracker(place, root=Path(root), locks=here / "locks", limits=here / "rate-limit.json", patience=patience)
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            for word in line.split():
                await (tracker.pulls("locus/issue-1") if word == "look" else tracker.close(int(word), "completed"))
            said = None
        except OutOfReach as error:
            said = error.message
        print(json.dumps({"said": said, "waited": waited}), flush=True)
        waited.clear()

asyncio.run(main(*sys.argv[1:]))
"""

TURNS = """
import asyncio, sys
from pathlib import Path
from locus.tracker.github.limits import RateLimits

async def main(folder, resource, rounds):
    limits = RateLimits(Path(folder) / "rate-limit.json", Path(folder) / "lock")
    said = {"x-ratelimit-limit": "5000", "x-ratelimit-used": "0", "x-ratelimit-reset": "4102444800", "x-ratelimit-resource": resource}
    print("ready", flush=True)
    sys.stdin.readline()
    for left in range(5000, 5000 - int(rounds), -1):
        await limits.heard({**said, "x-ratelimit-remaining": str(left)})
        print(await limits._next_turn(0.0), flush=True)
        assert limits.remaining(resource).remaining == left

asyncio.run(main(*sys.argv[1:]))
"""

NewProcess = Callable[..., "Other"]


class Other:
    """A process of its own. It does what a line says, and says when it has."""

    def __init__(self, program: str, env: dict[str, str], *words: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-P", "-c", program, *words], env=env, stdin=pipe, stdout=pipe, text=True)
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def begin(self, *words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def __call__(self, *words: str) -> dict[str, Any]:
        self.begin(*words)
        said: dict[str, Any] = json.loads(self.line())
        return said


@pytest.fixture
def new_process(demo: Demo, gh: Gh, tmp_path: Path) -> Iterator[NewProcess]:
    """Without words one that asks GitHub; all of them share one folder."""
    made: list[Other] = []

    def start(program: str = ASKING, *words: str) -> Other:
        made.append(Other(program, demo.person.env, *(words or (str(demo.person.path), str(tmp_path)))))
        return made[-1]

    yield start
    for other in made:
        other.process.kill()
        other.process.communicate()


def test_a_limit_that_one_has_met_holds_the_other_back(new_process: NewProcess, github: GitHub, tmp_path: Path) -> None:
    """The other one runs already and has asked before: it reads what is new."""
    one, two = new_process(), new_process()
    for process in (one, two):
        assert process("look") == {"said": None, "waited": []}
    github.secondary_limit(600, path="/repos/*")
    assert "waiting for GitHub until" in one("look")["said"]
    with github.counting() as counted:
        for process in (two, new_process()):
            answer = process("look")
            assert "waiting for GitHub until" in answer["said"] and 570 < answer["waited"][0][0] <= 600, answer
    assert len(counted) == 0, "nobody asked"
    assert json.loads((tmp_path / "rate-limit.json").read_text())["remaining"] == 4998, "of both"


def test_what_one_has_used_up_the_other_does_not_ask_for(new_process: NewProcess, github: GitHub) -> None:
    one, two = new_process(), new_process()
    assert two("look")["said"] is None
    github.limit("core", remaining=1, resets_in=600)
    assert one("look") == {"said": None, "waited": []}, "it takes the last one"
    with github.counting() as counted:
        assert "waiting for GitHub until" in two("look")["said"]
    assert len(counted) == 0


def test_the_last_requests_of_one_are_spread_over_the_others_too(new_process: NewProcess, github: GitHub) -> None:
    one, two = new_process(), new_process()
    github.limit("core", remaining=51, resets_in=100)
    assert one("look")["waited"] == []
    (pause, reason) = two("look")["waited"][0]
    assert 1 < pause <= 2.1 and reason.startswith("waiting for GitHub until"), "100 seconds for 50 requests"


def test_a_wait_of_one_is_a_wait_of_both_and_writes_keep_their_distance(
    new_process: NewProcess, github: GitHub, demo: Demo, tmp_path: Path
) -> None:
    numbers = [str(github.issue(demo.repository, f"Issue {number}").number) for number in range(4)]
    one, two = new_process(), new_process()
    github.secondary_limit(2, method="PATCH")
    one.begin(numbers[0], numbers[1])
    file = tmp_path / "rate-limit.json"
    until(lambda: file.exists() and "pausedUntil" in file.read_text(), 30, "it is told to slow down, and has said so")
    (refused,) = [request for request in github.requests if request.status == 403]
    two.begin(numbers[2], numbers[3])
    for process in (one, two):
        assert json.loads(process.line())["said"] is None
    at = [request.at for request in github.requests if request.method == "PATCH" and request.status == 200]
    assert len(at) == 4 and at[0] - refused.at > 1.9
    assert at[-1] - at[0] > 1.8 * PACE, "three turns later; each process by itself would have come after one"


def test_nothing_of_what_two_write_at_once_is_lost(new_process: NewProcess, tmp_path: Path) -> None:
    """Each turn is given once, and neither takes from the file what the other has put there."""
    rounds = 150
    two = [new_process(TURNS, str(tmp_path), resource, str(rounds)) for resource in ("core", "graphql")]
    for process in two:
        process.begin("go")
    turns = sorted(float(process.line()) for process in two for _ in range(rounds))
    assert [process.process.wait(60) for process in two] == [0, 0]
    assert turns == [PACE * position for position in range(1, 2 * rounds + 1)]
    state = json.loads((tmp_path / "rate-limit.json").read_text())
    assert (state["remaining"], state["resources"]["graphql"]["remaining"]) == (5001 - rounds, 5001 - rounds)
