import pytest

from locus.model.states import RunState, TaskState

ALL = [
    (TaskState.PENDING, "queued", "pending"),
    (TaskState.PREPARING, "in-progress", "in_progress"),
    (TaskState.WORKING, "in-progress", "in_progress"),
    (TaskState.VERIFYING, "in-progress", "in_progress"),
    (TaskState.PUBLISHING, "in-progress", "in_progress"),
    (TaskState.DONE, "done", "done"),
    (TaskState.IN_REVIEW, "in-review", "done"),
    (TaskState.FAILED, "failed", "failed"),
    (TaskState.BLOCKED, "failed", "failed"),
    (TaskState.INTERRUPTED, "queued", "pending"),
]


@pytest.mark.parametrize(("state", "status", "word"), ALL)
def test_how_the_tracker_and_the_state_file_say_it(state: TaskState, status: str, word: str) -> None:
    assert state.status == status
    assert state.seed_word == word


def test_the_table_is_complete() -> None:
    assert [row[0] for row in ALL] == list(TaskState)


def test_a_task_is_pending_active_or_ended() -> None:
    for state in TaskState:
        assert [state is TaskState.PENDING, state.active, state.ended].count(True) == 1
    assert {state for state in TaskState if state.succeeded} == {TaskState.DONE, TaskState.IN_REVIEW}


def test_what_resume_looks_for() -> None:
    assert {state for state in RunState if state.ended and not state.unfinished} == {RunState.DONE, RunState.REFUSED}
    assert {state for state in RunState if state.ended and state.unfinished} == {RunState.FAILED, RunState.STOPPED, RunState.LOST}
