"""`.locus/run-state.json` and `.locus/run-state/` of the original Locus, and files there that are nobody's: told about and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locus.engine import runstate
from locus.errors import Refused
from locus.model.states import RunState
from support.house import House, done
from support.resuming import failed, mended, resume

SPRINT: dict[str, Any] = {
    "runId": "run-2026-02-24T10-30-00",
    "type": "sprint",
    "sprint": "Sprint 1",
    "branch": "locus/sprint-sprint-1-x7k2p9",
    "startedAt": "2026-02-24T10:30:00.000Z",
    "tasks": [
        {"issue": 15, "order": 1, "status": "done", "pr": 20, "completedAt": "2026-02-24T10:35:00.000Z"},
        {"issue": 16, "order": 2, "status": "failed", "failedAt": "2026-02-24T10:36:00.000Z", "error": "tests failed"},
        {"issue": 17, "order": 3, "status": "in_progress"},
        {"issue": 18, "order": 4, "status": "pending"},
    ],
}
PARALLEL: dict[str, Any] = {
    "runId": "run-2026-03-01T08-00-00",
    "type": "parallel",
    "startedAt": "2026-03-01T08:00:00.000Z",
    "tasks": [
        {"issue": 15, "order": 1, "status": "failed", "error": "no"},
        {"issue": 16, "order": 2, "status": "done"},
        {"issue": 18, "order": 3, "status": "pending"},
    ],
}
BY_TASK_ID: dict[str, Any] = PARALLEL | {"tasks": [{"taskId": "15", "order": 1, "status": "failed"}]}
NAMED: dict[str, Any] = PARALLEL | {"tasks": [{"taskId": "PROJ-7", "order": 1, "status": "pending"}]}


def locus_dir(house: House) -> Path:
    return house.ws.repo.locus_dir


def put(house: House, name: str, state: dict[str, Any] | bytes) -> Path:
    path = locus_dir(house) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(state if isinstance(state, bytes) else json.dumps(state, indent=2).encode())
    return path


async def refusal(house: House, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as told:
        await resume(house, **arguments)
    return told.value.message, str(told.value.hint)


@pytest.mark.parametrize(
    ("name", "state", "told", "command"),
    [
        ("run-state.json", SPRINT, 'the sprint "Sprint 1": 1 done, 1 failed, 1 in_progress, 1 pending', 'locus run --sprint "Sprint 1"'),
        ("run-state/sprint-1.json", SPRINT, 'the sprint "Sprint 1": 1 done,', 'locus run --sprint "Sprint 1"'),
        ("run-state/_parallel.json", PARALLEL, "issues #15, #16, #18: 1 done, 1 failed, 1 pending", "locus run 15 18"),
        ("run-state/_parallel.json", BY_TASK_ID, "issues #15: 1 failed", "locus run 15"),
        ("run-state.original-1.json", PARALLEL, "issues #15, #16, #18: 1 done, 1 failed, 1 pending", "locus run 15 18"),
    ],
)
async def test_what_the_original_left_is_named_with_the_command_that_goes_on(
    house: House, name: str, state: dict[str, Any], told: str, command: str
) -> None:
    path = put(house, name, state)
    before = path.read_bytes()
    message, hint = await refusal(house)
    assert message.splitlines()[0] == "there is no unfinished run to resume"
    assert f"{path} is the original Locus' state of {told}" in message and "cannot be resumed; its files stay as they are" in message
    assert hint == f"go on with what is left of it: `{command}`"
    assert path.read_bytes() == before


async def test_several_states_are_all_named_and_what_is_nothing_of_the_kind_is_passed_over(house: House) -> None:
    put(house, "run-state.json", PARALLEL)
    put(house, "run-state/sprint-1.json", SPRINT)
    put(house, "run-state/evil.json", SPRINT | {"sprint": "S1 $(touch evil)"})
    put(house, "run-state/named.json", NAMED)
    put(house, "run-state/odd.json", SPRINT | {"sprint": "!!!", "tasks": SPRINT["tasks"][1:2]})
    put(house, "run-state/finished.json", SPRINT | {"tasks": SPRINT["tasks"][:1]})
    for number, nothing in enumerate([b"", b"{", b"[]", b"{}", b'{"tasks":[1]}', b'{"runId":"r","tasks":[{"issue":1,"status":"odd"}]}']):
        put(house, f"run-state/nothing-{number}.json", nothing)
    (locus_dir(house) / "run-state" / "folder.json").mkdir()
    message, hint = await refusal(house)
    assert message.count("is the original Locus' state of") == 5
    assert hint.splitlines() == [
        "go on with what is left of it: `locus run 15 18`",
        "go on with what is left of it: `locus run --sprint 'S1 $(touch evil)'`",
        "run what is left of it by issue number",
        "go on with what is left of it: `locus run --sprint '!!!'`",
        'go on with what is left of it: `locus run --sprint "Sprint 1"`',
    ]
    message, hint = await refusal(house, sprint="sprint 1")
    assert message.count("is the original Locus' state of") == 1 and hint.endswith('`locus run --sprint "Sprint 1"`')
    message, hint = await refusal(house, sprint="Another")
    assert (message, hint) == ("there is no unfinished run to resume", "see `locus status`")


async def test_a_run_of_ours_is_resumed_and_the_originals_are_left_alone(house: House) -> None:
    theirs = put(house, "run-state/sprint-1.json", SPRINT)
    before = theirs.read_bytes()
    await failed(house)
    mended(house).touch()
    assert done(await resume(house))
    assert theirs.read_bytes() == before
    assert "Sprint 1" in (await refusal(house))[0]


async def test_our_own_state_is_not_taken_for_the_originals(house: House) -> None:
    view = await failed(house)
    assert (house.run_state() or {})["runId"] == view.id
    await house.call("locus.issue.close", number=1)
    assert await refusal(house) == ("there is no unfinished run to resume", "see `locus status`")


# .locus/run-state.json is needed by a new run.

KEPT: dict[str, tuple[Callable[[], bytes], str]] = {
    "the original's": (lambda: json.dumps(SPRINT).encode(), "run-state.original-1.json"),
    "the original's, by task id": (lambda: json.dumps(NAMED).encode(), "run-state.original-1.json"),
    "empty": (lambda: b"", "run-state.unknown-1.json"),
    "cut off": (lambda: json.dumps(SPRINT).encode()[:70], "run-state.unknown-1.json"),
    "zero bytes": (lambda: b"\0" * 100, "run-state.unknown-1.json"),
    "without an id": (lambda: b'{"runId":"","tasks":[]}', "run-state.original-1.json"),
    "a folder as its id": (lambda: b'{"runId":"..","tasks":[]}', "run-state.original-1.json"),
    "a number as its id": (lambda: b'{"runId":7}', "run-state.unknown-1.json"),
    "of a run that is gone": (lambda: b'{"runId":"run-2020-01-01T00-00-00-000-abcd","type":"sprint"}', "run-state.unknown-1.json"),
}


async def test_a_file_that_is_not_ours_is_moved_aside_and_told_about_once(house: House) -> None:
    view = await failed(house)
    for content, name in KEPT.values():
        path, aside = put(house, "run-state.json", content()), locus_dir(house) / name
        told = await runstate.update(house.ws, view)
        assert told is not None and told.startswith(str(path)) and name in told
        assert aside.read_bytes() == content()
        assert (house.run_state() or {})["runId"] == view.id
        assert await runstate.update(house.ws, view) is None
        aside.unlink()


async def test_a_run_warns_once_and_says_how_to_go_on(house: House) -> None:
    put(house, "run-state.json", PARALLEL)
    (warning,) = (await failed(house)).warnings
    assert "the original Locus' state of issues #15, #16, #18: 1 done, 1 failed, 1 pending" in warning
    assert warning.endswith("it is kept as run-state.original-1.json; `locus run 15 18` goes on with what is left")
    mended(house).touch()
    again = await resume(house)
    assert done(again) and again.warnings == (warning,) and house.run_state() is None
    assert json.loads((locus_dir(house) / "run-state.original-1.json").read_bytes()) == PARALLEL


async def test_several_moved_aside_do_not_replace_one_another(house: House) -> None:
    view = await failed(house)
    for state in (SPRINT, PARALLEL):
        put(house, "run-state.json", state)
        await runstate.update(house.ws, view)
    path = locus_dir(house) / "run-state.json"
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("kept")
    finished = view.model_copy(update={"state": RunState.DONE})
    await runstate.update(house.ws, finished)
    assert (path / "inside").exists(), "a run that ends needs no place"
    await runstate.update(house.ws, view)
    kept = {path.name: json.loads(path.read_bytes()) for path in locus_dir(house).glob("run-state.original-*.json")}
    assert kept == {"run-state.original-1.json": SPRINT, "run-state.original-2.json": PARALLEL}
    assert (locus_dir(house) / "run-state.unknown-1.json" / "inside").read_text() == "kept"
    await runstate.update(house.ws, finished)
    assert house.run_state() is None


async def test_a_dry_run_a_refusal_and_a_resumption_refused_leave_it_alone(house: House) -> None:
    path = put(house, "run-state.json", SPRINT)
    before = path.read_bytes()
    number = await house.issue("echo a > a.txt")
    await house.call("locus.run.plan", tasks=[number])
    with pytest.raises(Refused):
        await house.call("locus.run.start", tasks=[number])  # its commands have not been allowed
    house.person.git("branch", "locus")  # leaves no room for ours
    refused = await house.run(number)
    assert refused.state == "refused"
    await refusal(house)
    assert path.read_bytes() == before and list(locus_dir(house).glob("run-state*")) == [path]
