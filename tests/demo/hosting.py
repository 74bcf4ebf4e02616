"""The demonstration's GitHub: the stand-in of the tests (support/github) on a unix socket, with the real `gh` in between."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.page import Page
from demo.playground import Playground
from support.github.gh import PINNED, Gh, pinned
from support.github.github import GitHub
from support.github.wire import Wire
from support.github.world import Issue, Repository

NAME = "octo/demo"
ADDRESS = f"https://github.com/{NAME}.git"
LABELS = 15
"""What `locus init` makes."""


@dataclass(frozen=True)
class Hosting:
    """`environment` is what has to be added to that of whatever speaks to this GitHub."""

    github: GitHub
    wire: Wire
    environment: Mapping[str, str]

    @property
    def repository(self) -> Repository:
        return self.github.world.repository(NAME)

    @property
    def issues(self) -> list[Issue]:
        return [issue for issue in self.repository.issues.values() if issue.pull is None]

    @property
    def pulls(self) -> list[Issue]:
        return [issue for issue in self.repository.issues.values() if issue.pull is not None]

    def labels(self, issue: Issue) -> list[str]:
        return sorted(label.name for label in self.repository.labels_of(issue))

    @contextlib.contextmanager
    def serving(self, place: Playground) -> Iterator[None]:
        """The person's remote is on GitHub meanwhile. Afterwards nobody is led to the real github.com."""
        self.wire.serve(NAME, place.remote)
        self.github.repository(NAME, bare=place.remote)
        place.git("remote", "set-url", "origin", ADDRESS)
        try:
            yield
        finally:
            place.git("remote", "set-url", "origin", str(place.remote))


@contextlib.contextmanager
def opened() -> Iterator[Hosting]:
    with tempfile.TemporaryDirectory(prefix="gh-") as short, GitHub(Path(short) / "s") as github:
        gh, wire = Gh(Path(short) / "gh", pinned(), github.socket), Wire(Path(short) / "wire")
        yield Hosting(github, wire, {**gh.environment, **wire.environment, "PATH": gh.before(os.environ["PATH"])})


def introduce(page: Page) -> None:
    page.say(f"Its remote is {ADDRESS}, and that leads to a GitHub on this machine:")
    page.say("a stand-in on a unix socket (tests/support/github), whose answers are checked against GitHub's")
    page.say(f"own descriptions of its interfaces. In between is the real `gh` {PINNED}. No account, no network.")


def show(page: Page, hosting: Hosting) -> None:
    """As a person finds it on GitHub's pages."""
    page.say("Issues")
    milestones = {milestone.number: milestone.title for milestone in hosting.repository.milestones.values()}
    for issue in hosting.issues:
        milestone = milestones.get(issue.milestone or 0, "")
        page.quote(f"#{issue.number}  {issue.state}  {issue.title:<27}  {milestone:<9}  {' '.join(hosting.labels(issue))}")
    page.say()
    page.say("Pull requests")
    for issue in hosting.pulls:
        assert issue.pull is not None
        page.quote(
            f"#{issue.number}  {issue.state}  {issue.title}  ({issue.pull.head} into {issue.pull.base})  {' '.join(hosting.labels(issue))}"
        )
        page.quote(_readable(issue.body or ""), indent="        ")
    page.say()
    page.say(f"The comment on #{hosting.issues[0].number}")
    page.quote(_readable(hosting.issues[0].comments[0].body), indent="        ")
    page.say()
    names = [label.name for label in hosting.repository.labels.values()]
    page.say(f"{len(names)} labels: {', '.join(names[:4])} ...; {len(milestones)} milestone: {', '.join(milestones.values())}")


def check(page: Page, hosting: Hosting, alone: list[int], sprint_tasks: list[int]) -> None:
    done = all(issue.state == "open" and {"agent:managed", "locus:done"} <= set(hosting.labels(issue)) for issue in hosting.issues)
    page.check(done, f"{len(hosting.issues)} issues on GitHub, all labelled locus:done and agent:managed")
    orders = [[name for name in hosting.labels(hosting.repository.issues[number]) if name.startswith("order:")] for number in sprint_tasks]
    page.check(orders == [[f"order:{place}"] for place in range(1, len(sprint_tasks) + 1)], "the sprint's are in its milestone, in order")
    closing = sorted([number for number in (*alone, *sprint_tasks) if f"Closes #{number}" in (pull.body or "")] for pull in hosting.pulls)
    page.check(
        closing == sorted([*([number] for number in alone), sprint_tasks]), "a pull request for each single issue, one for the sprint"
    )
    page.check(all(hosting.labels(pull) == ["agent:managed"] for pull in hosting.pulls), "the pull requests are labelled agent:managed")
    page.check(all(len(issue.comments) == 1 for issue in hosting.issues), "one comment on each issue, and no more")
    page.check(not hosting.github.surprises, f"{len(hosting.github.requests)} requests through gh, each as GitHub has them")


def summary(hosting: Hosting) -> str:
    issues, pulls, repository = hosting.issues, hosting.pulls, hosting.repository
    done = sum("locus:done" in hosting.labels(issue) for issue in issues)
    comments = sum(len(issue.comments) for issue in issues)
    counts = f"{len(pulls)} pull requests, {comments} comments, {len(repository.labels)} labels, {len(repository.milestones)} milestone"
    return f"Seen on this GitHub: {len(issues)} issues, {done} done, {counts}."


def how_to_use(page: Page) -> None:
    page.say("Your GitHub  gh auth login; then, in a clone of a repository of yours, .venv/bin/locus init")
    page.say("             (docs/github.md says what stands for what)")


def _readable(text: str) -> str:
    """Without the hidden marks."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.startswith("<!--"))
