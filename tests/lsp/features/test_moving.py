"""Tasks move to GitHub from an editor: it asks, and then shows them from there."""

from __future__ import annotations

from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.gh import Gh
from support.github.github import GitHub
from support.house import House
from support.lsp_client import VSCODE, capabilities_of, editor

__all__ = ["demo", "gh", "github", "short_folder", "wire"]


async def test_asked_moved_and_seen_from_there(demo: Demo, gh: Gh, github: GitHub) -> None:
    gh.log_out()
    house = House(demo.person)
    github.issue(demo.repository, "Somebody else's")
    file = demo.person.path / "src" / "app.py"
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    async with editor(demo.person.path, capabilities_of(VSCODE, locus=True), env=demo.person.env) as shown:
        await shown.open(demo.person.path)
        uri = shown.show(file)
        assert (await shown.run("locus.issue.create", uri=uri, range=span, title="Here"))["number"] == 1
        await shown.until_lenses(uri, lambda titles: "#1 queued" in titles)
        gh.log_in()
        assert (await shown.run("locus.tracker.push", dryRun=True))["tasks"][0]["anchored"]
        shown.pick = lambda _message, _choices: None
        assert not (await shown.run("locus.tracker.push"))["done"]
        shown.pick = lambda message, choices: choices[0] if "Move the task of this repository to octo/demo" in message else None
        moved = await shown.run("locus.tracker.push")
        assert moved["done"] and moved["tasks"][0]["movedTo"] == 2
        assert any("#1 is #2 now: Here" in said["message"] for said in shown.said("window/logMessage"))
        await shown.until_lenses(uri, lambda titles: "#2 queued" in titles and "#1 queued" not in titles)
    await house.ws.settle()
    assert house.ws.tracker.keeper == "octo/demo"
