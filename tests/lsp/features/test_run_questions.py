"""Questions of agents in an editor that knows nothing of Locus: messages with buttons, taken back when somebody else answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from locus.engine.run import Run
from locus.lsp.features.run_questions import message
from locus.model.questions import Option, Question
from locus.model.run import RunView, TaskRun
from locus.model.states import RunState
from support.house import House, done, states
from support.lsp_client import NEOVIM
from support.scripted import ScriptedAgent, Turn


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> ScriptedAgent:
    async def script(turn: Turn) -> None:
        decision = await turn.ask(f"make task-{turn.number}")
        turn.write("told.txt", f"{decision.allow} {decision.message}\n")

    agent = ScriptedAgent(script)
    monkeypatch.setattr(Run, "agent", lambda _run, _name: agent)
    return agent


async def test_several_questions_are_put_at_once_and_one_answered_elsewhere_is_taken_back(
    house: House, agent: ScriptedAgent, open_editor: Callable[..., Any]
) -> None:
    first, second = await house.issue("x", title="First"), await house.issue("y", title="Second")
    async with open_editor(NEOVIM, locus=False) as shown:
        answer = shown.client.answer
        shown.client.answer = lambda request: None if request["method"] == "window/showMessageRequest" else answer(request)
        run_id = await house.request(first, second, interactive=True)
        running = asyncio.create_task(house.carry_on(run_id))
        asked = {}
        for number, title in ((first, "First"), (second, "Second")):
            asked[number] = await shown.client.wait_for(
                lambda said, name=f"#{number} {title}": (
                    said.get("method") == "window/showMessageRequest" and said["params"]["message"].startswith(name)
                )
            )
            params = asked[number]["params"]
            assert params["message"].startswith(f"#{number} {title}: May the agent run `make task-{number}`?\n\nAsked because ")
            titles = [action["title"] for action in params["actions"]]
            assert titles == ["Allow once", f"Always in this run: make task-{number}", "Deny"]
        (elsewhere,) = [question for question in house.view(run_id).questions if question.task == first]
        await house.call("locus.run.answer", runId=run_id, questionId=elsewhere.id, option="deny", message="no")
        await shown.client.notification("$/cancelRequest", lambda params: params["id"] == asked[first]["id"])
        shown.client.send({"jsonrpc": "2.0", "id": asked[second]["id"], "result": {"title": "Allow once"}})
        assert done(await running)
        assert house.branch_files(f"locus/issue-{first}")["told.txt"].strip() == "False no"
        assert house.branch_files(f"locus/issue-{second}")["told.txt"].strip() == "True None"
        assert len(shown.said("window/showMessageRequest")) == 2


async def test_a_blocked_question_is_still_put_by_an_editor_that_is_opened_later(
    house: House, agent: ScriptedAgent, open_editor: Callable[..., Any]
) -> None:
    """Its run has ended; one that was run again since asks no more."""
    house.configure(question_timeout=0.2)
    number, again = await house.issue("x", title="First"), await house.issue("y", title="Again")
    view = await house.carry_on(await house.request(number, again, interactive=True))
    assert states(view) == ["blocked", "blocked"]
    assert states(await house.carry_on(await house.request(again, interactive=True))) == ["blocked"]
    async with open_editor(NEOVIM, locus=False) as shown:
        answer = shown.client.answer
        shown.client.answer = lambda request: None if request["method"] == "window/showMessageRequest" else answer(request)
        await shown.client.wait_for(
            lambda said: said.get("method") == "window/showMessageRequest" and said["params"]["message"].startswith(f"#{again} Again")
        )
        await shown.client.wait_for(
            lambda said: said.get("method") == "window/showMessageRequest" and said["params"]["message"].startswith(f"#{number} First")
        )
        await shown.run("locus.run.list")
        assert len(shown.said("window/showMessageRequest")) == 2


async def test_an_answer_starts_nothing_in_a_folder_that_is_not_trusted(
    house: House, agent: ScriptedAgent, open_editor: Callable[..., Any]
) -> None:
    house.configure(question_timeout=0.2)
    view = await house.carry_on(await house.request(await house.issue("x"), interactive=True))
    async with open_editor(options={"untrustedWorkspace": True}) as shown:
        arguments = {"runId": view.id, "questionId": view.questions[0].id}
        error = await shown.refused("locus.run.answer", option="once", **arguments)
        assert error["code"] == -32803 and "trust" in error["message"]
        assert (await shown.refused("locus.run.answer", option="maybe", **arguments))["code"] == -32602
    assert house.view(view.id) == view


def test_a_message_is_readable_whatever_an_agent_writes() -> None:
    question = Question(
        id="1-1",
        task=1,
        kind="permission",
        title="May the agent run `a\x1b[31m\nb`?",
        detail="Asked because\x07 so.\n\n" + "+ a line of a diff\n" * 500,
        options=(Option(id="once", label="Allow once", kind="allow_once"),),
        asked_at="2026-01-01T00:00:00Z",
    )
    view = RunView(
        id="r",
        folder="file:///r",
        kind="standalone",
        state=RunState.RUNNING,
        base="main",
        started_at="2026-01-01T00:00:00Z",
        seq=1,
        tasks=(TaskRun(number=1, title="Title"),),
    )
    text = message(view, question)
    assert text.startswith("#1 Title: May the agent run `a [31m b`?\n\nAsked because so.")
    assert "\x1b" not in text and len(text) < 1700 and text.endswith("\n...")
