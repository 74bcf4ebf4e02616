"""`make demo`: Locus at work in a throw-away repository, driven as an editor drives it. Exits with 1 if anything is not as it should be.

`make demo TRACKER=github` keeps the tasks on a GitHub of its own, on this machine; `make demo AGENT=claude` has the real Claude Code work.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from demo import hosting, playground, story, workers
from demo.editor import Editor, Refusal, opened
from demo.hosting import Hosting
from demo.page import Page
from demo.playground import ROOT, GitFailed, Playground
from demo.watch import Watch
from demo.workers import Worker

SOON = 15.0
"""Seconds."""


async def demonstrate(page: Page, folder: Path, github: Hosting | None, worker: Worker) -> None:
    page.say("Locus turns issues into reviewed branches. You see it here as an editor does, over the language")
    page.say("server protocol.")
    for line in worker.who:
        page.say(line)

    page.heading("A throw-away repository")
    place = playground.make(folder, worker.configured)
    page.say(f"{shown(place.project)}, this code base, with a bare remote beside it.")
    page.say("The person has work in it that is not finished: something staged, changed, new, and stashed.")
    with contextlib.nullcontext() if github is None else github.serving(place):
        await at_work(page, place, github)
    page.heading("Your own editor")
    how_to_connect(page, place if github is None else None)
    if github is not None:
        hosting.how_to_use(page)
        page.say()
        page.say(hosting.summary(github))


async def at_work(page: Page, place: Playground, github: Hosting | None) -> None:
    before = playground.possessions(place)
    if github is not None:
        hosting.introduce(page)
    async with opened(place.project, github.environment if github is not None else {}) as editor:
        info = editor.server["serverInfo"]
        page.heading(f"An editor starts `locus lsp` ({info['name']} {info['version']})")
        if github is not None:
            await settle_on_github(page, editor)
            before = playground.possessions(place)  # the person has asked for the files that this has made
        await allow(page, editor)
        alone, sprint_tasks = await make_issues(page, editor)

        page.heading(f"Two tasks side by side: Run {numbers(alone)}")
        both = await run(page, editor, tasks=alone)
        page.heading(f'Three tasks in order, on one branch: Run Sprint "{story.SPRINT}"')
        sprint = await run(page, editor, sprint=story.SPRINT)

        page.heading("What there is now")
        await show_result(page, editor, place)
        if github is not None:
            page.heading("What is on GitHub now")
            hosting.show(page, github)
        page.heading("Is everything as it should be?")
        check_result(page, place, both, sprint, sprint_tasks)
        if github is not None:
            hosting.check(page, github, alone, sprint_tasks)
        after = playground.possessions(place)
        for name, value in before.items():
            page.check(after[name] == value, f"untouched: {name}")
        page.check(await editor.quit() == 0, "the server ended in order")


async def settle_on_github(page: Page, editor: Editor) -> None:
    page.say("The remote is on GitHub and gh is logged in there: so the tasks are to be there.")
    made = (await editor.command("locus.init"))["created"]
    page.check(len([name for name in made if ":" in name]) == hosting.LABELS, f"`locus init` has made {hosting.LABELS} labels there")


async def allow(page: Page, editor: Editor) -> None:
    page.say("What the repository's configuration wants to execute has to be allowed once, by its exact text:")
    commands = await editor.command("locus.trust.show")
    for command in commands:
        page.quote(shown(command["text"]))
    allowed = await editor.command("locus.trust.allow", hashes=[command["hash"] for command in commands])
    page.check(bool(allowed) and all(command["allowed"] for command in allowed), "allowed by the person")


async def make_issues(page: Page, editor: Editor) -> tuple[list[int], list[int]]:
    """The numbers of the two issues that stand alone, and of the sprint's."""
    page.heading("Issues")
    uri, lines = editor.open(story.SELECTED_FILE)
    first, last = (next(i for i, line in enumerate(lines) if line.strip().startswith(start)) for start in story.SELECTED_LINES)
    selection = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": len(lines[last])}}
    page.say(f"Lines {first + 1}-{last + 1} of {story.SELECTED_FILE} are selected:")
    page.quote("\n".join(lines[first : last + 1]))
    (action,) = [action for action in await editor.code_actions(uri, selection) if action["command"]["command"] == "locus.issue.create"]
    page.say(f"The editor offers: {action['title']}. The person types a title and a text.")
    wish = story.FROM_SELECTION
    (selected,) = action["command"]["arguments"]
    typed = {"title": wish.title, "body": wish.body, "type": wish.type, "priority": wish.priority}
    task = await editor.command("locus.issue.create", **selected, **typed)
    page.check(task["anchor"]["path"] == story.SELECTED_FILE, f"#{task['number']} {task['title']} (stays with the selected code)")
    alone = [task["number"], await create(page, editor, story.GLOSSARY)]
    sprint_tasks = [await create(page, editor, wish) for wish in story.SPRINT_TASKS]
    sprint = await editor.command("locus.sprint.create", name=story.SPRINT, tasks=sprint_tasks)
    page.check(sprint["tasks"] == sprint_tasks, f'sprint "{sprint["name"]}": {numbers(sprint_tasks)}, in this order')
    return alone, sprint_tasks


