"""An editor before tasks on GitHub: everything it asks is answered as GitHub was at the last look, and looking costs next to nothing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lsp.features import quick_server
from support.gates import came, waits
from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.github import GitHub
from support.github.house import house
from support.house import House
from support.lsp_client import SERVER, VSCODE, Editor, capabilities_of, editor, span
from support.procs import until_async

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]


@asynccontextmanager
async def opened(house: House, *, quick: bool = True) -> AsyncIterator[Editor]:
    """An editor whose server has looked once, and looks again all the time, or in a minute."""
    argv = (sys.executable, "-P", quick_server.__file__, "lsp") if quick else SERVER
    async with editor(house.person.path, capabilities_of(VSCODE, locus=True), env=house.person.env, argv=argv) as made:
        await made.open(house.person.path)
        await until_async((house.ws.state / "github.json").exists, 30, "the first look")
        yield made


async def until_listed(shown: Editor, *titles: str) -> None:
    for _ in range(600):
        if sorted(each["title"] for each in await shown.run("locus.issue.list")) == sorted(titles):
            return
    raise AssertionError(await shown.run("locus.issue.list"))


async def test_while_github_is_silent_everything_is_answered(house: House, demo: Demo, github: GitHub) -> None:
    uri = (house.person.path / "src/app.py").as_uri()
    text = (house.person.path / "src/app.py").read_text()
    number = (await house.call("locus.issue.create", uri=uri, range=span(0, 0, 0, 3), title="Mend it", body="RUN: true")).number
    closed = github.issue(demo.repository, "Old", state="closed").number
    await house.sprint("Sprint 1", github.issue(demo.repository, "Planned").number)
    async with opened(house) as shown:
        shown.show(uri, text)
        await shown.until_lenses(uri, lambda titles: any("Mend it" in title or f"#{number}" in title for title in titles))
        silent = [github.hold(path="/repos/*"), github.hold(path="/graphql")]
        await until_async(silent[0].arrived.is_set, 30, "it looks again, in vain")
        assert {each["title"] for each in await shown.run("locus.issue.list")} == {"Mend it", "Planned"}
        assert [each["title"] for each in await shown.run("locus.issue.list", sprint="sprint-1")] == ["Planned"]
        assert (await shown.run("locus.issue.show", number=number))["title"] == "Mend it"
        assert (await shown.run("locus.issue.show", number=closed))["state"] == "closed"
        assert [(each["name"], each["counts"]) for each in await shown.run("locus.sprint.list")] == [("Sprint 1", {"queued": 1})]
        assert any(f"#{number}" in lens["command"]["title"] for lens in await shown.lenses(uri))
        assert any(f"#{number}" in action["title"] for action in await shown.actions(uri, span(0, 0, 0, 1)))
        await shown.run("locus.issue.draft", uri=uri, range=span(0, 0, 0, 3))
        await shown.run("locus.run.list")
        assert not silent[1].arrived.is_set(), "none of this asked GitHub"
        for gate in silent:
            gate.release()


async def test_looking_again_costs_nothing_until_something_changes(house: House, demo: Demo, github: GitHub) -> None:
    number = github.issue(demo.repository, "One").number
    github.milestone(demo.repository, "Sprint 1")
    async with opened(house) as shown:
        asked = len(github.requests)
        await until_async(lambda: len(github.requests) >= asked + 4, 30, "it has looked twice")
        used, asked = github.limits.of("core").used, len(github.requests)
        await until_async(lambda: len(github.requests) >= asked + 6, 30, "it has looked three times more")
        assert {request.status for request in github.requests[asked : asked + 6]} == {304}
        assert github.limits.of("core").used == used
        github.edit(demo.repository, number, title="Another")
        await until_listed(shown, "Another")
        github.delete(demo.repository, number)
        await until_listed(shown)


async def test_the_editor_says_that_github_is_silent_and_that_it_is_back(house: House, github: GitHub) -> None:
    async with opened(house) as shown:
        with github.unreachable():
            told = await shown.client.notification("locus/status", lambda status: status["state"] == "offline")
            assert "github.com cannot be reached" in told["tooltip"]
        await shown.client.notification("locus/status", lambda status: status["state"] == "idle", after=len(shown.client.messages))


async def test_a_run_that_waits_for_githubs_limit_says_until_when(house: House, demo: Demo, github: GitHub, tmp_path: Path) -> None:
    number = await house.issue(*waits(tmp_path), "echo a > a.txt")
    await house.trust()
    async with opened(house) as shown:
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        await until_async(lambda: number in came(tmp_path), 60, "the agent has come")
        await until_async(lambda: not house.view(run_id).untold, 30, "its status is told")
        github.limit("graphql", remaining=0, resets_in=600)
        (tmp_path / "go").touch()
        told = await shown.client.notification("locus/status", lambda status: "waiting for GitHub until " in status["tooltip"])
        assert told["state"] == "working", told
        await shown.client.notification(
            "$/progress", lambda progress: str(progress["value"].get("message", "")).startswith("waiting for GitHub until ")
        )
        await shown.run("locus.run.stop", runId=run_id)
        assert (await shown.told_run(lambda run: run["id"] == run_id and run["state"] == "stopped"))["untold"] == 3


async def test_what_each_request_of_an_editor_costs(house: House, demo: Demo, github: GitHub) -> None:
    await house.call("locus.init")
    github.issue(demo.repository, "One")
    costs: dict[str, int] = {}
    async with opened(house, quick=False) as shown:
        for name, given in (
            ("create", {"title": "Two", "type": "bug"}),
            ("update", {"number": 2, "title": "Three"}),
            ("close", {"number": 2}),
            ("show", {"number": 2}),
            ("list", {"state": "all"}),
        ):
            with github.counting() as counted:
                await shown.run(f"locus.issue.{name}", **given)
            costs[name] = sum(request.method != "GET" for request in counted.requests)  # by GET the server looks around, as ever
        assert {each["title"] for each in await shown.run("locus.issue.list", state="all")} == {"One", "Three"}
    assert costs == {"create": 2, "update": 3, "close": 2, "show": 0, "list": 0}
