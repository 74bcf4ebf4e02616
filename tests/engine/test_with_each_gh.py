"""The whole way with each supported version of gh: labels, issues, a sprint with its draft, a failure, lost answers, a login that ends."""

from __future__ import annotations

import pytest

from locus.errors import NotSetUp
from locus.model.labels import LABELS
from support.github.fixtures import Demo, demo, each_gh, github, short_folder, wire
from support.github.gh import OLDEST, PINNED, Gh, version
from support.github.github import GitHub
from support.github.house import house, labels, pulls
from support.house import House, done, states

__all__ = ["demo", "each_gh", "github", "house", "short_folder", "wire"]


@pytest.fixture
def gh(each_gh: Gh) -> Gh:
    return each_gh


async def test_from_the_labels_to_a_login_that_ends(house: House, demo: Demo, github: GitHub, gh: Gh) -> None:
    assert version(gh.program) in (PINNED, OLDEST)
    house.configure(tracker="github", sprint_draftPR=True)
    await house.call("locus.init")
    assert {label.name for label in LABELS} <= {label.name for label in demo.repository.labels.values()}
    one = await house.issue("echo a > a.txt", title="Add a", type="feature", priority="high")
    github.fail(method="POST", path="/repos/*/pulls", cut=True, after_effect=True)
    github.fail(containing="addComment", cut=True, after_effect=True)
    assert done(await house.run(one))
    assert labels(demo, demo.repository.issues[one]) == {"agent:managed", "locus:done", "p:high", "type:feature"}
    assert len(pulls(demo)) == 1 and len(demo.repository.issues[one].comments) == 1

    two, three = [await house.issue(f"echo {name} > {name}.txt", title=f"Add {name}") for name in "bc"]
    await house.sprint("Sprint 1", two, three)
    with github.counting() as counted:
        assert done(await house.run(sprint="Sprint 1"))
    assert len(counted) <= 3 * 2 + 6
    sprint = pulls(demo)[-1]
    assert sprint.pull is not None and not sprint.pull.draft and labels(demo, sprint) == {"agent:managed"}
    assert [task.order for task in await house.call("locus.issue.list", sprint="Sprint 1")] == [1, 2]

    bad = await house.issue("exit 3", title="Bad")
    assert states(await house.run(bad)) == ["failed"]
    assert labels(demo, demo.repository.issues[bad]) == {"agent:managed", "locus:failed"}
    github.edit(demo.repository, pulls(demo)[0].number, state="closed")
    shown = {task.number: task.status for task in await house.call("locus.issue.list")}
    assert (shown[one], shown[bad]) == ("queued", "failed")

    for ends, words in ((github.log_out, "the login has expired at github.com"), (gh.log_out, "nobody is logged in at github.com")):
        ends()
        with pytest.raises(NotSetUp, match=words) as told:
            await house.run(bad)
        assert "gh auth login --hostname github.com" in str(told.value.hint)
