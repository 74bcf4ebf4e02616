"""Issues on GitHub take from the repository's templates what a person who makes one in the browser would be given."""

from __future__ import annotations

import pytest

from support.github.fixtures import Demo, demo, gh, github, short_folder, wire
from support.github.house import house
from support.house import House

__all__ = ["demo", "gh", "github", "house", "short_folder", "wire"]

BUG = "---\nname: Bug report\ntitle: '[Bug]: '\nlabels: triage\n---\n\n## Steps to reproduce\n"
IDEA = "---\nname: Feature request\n---\n\n## Why\n"


@pytest.fixture
def templates(demo: Demo) -> None:
    for name, text in (("bug_report.md", BUG), ("idea.md", IDEA), ("config.yml", "blank_issues_enabled: false\n")):
        demo.person.write(f".github/ISSUE_TEMPLATE/{name}", text)
    demo.person.git("add", ".")
    demo.person.git("commit", "-qm", "Templates")


async def test_an_issue_of_a_type_takes_its_template(house: House, templates: None) -> None:
    bug = await house.call("locus.issue.create", title="It breaks", type="bug")
    assert (bug.title, bug.body.split("\n\n<!--")[0]) == ("[Bug]: It breaks", "## Steps to reproduce")
    assert {"triage", "type:bug"} <= set(bug.labels)
    own = await house.call("locus.issue.create", title="[bug]: Mine", type="bug", body="All is said.")
    assert (own.title, own.body.split("\n\n<!--")[0]) == ("[bug]: Mine", "All is said.")
    assert "triage" in own.labels
    chore = await house.call("locus.issue.create", title="Tidy up", type="chore")
    assert chore.title == "Tidy up" and "## Why" not in chore.body and "triage" not in chore.labels


async def test_the_code_that_an_issue_is_about_stands_before_the_template(house: House, templates: None) -> None:
    file = house.person.path / "src" / "util.py"
    selected = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    made = await house.call("locus.issue.create", uri=file.as_uri(), range=selected, type="feature")
    assert made.anchor is not None and made.anchor.path == "src/util.py"
    assert made.body.index("util.py") < made.body.index("## Why") < made.body.index("<!-- locus:anchor")


async def test_tasks_that_are_kept_here_have_no_templates(house: House, templates: None) -> None:
    house.configure(tracker="local")
    made = await house.call("locus.issue.create", title="It breaks", type="bug")
    assert made.title == "It breaks" and "triage" not in made.labels


async def test_a_form_gives_what_a_browser_would_show(house: House, demo: Demo) -> None:
    form = "name: Bug\ntitle: '[Bug]: '\nlabels: [triage]\nbody:\n  - type: textarea\n    attributes:\n      label: What happened?\n"
    for name, text in (("1-bug.yml", form), ("idea.md", IDEA), ("config.yml", "blank_issues_enabled: false\n")):
        demo.person.write(f".github/ISSUE_TEMPLATE/{name}", text)
    demo.person.commit(message="Templates")
    made = await house.call("locus.issue.create", title="It breaks", type="bug")
    assert (made.title, made.body.split("\n\n<!--")[0]) == ("[Bug]: It breaks", "### What happened?")
    assert {"triage", "type:bug"} <= set(made.labels)
    own = await house.call("locus.issue.create", title="Mine", type="bug", body="All is said.")
    assert own.body.split("\n\n<!--")[0] == "All is said."
