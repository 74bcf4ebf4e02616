import asyncio
from collections.abc import Awaitable, Callable

import pytest

from locus.errors import NotFound, Refused
from locus.model.task import PullDraft, PullRequest, TaskDraft
from locus.tracker.protocol import Tracker

Merge = Callable[[int], Awaitable[None]]


def draft(branch: str = "locus/issue-1", body: str = "Closes #1", **more: object) -> PullDraft:
    return PullDraft.model_validate({"branch": branch, "base": "main", "title": "Fix", "body": body, **more})


async def test_issues_and_pull_requests_share_one_series(tracker: Tracker) -> None:
    await tracker.create(TaskDraft(title="a"))
    pull = await tracker.create_pull(draft(draft=True))
    assert (pull.number, pull.state, pull.draft, pull.title, pull.base) == (2, "open", True, "Fix", "main")
    assert (await tracker.create(TaskDraft(title="b"))).number == 3


async def test_every_one_of_a_branch_the_newest_first(tracker: Tracker, merge: Merge) -> None:
    await tracker.create_pull(draft())
    await tracker.update_pull(1, state="closed")
    await tracker.create_pull(draft())
    await tracker.create_pull(draft("locus/issue-11"))
    assert [(pull.number, pull.state) for pull in await tracker.pulls("locus/issue-1")] == [(2, "open"), (1, "closed")]
    await merge(2)
    assert [(pull.number, pull.state) for pull in await tracker.pulls("locus/issue-1")] == [(2, "merged"), (1, "closed")]
    assert await tracker.pulls("locus/issue") == []


async def test_a_second_one_from_an_open_branch_is_refused(tracker: Tracker) -> None:
    await tracker.create_pull(draft())
    with pytest.raises(Refused, match="#1") as refused:
        await tracker.create_pull(draft())
    assert refused.value.hint
    assert (await tracker.create_pull(draft(base="develop"))).number == 2


async def test_of_ten_created_at_once_one_is_made(tracker: Tracker) -> None:
    made = await asyncio.gather(*(tracker.create_pull(draft()) for _ in range(10)), return_exceptions=True)
    assert len([one for one in made if isinstance(one, PullRequest)]) == 1
    assert len([one for one in made if isinstance(one, Refused)]) == 9
    assert len(await tracker.pulls("locus/issue-1")) == 1


async def test_only_what_is_given_is_changed(tracker: Tracker) -> None:
    made = await tracker.create_pull(draft(draft=True))
    assert await tracker.update_pull(1) == made
    assert await tracker.update_pull(1, draft=False) == made.model_copy(update={"draft": False})
    assert await tracker.update_pull(1, title="T", body="") == made.model_copy(update={"draft": False, "title": "T", "body": ""})
    assert [pull.title for pull in await tracker.pulls("locus/issue-1")] == ["T"]


async def test_what_is_merged_stays_merged(tracker: Tracker, merge: Merge) -> None:
    await tracker.create_pull(draft())
    await merge(1)
    assert (await tracker.update_pull(1, title="late")).title == "late"
    for state in ("open", "closed"):
        with pytest.raises(Refused, match="merged"):
            await tracker.update_pull(1, state=state)


async def test_one_is_reopened_unless_another_has_taken_its_place(tracker: Tracker) -> None:
    await tracker.create_pull(draft())
    await tracker.update_pull(1, state="closed")
    assert (await tracker.update_pull(1, state="open")).state == "open"
    await tracker.update_pull(1, state="closed")
    await tracker.create_pull(draft())
    with pytest.raises(Refused, match="#2"):
        await tracker.update_pull(1, state="open")


async def test_an_unknown_one_is_named(tracker: Tracker) -> None:
    await tracker.create(TaskDraft(title="an issue"))
    for number in (1, 5):
        with pytest.raises(NotFound, match=f"#{number}"):
            await tracker.update_pull(number, title="t")


async def test_a_task_shows_the_newest_that_closes_it(tracker: Tracker) -> None:
    for title in "ab":
        await tracker.create(TaskDraft(title=title))
    assert (await tracker.get(1)).pull_request is None
    first = await tracker.create_pull(draft(body="Fixes #1 and closes #2"))
    assert (await tracker.get(1)).pull_request == (await tracker.get(2)).pull_request == first
    await tracker.update_pull(first.number, state="closed")
    second = await tracker.create_pull(draft(body="Closes #1"))
    assert (await tracker.get(1)).pull_request == second
    await tracker.update_pull(second.number, body="closes #404")
    found = (await tracker.get(1)).pull_request
    assert found is not None and found.number == first.number and found.state == "closed"
