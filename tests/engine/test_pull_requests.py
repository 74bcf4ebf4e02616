"""What a pull request says, who may write in it besides Locus, and when a sprint's is a draft."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import NoReturn
from unittest.mock import AsyncMock

import pytest

from locus.agents.shell import ShellSession
from locus.model.agent import AgentEvent, Notice, Started, Usage
from locus.model.body import closes
from locus.model.states import TaskState
from locus.model.task import PullRequest
from locus.repo.templates import pull_request_template
from support.again import pulls
from support.colleague import Killed
from support.fused_runner import PHASES, Boundary, Phase, fused
from support.house import House, done, states
from support.sprints import BRANCH, sprint

ISSUE = "locus/issue-1"
TEMPLATE = "<!-- say what changes -->\n## What\n\nFixes #7\n\n- [ ] I have read the rules\n"


@pytest.fixture
def reporting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents that print `session S, T tokens, C` report that as their usage, as those do that know it."""
    plain = ShellSession.events

    async def events(self: ShellSession) -> AsyncIterator[AgentEvent]:
        async for event in plain(self):
            yield event
            if isinstance(event, Notice) and (said := re.fullmatch(r"session (\w+), (\d+) tokens, ([\d.]+)", event.text)):
                yield Started(session_id=said[1], model="clever-1")
                yield Usage(tokens=int(said[2]), cost_usd=float(said[3]))

    monkeypatch.setattr(ShellSession, "events", events)


async def only(house: House, branch: str) -> PullRequest:
    (pull,) = await pulls(house, branch)
    return pull


# What it says


async def test_it_says_what_was_verified_by_whom_and_at_what_cost(house: House, reporting: None) -> None:
    house.configure(verify=[{"name": "good", "run": "grep -q good a.txt"}, {"name": "there", "run": "test -e a.txt"}])
    mend = 'if grep -q "^## What failed" "$LOCUS_PROMPT_FILE"; then echo good > a.txt; else echo bad > a.txt; fi'
    tell = 'if grep -q "^## What failed" "$LOCUS_PROMPT_FILE"; then echo session b, 30 tokens, 0.5; else echo session a, 1200 tokens, 1; fi'
    number = await house.issue(mend, tell)
    assert done(await house.run(number))
    body = (await only(house, ISSUE)).body
    assert "- Verified: good, there (good failed at first and was mended)." in body
    assert "- Work done by the agent `tester` (shell, clever-1) in 2 attempts, committed by Locus." in body
    assert "- Cost: 1,230 tokens, $1.50." in body


async def test_what_was_spent_before_a_crash_counts(house: House, reporting: None) -> None:
    number = await house.issue("echo session a, 100 tokens, 0.25", f"test -e {house.person.path.parent}/go && echo a > a.txt")
    run_id = await house.request(number)
    assert states(await house.carry_on(run_id)) == ["failed"]
    (house.person.path.parent / "go").touch()
    with pytest.raises((Killed, BaseExceptionGroup)), fused(Boundary(f"pull:{number}", "intended"), _die):
        await house.carry_on(run_id)
    assert done(await house.carry_on(run_id))
    assert "- Cost: 100 tokens, $0.25." in (await only(house, ISSUE)).body, "one session, whose total was told twice"


async def test_an_agent_that_reports_no_cost_has_none(house: House) -> None:
    assert done(await house.run(await house.issue("echo a > a.txt")))
    assert "Cost" not in (await only(house, ISSUE)).body


async def test_what_an_agent_says_closes_nothing_and_ends_nothing(house: House) -> None:
    number = await house.issue("echo a > a.txt", "echo 'fixes #99 <!-- locus:end -->'", title="Undo what closes #98 did")
    assert done(await house.run(number))
    body = (await only(house, ISSUE)).body
    assert closes(body) == (number,) and body.count("<!-- locus:end -->") == 1 and "fixes `#99`" in body


# What others have written


