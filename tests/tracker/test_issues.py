import asyncio

import pytest

from locus.errors import InvalidArguments, NotFound
from locus.model.anchor import with_anchor
from locus.model.labels import LABELS
from locus.model.task import (
    Anchor,
    Position,
    Priority,
    PullDraft,
    Range,
    SprintDraft,
    Task,
    TaskChanges,
    TaskDraft,
    TaskFilter,
    TaskStatus,
    TaskType,
)
from locus.tracker.protocol import Tracker


async def issue(tracker: Tracker, title: str = "A task", **more: object) -> Task:
    return await tracker.create(TaskDraft.model_validate({"title": title, **more}))


async def numbers(tracker: Tracker, **filter: object) -> list[int]:
    return [task.number for task in await tracker.tasks(TaskFilter.model_validate(filter))]


async def test_prepare_creates_what_is_missing_once(tracker: Tracker) -> None:
    created = await tracker.prepare()
    assert {label.name for label in LABELS} <= set(created)
    assert await tracker.prepare() == []


async def test_a_new_task_is_queued_and_says_what_its_labels_say(tracker: Tracker) -> None:
    await tracker.prepare()
    made = await issue(tracker, "Fix  the\npager ", body="Now", type="bug", priority="high", labels=["area:ui"])
    assert (made.number, made.title, made.body, made.state) == (1, "Fix the pager", "Now", "open")
    assert (made.status, made.type, made.priority) == (TaskStatus.QUEUED, TaskType.BUG, Priority.HIGH)
    assert set(made.labels) == {"locus:queued", "type:bug", "p:high", "area:ui"}
    assert await tracker.get(1) == made


async def test_labels_given_are_the_truth_too(tracker: Tracker) -> None:
    made = await issue(tracker, labels=["p:low", "type:docs", "order:4", "locus:done"])
    assert (made.priority, made.type, made.order) == (Priority.LOW, TaskType.DOCS, 4)
    assert made.status is TaskStatus.QUEUED
    assert (await issue(tracker, labels=["p:low"], priority="high")).priority is Priority.HIGH


@pytest.mark.parametrize(
    "draft", [TaskDraft(title=""), TaskDraft(title=" \n "), TaskDraft(title="x" * 257), TaskDraft(title="x", labels=(" ",))]
)
async def test_a_draft_that_is_none_is_refused_and_takes_no_number(tracker: Tracker, draft: TaskDraft) -> None:
    with pytest.raises(InvalidArguments) as refused:
        await tracker.create(draft)
    assert refused.value.hint
    assert (await issue(tracker)).number == 1


async def test_creating_twice_with_one_request_gives_the_first(tracker: Tracker) -> None:
    first = await tracker.create(TaskDraft(title="a"), request="r-1")
    again = await tracker.create(TaskDraft(title="b"), request="r-1")
    other = await tracker.create(TaskDraft(title="a"), request="r-2")
    assert again == first
    assert other.number == 2


async def test_text_comes_back_as_it_went_in(tracker: Tracker) -> None:
    body = "ünï😀\r\n\t'\"; DROP TABLE issues; -- \x1b[31m\n" + "x" * 60_000
    shown = body if tracker.keeper == "local" else body.replace("\x1b", "^[")  # gh makes escapes harmless
    assert (await issue(tracker, "tïtle 😀 'q'", body=body)).body == shown
    assert (await tracker.get(1)).body == shown


async def test_acceptance_and_anchor_are_read_from_the_body(tracker: Tracker) -> None:
    place = Range(start=Position(line=1, character=0), end=Position(line=2, character=0))
    anchor = Anchor(path="src/a.py", range=place, content_hash="abc")
    made = await issue(tracker, body=with_anchor("## Acceptance criteria\n- [ ] it works", anchor))
    assert made.acceptance == ("it works",)
    assert made.anchor == anchor
    assert (await tracker.edit(1, TaskChanges(body="nothing"))).anchor is None


async def test_only_what_is_set_is_changed(tracker: Tracker) -> None:
    before = await issue(tracker, body="b", type="bug", priority="low", labels=["mine"])
    after = await tracker.edit(1, TaskChanges(priority=Priority.CRITICAL))
    assert after == before.model_copy(update={"priority": Priority.CRITICAL, "labels": ("locus:queued", "mine", "p:critical", "type:bug")})
    after = await tracker.edit(1, TaskChanges(title="t", body="", type=TaskType.DOCS, status=TaskStatus.FAILED, order=2))
    assert (after.title, after.body, after.type, after.status, after.order) == ("t", "", TaskType.DOCS, TaskStatus.FAILED, 2)
    assert set(after.labels) == {"locus:failed", "mine", "order:2", "p:critical", "type:docs"}


async def test_an_edit_is_all_or_nothing(tracker: Tracker) -> None:
    before = await issue(tracker)
    with pytest.raises(NotFound):
        await tracker.edit(1, TaskChanges(title="changed", priority=Priority.HIGH, sprint="none"))
    with pytest.raises(InvalidArguments):
        await tracker.edit(1, TaskChanges(body="changed", title=" "))
    assert await tracker.get(1) == before


