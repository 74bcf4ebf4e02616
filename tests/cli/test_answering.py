"""Questions of a real agent in a real run: at the terminal that watches it, from another one, and when the runner was killed."""

from __future__ import annotations

import asyncio

import pytest

from locus import locks
from locus.engine import journal, store
from locus.model.questions import QuestionAnswered
from support.acp_house import acp_issue, acp_profile, said
from support.house import House, Somebody, done, states
from support.procs import until
from support.typed import Locus

MARK = "printf told > told.txt; echo $((1 + 1)) > sum.txt"


@pytest.fixture
def asking(house: House) -> House:
    house.configure(agents=acp_profile(house))
    return house


def test_a_run_that_is_watched_asks_at_the_terminal(asking: House, locus: Locus) -> None:
    asyncio.run(acp_issue(asking, {"run": MARK, "ask": True}, {"write": [".vscode/x.json", "{}"], "ask": True}, title="Task"))
    asyncio.run(asking.trust())
    with locus.at_terminal("run", "1") as tty:
        tty.until("? #1 1-1: May the agent run `printf told > told.txt")
        tty.until("Asked because the command is not known to be harmless.")
        tty.until("  1) Allow once")
        tty.press("1\n")
        tty.until("? #1 1-2: May the agent do this: Write .vscode/x.json?")
        tty.press("3\n")
        tty.until("Why, for the agent (Enter for no reason): ")
        tty.press("not that one\n")
        assert tty.wait() == 0
        screen = tty.screen()
    assert any(line.startswith("✓ #1  done  Task") for line in screen)
    files = asking.branch_files("locus/issue-1")
    assert files["sum.txt"].strip() == "2" and ".vscode/x.json" not in files


def test_an_answer_from_elsewhere_and_one_after_the_end(asking: House, locus: Locus) -> None:
    """Blocked and ended without an answer, then taken up by it in the agent's own session."""
    asking.configure(agents=acp_profile(asking), question_timeout=0.5)
    asyncio.run(acp_issue(asking, {"write": ["half.txt", "half"]}, {"run": MARK, "ask": True}))
    asyncio.run(asking.trust())
    ran = locus.program("run", "1")
    assert ran.code == 1 and "nobody has answered within 0.5 s" in ran.out
    (question,) = locus("status", "--json").json["runs"][0]["questions"]
    run_id = locus("status", "--json").json["runs"][0]["id"]
    assert f"locus answer {run_id} 1-1 once|always|deny" in ran.out
    assert f"answer with: locus answer {run_id} 1-1 once|always|deny" in locus("status").out
    assert question["options"][0]["id"] == "once"
    wrong = locus("answer", "1-1", "perhaps")
    assert wrong.code == 2 and "is no option" in wrong.err
    answered = locus.program("answer", "1-1", "once")
    assert answered.code == 0 and answered.out.startswith(f"Answered 1-1 of {run_id}: Allow once\n#1 goes on"), answered
    until(lambda: asking.view(run_id).state.ended and not locks.is_held(asking.ws.runs / run_id / store.LOCK), 30, "resumed to its end")
    assert done(asking.view(run_id))
    assert {"half.txt", "sum.txt"} <= asking.branch_files("locus/issue-1").keys()
    first, second = said(asking)
    assert first["session"] == second["session"] and "STEPS" not in second["prompt"] and "Allow once" in second["prompt"]
    late = locus("answer", run_id, "1-1", "once")
    assert late.code == 2 and "does not ask '1-1'" in late.err


async def test_two_faces_that_answer_at_the_same_time(asking: House, locus: Locus) -> None:
    """Two processes, a living runner: one of them is the first, and only its answer reaches the agent."""
    number = await acp_issue(asking, {"run": MARK, "ask": True}, {"write": ["end.txt", "x"]})
    run_id = await asking.start(number, face=Somebody())
    await asking.until(run_id, lambda view: len(view.questions) == 1)
    faces = [locus.started("answer", run_id, f"{number}-1", option) for option in ("once", "deny")]
    said = [face.communicate(timeout=60) for face in faces]
    codes = [face.returncode for face in faces]
    assert sorted(codes) == [0, 2], said
    late = said[codes.index(2)][1].decode()
    assert any(words in late for words in ("answered already", "no open question", f"does not ask '{number}-1'")), late
    view = await asking.ended(run_id)
    assert done(view) and view.questions == ()
    assert ("sum.txt" in asking.branch_files(f"locus/issue-{number}")) == (codes[0] == 0)
    records = journal.read(asking.ws.runs / run_id / store.JOURNAL)
    assert len([record for record in records if isinstance(record.event, QuestionAnswered)]) == 1


async def test_a_question_outlives_its_killed_runner(asking: House) -> None:
    """Two tasks ask, the runner dies by SIGKILL, and one answer takes up that task alone."""
    step = {"run": MARK, "ask": True}
    first, second = await acp_issue(asking, step, title="First"), await acp_issue(asking, step, title="Second")
    run_id = await asking.start(first, second, face=Somebody())
    view = await asking.until(run_id, lambda view: len(view.questions) == 2)
    assert view.state == "waiting" and states(view) == ["working", "working"]
    asking.kill_runner(run_id)
    view = await asking.until(run_id, lambda view: view.state == "lost")
    assert len(view.questions) == 2
    question = next(question for question in view.questions if question.task == second)
    await asking.call("locus.run.answer", runId=run_id, questionId=question.id, option="once")
    view = await asking.until(run_id, lambda view: view.state.ended and view.state != "lost")
    assert states(view) == ["interrupted", "done"]
    assert len([entry for entry in said(asking) if "First" in entry["prompt"]]) == 1