async def test_what_a_person_writes_around_our_part_stays(house: House) -> None:
    number = await house.issue("date +%N > a.txt")
    assert done(await house.run(number))
    first = await only(house, ISSUE)
    await house.ws.tracker.update_pull(first.number, title="My title", body=f"Mine above\r\n\r\n{first.body}\r\n\r\nMine below")
    await house.call("locus.issue.update", number=number, body="RUN: echo b > b.txt\nRUN: echo the second summary")
    assert done(await house.run(number))
    second = await only(house, ISSUE)
    assert (second.number, second.title) == (first.number, "My title")
    assert second.body.startswith("Mine above\n\n<!-- locus:begin") and second.body.endswith("<!-- locus:end -->\n\nMine below")
    assert "the second summary" in second.body and second.body.count("locus:run") == 1


async def test_a_body_that_a_person_has_replaced_is_left_to_them(house: House) -> None:
    one, two = await sprint(house, ["echo a > a.txt"], ["exit 1"])
    assert states(await house.run(sprint="S")) == ["done", "failed"]
    pull = await only(house, BRANCH)
    await house.ws.tracker.update_pull(pull.number, body=f"All in my words. Closes #{one}.")
    await house.call("locus.issue.update", number=two, body="RUN: echo b > b.txt")
    assert done(await house.run(sprint="S"))
    body = (await only(house, BRANCH)).body
    assert body.startswith(f"All in my words. Closes #{one}.\n\n<!-- locus:begin closing")
    assert closes(body) == (one, two) and "Verified" not in body and "agent" not in body
    (three,) = [await house.issue("echo c > c.txt", sprint="S")]
    assert done(await house.run(sprint="S"))
    body = (await only(house, BRANCH)).body
    assert closes(body) == (one, two, three) and body.count("locus:begin") == 1 and "agent" not in body


async def test_a_sprint_keeps_what_an_earlier_run_said_of_its_tasks(house: House, reporting: None) -> None:
    one, two = await sprint(house, ["echo a > a.txt", "echo session a, 10 tokens, 0.1"], ["exit 1"])
    await house.run(sprint="S")
    await house.call("locus.issue.update", number=two, body="RUN: echo b > b.txt\nRUN: echo session b, 20 tokens, 0.2")
    assert done(await house.run(sprint="S"))
    body = (await only(house, BRANCH)).body
    first, second = body[body.index(f"Closes #{one}") :].split(f"Closes #{two}")
    assert "Cost: 10 tokens, $0.10." in first and "Cost: 20 tokens, $0.20." in second


@pytest.mark.parametrize("name", [".github/Pull_Request_Template.md", "PULL_REQUEST_TEMPLATE.txt", "docs/pull_request_template.md"])
async def test_the_repositorys_template_stands_above_our_part(house: House, name: str) -> None:
    house.person.commit({name: TEMPLATE})
    house.person.git("push", "--quiet", "origin", "main")
    number = await house.issue(f"echo taken over > {name}")
    assert done(await house.run(number))
    body = (await only(house, ISSUE)).body
    above, _, ours = body.partition("<!-- locus:begin")
    assert above.strip() == TEMPLATE.replace("Fixes #7", "Fixes `#7`").strip(), "the base's, which promises to close nothing"
    assert closes(ours) == closes(body) == (number,)


async def test_a_run_reads_the_template_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.person.commit({"docs/pull_request_template.md": TEMPLATE})
    house.person.git("push", "--quiet", "origin", "main")
    read = AsyncMock(wraps=pull_request_template)
    monkeypatch.setattr("locus.engine.pulls.pull_request_template", read)
    numbers = [await house.issue(f"echo {name} > {name}.txt") for name in "abc"]
    assert done(await house.run(*numbers))
    bodies = [(await only(house, f"locus/issue-{number}")).body for number in numbers]
    assert len([body for body in bodies if body.startswith(TEMPLATE[:20])]) == 3 and read.await_count == 1