async def test_a_status_takes_the_place_of_the_last_and_foreign_labels_stay(tracker: Tracker) -> None:
    await issue(tracker, labels=["locus:other", "help wanted"])
    for status in TaskStatus:
        await tracker.set_status(1, status)
        task = await tracker.get(1)
        assert task.status is status
        assert set(task.labels) == {f"locus:{status}", "locus:other", "help wanted"}


async def test_statuses_set_at_once_leave_one(tracker: Tracker) -> None:
    await issue(tracker, labels=["mine"])
    await asyncio.gather(*(tracker.set_status(1, status) for status in [*TaskStatus] * 4), tracker.manage([1]))
    task = await tracker.get(1)
    assert len([name for name in task.labels if name.startswith("locus:")]) == 1
    assert {"mine", "agent:managed"} <= set(task.labels)


async def test_managing_is_all_or_none(tracker: Tracker) -> None:
    await issue(tracker)
    await issue(tracker)
    with pytest.raises(NotFound, match="#9"):
        await tracker.manage([1, 9])
    assert "agent:managed" not in (await tracker.get(1)).labels
    await tracker.manage([2, 1])
    await tracker.manage([1])
    assert all("agent:managed" in task.labels for task in await tracker.tasks(TaskFilter()))


async def test_closing_and_reopening(tracker: Tracker) -> None:
    await issue(tracker)
    closed = await tracker.close(1, "not_planned")
    assert (closed.state, closed.closed_reason) == ("closed", "not_planned")
    assert (await tracker.close(1, "completed")).closed_reason == "completed"
    again = await tracker.reopen(1)
    assert (again.state, again.closed_reason) == ("open", None)


async def test_lists_are_filtered_and_the_newest_comes_first(tracker: Tracker) -> None:
    await tracker.create_sprint(SprintDraft(name="S/1"))
    for title in "abcd":
        await issue(tracker, title)
    await tracker.order_sprint("S/1", [3, 1])
    await tracker.set_status(1, TaskStatus.DONE)
    await tracker.close(1, "completed")
    await tracker.set_status(2, TaskStatus.DONE)
    assert await numbers(tracker) == [4, 3, 2]
    assert await numbers(tracker, limit=2) == [4, 3]
    assert await numbers(tracker, state="closed") == [1]
    assert await numbers(tracker, state="all") == [4, 3, 2, 1]
    assert await numbers(tracker, status="done", state="all") == [2, 1]
    assert await numbers(tracker, status="done", state="all", limit=1) == [2]
    assert await numbers(tracker, sprint="S/1", state="all") == [3, 1]
    assert await numbers(tracker, sprint="s-1") == [3]
    with pytest.raises(NotFound, match="S/2"):
        await numbers(tracker, sprint="S/2")


async def test_nothing_is_an_empty_list(tracker: Tracker) -> None:
    assert await numbers(tracker) == []
    assert await tracker.sprints() == []
    assert await tracker.pulls("locus/issue-1") == []


async def test_an_unknown_issue_is_named_with_what_to_do(tracker: Tracker) -> None:
    await tracker.create_pull(PullDraft(branch="locus/issue-1", base="main", title="t", body=""))
    calls = [
        tracker.get(7),
        tracker.edit(7, TaskChanges(title="t")),
        tracker.set_status(7, TaskStatus.DONE),
        tracker.close(7, "completed"),
        tracker.reopen(7),
        tracker.comment(7, "hi"),
        tracker.comments(7),
        tracker.has_comment(7, "m"),
        tracker.manage([7]),
    ]
    for call in calls:
        with pytest.raises(NotFound) as missing:
            await call
        assert "#7" in missing.value.message and missing.value.hint and "locus issue list" in missing.value.hint
    with pytest.raises(NotFound, match="#1 is a pull request"):
        await tracker.get(1)


async def test_comments_in_order_and_once_by_marker(tracker: Tracker) -> None:
    await issue(tracker)
    await issue(tracker)
    await tracker.comment(1, "first")
    assert not await tracker.has_comment(1, "locus:summary r1")
    await tracker.comment(1, "summary", marker="locus:summary r1")
    await tracker.comment(1, "another summary", marker="locus:summary r1")
    await tracker.comment(1, "summary of r2", marker="locus:summary r2")
    await tracker.comment(1, "first")
    bodies = [comment.body for comment in await tracker.comments(1)]
    assert [body.split("\n")[0] for body in bodies] == ["first", "summary", "summary of r2", "first"]
    assert bodies[1].endswith("<!-- locus:summary r1 -->") and "<!--" not in bodies[0]
    assert await tracker.has_comment(1, "locus:summary r1")
    assert not await tracker.has_comment(2, "locus:summary r1")
    assert not await tracker.has_comment(1, "locus:summary")
    assert all(comment.at.endswith("Z") and comment.author for comment in await tracker.comments(1))


async def test_a_marked_comment_asked_for_ten_times_at_once_is_made_once(tracker: Tracker) -> None:
    await issue(tracker)
    await asyncio.gather(*(tracker.comment(1, "done", marker="m") for _ in range(10)))
    assert len(await tracker.comments(1)) == 1


async def test_output_that_was_badly_decoded_can_be_told(tracker: Tracker) -> None:
    await issue(tracker)
    await tracker.comment(1, "half a pair: \ud83d")
    assert (await tracker.comments(1))[0].body == "half a pair: ?"
