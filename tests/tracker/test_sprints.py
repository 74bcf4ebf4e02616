import pytest

from locus.errors import InvalidArguments, NotFound, Refused
from locus.model.task import SprintDraft, TaskChanges, TaskDraft, TaskStatus
from locus.tracker.protocol import Tracker


async def filled(tracker: Tracker, count: int = 5, name: str = "Sprint 1") -> None:
    await tracker.create_sprint(SprintDraft(name=name))
    for number in range(1, count + 1):
        await tracker.create(TaskDraft(title=f"task {number}"))


async def orders(tracker: Tracker, name: str = "Sprint 1") -> list[tuple[int, int | None]]:
    return [(number, (await tracker.get(number)).order) for number in (await tracker.sprint(name)).tasks]


async def test_a_new_sprint_is_open_and_empty(tracker: Tracker) -> None:
    made = await tracker.create_sprint(SprintDraft(name="  Sprint \t1 ", due="2026-03-01", description="all of it"))
    assert (made.name, made.number, made.state, made.due, made.description) == ("Sprint 1", 1, "open", "2026-03-01", "all of it")
    assert (made.tasks, made.counts, made.active) == ((), {}, False)
    assert await tracker.sprints() == [made]


@pytest.mark.parametrize("name", ["Sprint 1", "sprint 1", "sprint-1", "Sprint/1", " SPRINT  1 ", "sprint: 1"])
async def test_a_name_with_the_branch_of_another_is_refused(tracker: Tracker, name: str) -> None:
    await tracker.create_sprint(SprintDraft(name="Sprint 1"))
    with pytest.raises(Refused) as refused:
        await tracker.create_sprint(SprintDraft(name=name))
    assert "'Sprint 1'" in refused.value.message and refused.value.hint
    await tracker.close_sprint("Sprint 1")
    with pytest.raises(Refused):
        await tracker.create_sprint(SprintDraft(name=name))
    assert len(await tracker.sprints("all")) == 1


@pytest.mark.parametrize("name", ["", "  ", "///", "?"])
async def test_a_name_that_leaves_no_branch_is_refused(tracker: Tracker, name: str) -> None:
    with pytest.raises(InvalidArguments):
        await tracker.create_sprint(SprintDraft(name=name))
    assert await tracker.sprints("all") == []


async def test_found_by_exact_name_or_else_by_slug(tracker: Tracker) -> None:
    await tracker.create_sprint(SprintDraft(name="team/Auth v2.0"))
    for name in ("team/Auth v2.0", "team-auth-v2.0", "TEAM AUTH V2.0"):
        assert (await tracker.sprint(name)).name == "team/Auth v2.0"


async def test_an_unknown_sprint_is_named_with_those_there_are(tracker: Tracker) -> None:
    with pytest.raises(NotFound) as missing:
        await tracker.sprint("Sprint 1")
    assert missing.value.hint and "locus sprint create" in missing.value.hint
    await tracker.create_sprint(SprintDraft(name="Alpha"))
    await tracker.create_sprint(SprintDraft(name="Beta"))
    for call in (tracker.sprint("Sprint 1"), tracker.sprint("//"), tracker.order_sprint("x", []), tracker.close_sprint("x")):
        with pytest.raises(NotFound) as missing:
            await call
        assert missing.value.hint and "'Alpha', 'Beta'" in missing.value.hint
    with pytest.raises(NotFound):
        await tracker.create(TaskDraft(title="t", sprint="Gamma"))


async def test_ordering_adds_and_numbers_them(tracker: Tracker) -> None:
    await filled(tracker)
    sprint = await tracker.order_sprint("sprint-1", [4, 2, 5])
    assert sprint.tasks == (4, 2, 5)
    assert await orders(tracker) == [(4, 1), (2, 2), (5, 3)]
    assert (await tracker.get(1)).sprint is None
    assert (await tracker.get(2)).sprint == "Sprint 1"


async def test_tasks_not_named_come_after_in_their_order(tracker: Tracker) -> None:
    await filled(tracker)
    await tracker.order_sprint("Sprint 1", [4, 2, 5])
    await tracker.edit(1, TaskChanges(sprint="Sprint 1"))
    assert (await tracker.sprint("Sprint 1")).tasks == (4, 2, 5, 1)
    await tracker.order_sprint("Sprint 1", [5, 3])
    assert await orders(tracker) == [(5, 1), (3, 2), (4, 3), (2, 4), (1, 5)]
    assert (await tracker.order_sprint("Sprint 1", [])).tasks == (5, 3, 4, 2, 1)


async def test_an_unknown_issue_is_refused_before_anything_changes(tracker: Tracker) -> None:
    await filled(tracker, 2)
    await tracker.order_sprint("Sprint 1", [1])
    with pytest.raises(NotFound, match="#8, #9"):
        await tracker.order_sprint("Sprint 1", [2, 9, 8, 1])
    with pytest.raises(InvalidArguments, match="#2"):
        await tracker.order_sprint("Sprint 1", [2, 1, 2])
    assert await orders(tracker) == [(1, 1)]


async def test_without_order_last_and_ties_by_number(tracker: Tracker) -> None:
    await filled(tracker)
    for number, place in ((5, None), (4, 2), (3, None), (2, 2), (1, 10)):
        await tracker.edit(number, TaskChanges(sprint="Sprint 1", order=place))
    assert (await tracker.sprint("Sprint 1")).tasks == (2, 4, 1, 3, 5)


async def test_a_task_that_moves_loses_its_place(tracker: Tracker) -> None:
    await filled(tracker, 2)
    await tracker.create_sprint(SprintDraft(name="Two"))
    await tracker.order_sprint("Sprint 1", [1, 2])
    assert (await tracker.edit(1, TaskChanges(sprint="sprint 1"))).order == 1
    moved = await tracker.edit(1, TaskChanges(sprint="two"))
    assert (moved.sprint, moved.order) == ("Two", None)
    assert (await tracker.edit(2, TaskChanges(sprint="Two", order=7))).order == 7
    out = await tracker.edit(2, TaskChanges(sprint=""))
    assert (out.sprint, out.order) == (None, None)
    assert (await tracker.order_sprint("Sprint 1", [1])).tasks == (1,)
    assert (await tracker.sprint("Two")).tasks == ()


async def test_counts_per_status(tracker: Tracker) -> None:
    await filled(tracker, 3)
    await tracker.order_sprint("Sprint 1", [1, 2, 3])
    await tracker.set_status(1, TaskStatus.DONE)
    await tracker.close(1, "completed")
    await tracker.set_status(2, TaskStatus.FAILED)
    sprint = await tracker.sprint("Sprint 1")
    assert sprint.counts == {"done": 1, "failed": 1, "queued": 1}
    assert sprint.tasks == (1, 2, 3)


async def test_open_closed_and_all_sprints(tracker: Tracker) -> None:
    for name in "abc":
        await tracker.create_sprint(SprintDraft(name=name))
    assert (await tracker.close_sprint("b")).state == "closed"
    assert [sprint.name for sprint in await tracker.sprints()] == ["a", "c"]
    assert [sprint.name for sprint in await tracker.sprints("closed")] == ["b"]
    assert [sprint.name for sprint in await tracker.sprints("all")] == ["a", "b", "c"]
