"""What an agent may not do by itself becomes a question: it outlives the agent, the run and its runner, and the first answer counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from locus.engine import inbox, store
from locus.engine.inbox import Answer
from locus.engine.store import RunStore
from locus.errors import InvalidArguments, LocusError, NotFound, Refused
from locus.model.agent import PermissionWithdrawn, Text
from locus.model.questions import Question
from locus.model.run import RunView
from locus.model.states import RunState
from support.house import House, Somebody, done, states
from support.procs import until_async
from support.scripted import Play, Turn


async def asks_once(turn: Turn) -> None:
    decision = await turn.ask("npm install x")
    turn.write("told.txt", f"{decision.allow} {decision.message}\n")


async def begun(house: House, *numbers: int, **settings: Any) -> tuple[str, asyncio.Task[RunView]]:
    run_id = await house.request(*numbers, interactive=True)
    return run_id, asyncio.create_task(house.carry_on(run_id))


async def asked(house: House, run_id: str, count: int = 1) -> tuple[Question, ...]:
    view = await house.until(run_id, lambda view: len(view.questions) >= count)
    return view.questions


async def give(house: House, run_id: str, question: Question, option: str, **more: Any) -> RunView:
    view: RunView = await house.call("locus.run.answer", face=Somebody(), runId=run_id, questionId=question.id, option=option, **more)
    return view


def told(house: House, number: int) -> str:
    return house.branch_files(f"locus/issue-{number}")["told.txt"].strip()


async def test_what_is_allowed_by_the_rules_is_not_asked(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        assert (await turn.ask("mkdir -p docs && ls")).allow
        assert (await turn.edit("docs/a.md")).allow

    play(script)
    run_id, running = await begun(house, await house.issue("x"))
    assert done(await running)
    assert house.view(run_id).questions == ()


async def test_a_rule_that_denies_is_told_to_the_agent(house: House, play: Play) -> None:
    house.configure(permissions={"deny": ["edit: package.json"]})

    async def script(turn: Turn) -> None:
        decision = await turn.edit("package.json")
        assert not decision.allow and "permissions.deny" in str(decision.message)
        turn.write("told.txt")

    play(script)
    number = await house.issue("x")
    assert done(await house.run(number))


@pytest.mark.parametrize(
    ("option", "more", "wanted"),
    [
        ("once", {}, "True None"),
        ("deny", {"message": "use pnpm"}, "False use pnpm"),
        ("deny", {}, "False The person who is asked does not allow this."),
    ],
)
async def test_the_answer_reaches_the_agent(house: House, play: Play, option: str, more: dict[str, str], wanted: str) -> None:
    play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = await asked(house, run_id)
    assert (question.id, question.task, question.kind) == (f"{number}-1", number, "permission")
    assert "npm install x" in question.title and "not known to be harmless" in question.detail
    assert [known.kind for known in question.options] == ["allow_once", "allow_always", "reject_once"]
    view = house.view(run_id)
    assert (view.state, view.tasks[0].state) == ("waiting", "working") and "npm install x" in str(view.reason)
    after = await give(house, run_id, question, option, **more)
    assert after.questions == ()
    assert done(await running)
    assert told(house, number) == wanted


async def test_always_settles_it_for_the_whole_run(house: House, play: Play) -> None:
    """Also what another task has asked meanwhile."""

    async def script(turn: Turn) -> None:
        assert (await turn.ask(f"npm install {turn.number}")).allow
        assert (await turn.ask("npm install more")).allow
        turn.write("told.txt")

    play(script)
    run_id, running = await begun(house, await house.issue("x"), await house.issue("y"))
    first, second = await asked(house, run_id, 2)
    assert "npm install *" in first.options[1].label
    await give(house, run_id, first, "always")
    view = await running
    assert done(view) and second.id != first.id
    with pytest.raises(NotFound):
        await give(house, run_id, second, "deny")


async def test_what_would_be_done_can_be_changed(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        await turn.edit(".vscode-settings", "mine\n")
        assert (await turn.ask("x", tool="edit", command=None, editable=False)).input is None

    house.configure(permissions={"ask": ["edit"]})
    play(script)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = await asked(house, run_id)
    assert question.input == {"path": ".vscode-settings", "content": "mine\n"}
    with pytest.raises(InvalidArguments, match="input"):
        await give(house, run_id, question, "deny", input={"content": "theirs\n"})
    await give(house, run_id, question, "once", input={"path": ".vscode-settings", "content": "theirs\n"})
    await house.until(run_id, lambda view: [each.id for each in view.questions] == [f"{number}-2"])
    (question,) = house.view(run_id).questions
    assert question.input is None
    with pytest.raises(InvalidArguments, match="input"):
        await give(house, run_id, question, "once", input={})
    await give(house, run_id, question, "once")
    assert done(await running)
    assert house.branch_files(f"locus/issue-{number}")[".vscode-settings"].strip() == "theirs"


async def test_the_agents_own_question(house: House, play: Play) -> None:
    async def script(turn: Turn) -> None:
        decision = await turn.ask("Which colour?\nRed: like fire", tool="other", name="Ask", command=None, choices=("Red", "Green"))
        other = await turn.ask("And why?", tool="other", name="Ask", command=None, asks=True)
        nothing = await turn.ask("Sure?", tool="other", name="Ask", command=None, asks=True)
        turn.write("told.txt", f"{decision.message}, {other.message}, {nothing.allow}\n")

    play(script)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = await asked(house, run_id)
    assert (question.kind, question.title, question.detail) == ("choice", "Which colour?", "Red: like fire")
    assert [(known.label, known.kind) for known in question.options[:2]] == [("Red", "choice"), ("Green", "choice")]
    await give(house, run_id, question, question.options[1].id)
    await house.until(run_id, lambda view: [each.title for each in view.questions] == ["And why?"])
    (question,) = house.view(run_id).questions
    with pytest.raises(InvalidArguments, match="message"):
        await give(house, run_id, question, "text")
    await give(house, run_id, question, "text", message="it is calm")
    await house.until(run_id, lambda view: [each.title for each in view.questions] == ["Sure?"])
    await give(house, run_id, house.view(run_id).questions[0], "deny")
    assert done(await running)
    assert told(house, number) == "Green, it is calm, False"


async def test_two_faces_answer_at_once_and_the_first_counts(house: House, play: Play) -> None:
    play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = await asked(house, run_id)
    options = ["deny" if place % 2 else "once" for place in range(6)]
    results = await asyncio.gather(*(give(house, run_id, question, option) for option in options), return_exceptions=True)
    given = [option for option, result in zip(options, results, strict=True) if not isinstance(result, BaseException)]
    assert len(given) == 1
    assert all(isinstance(result, Refused | NotFound) for result in results if isinstance(result, BaseException))
    assert done(await running)
    assert told(house, number).startswith(str(given == ["once"]))


async def test_a_question_that_the_agent_withdraws_is_closed_and_its_work_goes_on(house: House, play: Play) -> None:
    """Without that the agent would be interrupted for want of an answer that it does not need."""

    seen = asyncio.Event()

    async def script(turn: Turn) -> None:
        asking = asyncio.create_task(turn.ask(id="first"))
        await seen.wait()
        asking.cancel()
        turn.tell(PermissionWithdrawn(id="first"))
        turn.tell(PermissionWithdrawn(id="never asked"))
        await until_async(lambda: not house.view(run_id).questions)
        other = await turn.ask("rm -rf /elsewhere", id="second")
        turn.write("told.txt", f"{other.allow}\n")

    play(script)
    number = await house.issue("x")
    run_id = await house.request(number, interactive=True)
    running = asyncio.create_task(house.carry_on(run_id))
    (first,) = await asked(house, run_id)
    seen.set()
    await house.until(run_id, lambda view: [each.id for each in view.questions] not in ([], [first.id]))
    (second,) = house.view(run_id).questions
    await give(house, run_id, second, "deny")
    assert done(await running)
    assert told(house, number) == "False"


async def test_an_answer_after_the_end_is_refused(house: House, play: Play) -> None:
    """The agent did not wait for it: the question is withdrawn, the run as it was."""

    seen = asyncio.Event()

    async def script(turn: Turn) -> None:
        asking = asyncio.create_task(turn.ask())
        await seen.wait()
        asking.cancel()
        turn.write("told.txt")

    play(script)
    run_id = await house.request(await house.issue("x"), interactive=True)
    running = asyncio.create_task(house.carry_on(run_id))
    (question,) = await asked(house, run_id)
    seen.set()
    view = await running
    assert done(view) and view.questions == ()
    with pytest.raises(NotFound, match="no open question"):
        await give(house, run_id, question, "once")
    assert house.view(run_id) == view


async def test_a_stop_withdraws_the_question(house: House, play: Play) -> None:
    play(asks_once)
    run_id, running = await begun(house, await house.issue("x"))
    await asked(house, run_id)
    await house.call("locus.run.stop", runId=run_id)
    view = await running
    assert (states(view), view.questions) == (["interrupted"], ())


async def test_while_it_waits_for_an_answer_an_agent_may_be_silent(house: House, play: Play) -> None:
    house.configure(agent_idleTimeout=0.2, agent_timeout=0.4)
    play(asks_once)
    run_id, running = await begun(house, await house.issue("x"))
    (question,) = await asked(house, run_id)
    await asyncio.sleep(0.6)  # longer than both limits
    assert house.view(run_id).tasks[0].state == "working"
    await give(house, run_id, question, "once")
    assert done(await running)


# Unanswered.


async def test_a_question_nobody_answers_blocks_its_task_and_frees_the_slot(house: House, play: Play) -> None:
    """The other task gets the only slot; the answer takes the first one up again within the run, in its session."""
    house.configure(question_timeout=0.2, agent_maxParallel=1)
    others = asyncio.Event()

    async def script(turn: Turn) -> None:
        if turn.number == second:
            turn.write("told.txt")
            await others.wait()
        elif turn.assignment.session is None:
            turn.write("half.txt")
            await turn.ask()
        else:
            decision = await turn.ask()
            turn.write("told.txt", f"{decision.allow}\n")

    agent = play(script)
    first, second = await house.issue("x"), await house.issue("y")
    run_id, running = await begun(house, first, second)
    view = await house.until(run_id, lambda view: states(view) == ["blocked", "working"])
    (question,) = view.questions
    assert view.state == "running"
    assert "npm install x" in str(view.tasks[0].error) and f"locus answer {run_id} {question.id}" in str(view.tasks[0].hint)
    assert (await house.ws.tracker.get(first)).status == "failed"
    await give(house, run_id, question, "once")
    await house.until(run_id, lambda view: view.questions == ())
    others.set()
    view = await running
    assert done(view), view
    assert told(house, first) == "True" and "half.txt" in house.branch_files(f"locus/issue-{first}")
    mine = [turn for turn in agent.turns if turn.number == first]
    assert [turn.assignment.session for turn in mine] == [None, mine[0].session_id]
    assert len(mine[1].prompt) < 1000 and "npm install x" in mine[1].prompt and "Allow once" in mine[1].prompt
    assert len(view.tasks[0].attempts) == 2


async def test_a_blocked_question_outlives_its_run_and_the_answer_takes_up_that_task_alone(
    house: House, play: Play, launched: list[str]
) -> None:
    house.configure(question_timeout=0.2)

    async def script(turn: Turn) -> None:
        if turn.number == other:
            raise RuntimeError("broken")
        decision = await turn.ask()
        turn.write("told.txt", f"{decision.allow} {decision.message}\n")

    agent = play(script)
    number, other = await house.issue("x"), await house.issue("y")
    run_id, running = await begun(house, number, other)
    view = await running
    assert (view.state, sorted(states(view))) == ("failed", ["blocked", "failed"])
    (question,) = view.questions
    assert launched == []
    await give(house, run_id, question, "deny", message="take another one")
    assert launched == [run_id]
    view = await house.carry_on(run_id)
    assert [(task.number, str(task.state)) for task in view.tasks] == [(number, "done"), (other, "failed")]
    assert (view.state, view.questions) == ("failed", ())
    assert told(house, number) == "False take another one"
    assert len(agent.prompts(other)) == 1 and len(agent.prompts(number)) == 2
    with pytest.raises(NotFound):
        await give(house, run_id, question, "once")


async def test_an_answer_while_the_runner_is_down(house: House, play: Play, launched: list[str]) -> None:
    """The runner was killed while the agent waited: the question is there, and its answer is what starts the run again."""

    async def hangs(turn: Turn) -> None:
        turn.write("half.txt")
        await turn.ask()

    agent = play(hangs)
    number, other = await house.issue("x"), await house.issue("y")
    run_id, running = await begun(house, number, other)
    questions = await asked(house, run_id, 2)
    crash(house, run_id, running)
    with pytest.raises(asyncio.CancelledError):
        await running
    view = house.view(run_id)
    assert (view.state, len(view.questions)) == ("lost", 2)
    question = next(question for question in questions if question.task == number)
    await give(house, run_id, question, "once")
    assert launched == [run_id]
    agent.script = asks_once
    view = await house.carry_on(run_id)
    assert [(task.number, str(task.state)) for task in view.tasks] == [(number, "done"), (other, "interrupted")]
    assert told(house, number) == "True None" and "half.txt" in house.branch_files(f"locus/issue-{number}")
    assert agent.turns[-1].assignment.session is not None


def crash(house: House, run_id: str, running: asyncio.Task[RunView]) -> None:
    """As kill -9 leaves a run: nothing more is written."""
    path = house.ws.runs / run_id / store.JOURNAL
    before = path.read_bytes()
    running.cancel()
    running.add_done_callback(lambda _: path.write_bytes(before))


async def test_an_answer_that_a_dead_runner_did_not_take_counts_on_resume(house: House, play: Play, launched: list[str]) -> None:
    house.configure(question_timeout=0.2)
    play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = (await running).questions
    assert inbox.put(house.ws.runs / run_id / store.INBOX, Answer(question_id=question.id, option="once"))
    await house.call("locus.run.resume", runId=run_id)
    assert done(await house.carry_on(run_id))
    assert told(house, number) == "True None"


async def test_resume_without_an_answer_asks_again(house: House, play: Play, launched: list[str]) -> None:
    house.configure(question_timeout=0.2)
    play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    assert [question.id for question in (await running).questions] == [f"{number}-1"]
    await house.call("locus.run.resume", runId=run_id)
    view = await house.carry_on(run_id)
    assert (states(view), [question.id for question in view.questions]) == (["blocked"], [f"{number}-2"])


async def test_an_answer_counts_once(house: House, play: Play, launched: list[str]) -> None:
    house.configure(question_timeout=0.2)

    async def script(turn: Turn) -> None:
        await turn.ask("npm install x", input={"command": "npm install x", "description": f"words {len(agent.turns)}"})
        turn.tell(Text(text="once more"))
        await turn.ask("npm install x")

    agent = play(script)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = (await running).questions
    await give(house, run_id, question, "once")
    view = await house.carry_on(run_id)
    assert (states(view), [each.id for each in view.questions]) == (["blocked"], [f"{number}-2"])


async def test_an_answer_in_the_last_moment_of_a_run_is_not_lost(
    house: House, play: Play, launched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put where a living runner would find it; that one has looked for the last time."""
    house.configure(question_timeout=0.2)
    play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    ended = await running
    (question,) = ended.questions
    views = iter([ended.model_copy(update={"state": RunState.RUNNING})])
    original = RunStore.view
    monkeypatch.setattr(RunStore, "view", lambda runs, id: next(views, None) or original(runs, id))
    await give(house, run_id, question, "once")
    assert launched == [run_id]
    assert done(await house.carry_on(run_id))