async def create(page: Page, editor: Editor, wish: story.Wish) -> int:
    priority = {"priority": wish.priority} if wish.priority else {}
    task = await editor.command("locus.issue.create", title=wish.title, body=wish.body, type=wish.type, **priority)
    page.check(task["title"] == wish.title, f"#{task['number']} {task['title']}")
    return int(task["number"])


async def run(page: Page, editor: Editor, **what: Any) -> Watch:
    started = await editor.command("locus.run.start", **what)
    watch = Watch(page, started["runId"])
    await editor.until(watch.heard)
    return watch


async def show_result(page: Page, editor: Editor, place: Playground) -> None:
    tasks = await finished_tasks(editor)
    page.check(all(task["status"] == "done" for task in tasks), "the editor lists all issues as done")
    for task in sorted(tasks, key=lambda task: int(task["number"])):
        branch = (task.get("pullRequest") or {}).get("branch", "")
        page.say(f"#{task['number']}  {task['status']:<8}  {task['title']:<32}  {task.get('sprint', ''):<10}  {branch}")
    page.say()
    page.say("git log --graph --oneline --branches")
    page.quote(place.git("log", "--graph", "--oneline", "--decorate", "--decorate-refs=refs/heads", "--branches"))
    page.say()
    page.say(f"git diff --stat main...locus/sprint-{story.SPRINT.lower()}")
    page.quote(place.git("diff", "--stat=90", f"main...locus/sprint-{story.SPRINT.lower()}"))
    page.say()
    page.say("git diff main...locus/issue-1")
    page.quote("\n".join(place.git("diff", "main...locus/issue-1").splitlines()[2:]))


async def finished_tasks(editor: Editor) -> list[Any]:
    """All issues, as soon as the editor knows how they have ended: what is on GitHub it looks at again when a run has ended."""
    deadline = time.monotonic() + SOON
    while True:
        tasks: list[Any] = await editor.command("locus.issue.list", state="all")
        if all(task["status"] == "done" for task in tasks) or time.monotonic() > deadline:
            return tasks
        await asyncio.sleep(0.1)


def check_result(page: Page, place: Playground, both: Watch, sprint: Watch, sprint_tasks: list[int]) -> None:
    page.check(both.run["state"] == "done" and sprint.run["state"] == "done", "both runs are done")
    page.check(both.at_once == 2 and sprint.at_once == 1, "the two tasks went on at once, the sprint's one after the other")
    for watch in (both, sprint):
        rising = watch.percentages == sorted(watch.percentages)
        page.check(rising and len(watch.percentages) > 1, f"progress was shown and never fell ({len(watch.percentages)} reports)")
    branch = f"locus/sprint-{story.SPRINT.lower()}"
    order = place.git("log", "--reverse", "--format=%(trailers:key=Locus-Task,valueonly)", f"main..{branch}").split()
    page.check(order == [str(number) for number in sprint_tasks], f"{branch} has a commit of each task, in order")
    local = place.git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/locus").splitlines()
    pushed = playground.git(place.remote, "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/locus").splitlines()
    page.check(len(local) == 3 and local == pushed, "three branches, all on the remote")
    pulls = [task.get("pullRequest") for task in both.run["tasks"]] + [sprint.run.get("pullRequest")]
    page.check(all(pulls), "three pull requests")
    page.check(place.git("worktree", "list", "--porcelain").count("worktree ") == 1, "no worktree is left over")


def how_to_connect(page: Page, place: Playground | None) -> None:
    page.say(f"The server   {Path(sys.executable).with_name('locus')} lsp")
    page.say("VS Code      make vsix, then code --install-extension vscode-extension/dist/locus-*.vsix,")
    page.say("             then set locus.server.path to the path above")
    page.say('Neovim 0.11  vim.lsp.config("locus", { cmd = { "PATH ABOVE", "lsp" }, root_markers = { ".git" } })')
    page.say('             vim.lsp.enable("locus")')
    page.say("Any other    a language server on standard input and output, for every kind of file")
    if place is not None:
        page.say(f"Try it on    {shown(place.project)} (`make clean` removes it)")


def numbers(tasks: list[int]) -> str:
    return ", ".join(f"#{number}" for number in tasks)


def shown(text: str | Path) -> str:
    """Paths below the checkout as seen from it."""
    return str(text).replace(f"{ROOT}/", "")


def fresh_folder() -> Path:
    return next(folder for n in count(1) if not (folder := ROOT / ".demo" / str(n)).exists())


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to put the repository (default: a new folder in .demo)")
    parser.add_argument("--tracker", choices=("local", "github"), default="local", help="where the tasks are kept (default: local)")
    parser.add_argument("--agent", choices=("script", "claude"), default="script", help="who does the work (default: script)")
    given = parser.parse_args()
    folder: Path = given.folder or fresh_folder()
    page = Page()
    try:
        with (
            hosting.opened() if given.tracker == "github" else contextlib.nullcontext() as github,
            workers.at_hand(given.agent, folder.resolve()) as worker,
        ):
            asyncio.run(demonstrate(page, folder.resolve(), github, worker))
    except workers.NotThere as missing:
        page.say(str(missing))
        return 1
    except (Refusal, GitFailed, AssertionError) as problem:
        page.check(False, "the demonstration came to its end")
        page.quote(str(problem))
    page.say()
    if page.failures:
        page.say(f"{len(page.failures)} not as it should be: {'; '.join(page.failures)}")
        return 1
    page.say("Everything is as it should be.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