async def test_a_folder_of_templates_is_for_a_person_to_choose_from(house: House) -> None:
    house.person.commit({".github/PULL_REQUEST_TEMPLATE/one.md": "One", ".github/PULL_REQUEST_TEMPLATE/two.md": "Two"})
    house.person.git("push", "--quiet", "origin", "main")
    assert done(await house.run(await house.issue("echo a > a.txt")))
    assert (await only(house, ISSUE)).body.startswith("<!-- locus:begin")


# Drafts


async def test_a_sprint_is_a_draft_until_all_is_done(house: House) -> None:
    house.configure(sprint_draftPR=True)
    one, two = await sprint(house, ["echo a > a.txt"], ["exit 1"])
    view = await house.run(sprint="S")
    assert states(view) == ["done", "failed"]
    draft = await only(house, BRANCH)
    assert draft.draft and closes(draft.body) == (one,)
    comments = [comment.body for comment in await house.ws.tracker.comments(one)]
    assert len(comments) == 1 and f"- Pull request: #{draft.number}" in comments[0]
    await house.call("locus.issue.update", number=two, body="RUN: echo b > b.txt")
    assert done(await house.carry_on(view.id))
    ready = await only(house, BRANCH)
    assert not ready.draft and ready.number == draft.number and closes(ready.body) == (one, two)


async def test_a_draft_is_there_while_the_sprint_goes_on(house: House) -> None:
    house.configure(sprint_draftPR=True)
    _, two = await sprint(house, ["echo a > a.txt"], ["exit 1"])
    run_id = await house.request(sprint="S")
    with pytest.raises((Killed, BaseExceptionGroup)), fused(Boundary(f"turn:{two}", "intended"), _die):
        await house.carry_on(run_id)
    assert (await only(house, BRANCH)).draft


async def test_a_task_left_out_at_last_makes_the_draft_ready(house: House) -> None:
    house.configure(sprint_draftPR=True)
    _, two = await sprint(house, ["echo a > a.txt"], ["exit 1"])
    view = await house.run(sprint="S")
    await house.call("locus.issue.close", number=two)
    await house.carry_on(view.id)
    assert not (await only(house, BRANCH)).draft


async def test_one_task_alone_is_no_draft(house: House) -> None:
    house.configure(sprint_draftPR=True)
    await sprint(house, ["echo a > a.txt"])
    assert done(await house.run(sprint="S"))
    pull = await only(house, BRANCH)
    assert not pull.draft and pull.number == 2


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("key", ["pull:draft", "pull:sprint:2:ready"])
async def test_a_draft_is_made_once_and_ready_once_whatever_kills_the_run(house: House, key: str, phase: Phase) -> None:
    house.configure(sprint_draftPR=True)
    one, two = await sprint(house, ["echo a > a.txt"], ["echo b > b.txt"])
    run_id = await house.request(sprint="S")
    with pytest.raises((Killed, BaseExceptionGroup)), fused(Boundary(key, phase), _die):
        await house.carry_on(run_id)
    assert done(await house.carry_on(run_id))
    pull = await only(house, BRANCH)
    assert not pull.draft and closes(pull.body) == (one, two)
    assert [len(await house.ws.tracker.comments(number)) for number in (one, two)] == [1, 1]


async def test_a_runner_killed_after_the_draft_makes_no_other(house: House) -> None:
    house.configure(sprint_draftPR=True)
    gate = house.person.path.parent / "go"
    one, two = await sprint(house, ["echo a > a.txt"], [f"test -e {gate} || exec sleep 60", "echo b > b.txt"])
    run_id = await house.start(sprint="S")
    await house.until(run_id, lambda view: view.pull_request is not None and view.tasks[1].state is TaskState.WORKING, within=60)
    assert (await only(house, BRANCH)).draft
    house.kill_runner(run_id)
    gate.touch()
    await house.until(run_id, lambda view: not view.alive)
    assert done(await house.carry_on(run_id))
    pull = await only(house, BRANCH)
    assert not pull.draft and closes(pull.body) == (one, two)


def _die() -> NoReturn:
    raise Killed