async def test_a_task_that_was_run_again_is_not_taken_up_by_an_answer(house: House, play: Play, launched: list[str]) -> None:
    house.configure(question_timeout=0.2)
    agent = play(asks_once)
    number = await house.issue("x")
    run_id, running = await begun(house, number)
    (question,) = (await running).questions

    async def works(turn: Turn) -> None:
        turn.write("told.txt")

    agent.script = works
    assert done(await house.run(number))
    with pytest.raises(LocusError, match="taken up again"):
        await give(house, run_id, question, "once")
    assert launched == []


async def test_a_sprint_goes_on_from_the_task_that_asked(house: House, play: Play, launched: list[str]) -> None:
    house.configure(question_timeout=0.2)

    async def script(turn: Turn) -> None:
        turn.write(f"half-{turn.number}.txt")
        if turn.number == first:
            await turn.ask()
        turn.write(f"told-{turn.number}.txt")

    agent = play(script)
    first, second = await house.issue("x"), await house.issue("y")
    await house.sprint("Alpha", first, second)
    run_id = await house.request(sprint="Alpha", interactive=True)
    view = await house.carry_on(run_id)
    assert (view.state, states(view)) == ("failed", ["blocked", "pending"])
    (question,) = view.questions
    await give(house, run_id, question, "always")
    view = await house.carry_on(run_id)
    assert done(view), view
    assert [turn.assignment.session is not None for turn in agent.turns] == [False, True, False]
    assert {f"half-{first}.txt", f"told-{first}.txt", f"told-{second}.txt"} <= house.branch_files("locus/sprint-alpha").keys()
