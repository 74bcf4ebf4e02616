"""Runs as an editor sees them: started, followed, stopped, asked about, and found again by a server that has just started."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locus.process.orphans import descendants
from support.house import House, Somebody
from support.lsp_client import NEOVIM, VSCODE, Editor, capabilities_of, editor, span
from support.procs import until_async

WAIT = "until [ -e {} ]; do sleep 0.02; done"
"""An agent that works until the test makes a file."""


async def ended(shown: Editor, run_id: str) -> Any:
    return await shown.told_run(lambda run: run["id"] == run_id and run["state"] in ("done", "failed", "stopped", "refused", "lost"))


async def test_a_sprint_from_its_start_to_its_end(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    first = await house.issue("echo one > one.txt", title="First")
    second = await house.issue("cat one.txt > two.txt", title="Second")
    async with open_editor() as shown:
        sprint = await shown.run("locus.sprint.create", name="Sprint 1", tasks=[first, second])
        assert sprint["folder"] == house.ws.folder
        plan = await shown.run("locus.run.plan", sprint="Sprint 1")
        assert [task["number"] for task in plan["tasks"]] == [first, second]
        run_id = (await shown.run("locus.run.start", sprint="Sprint 1"))["runId"]
        run = await ended(shown, run_id)
        assert (run["state"], [task["state"] for task in run["tasks"]]) == ("done", ["done", "done"]), run
        await shown.client.notification("locus/status", lambda status: status["state"] == "idle" and status["done"] == 2)
        seen = shown.said("locus/run")
        assert [told["seq"] for told in seen] == list(range(1, len(seen) + 1))
        assert any(told["run"]["state"] == "running" for told in seen)
        working = [status for status in shown.said("locus/status") if status["state"] == "working"]
        assert "Sprint 1 1/2" in [status["text"] for status in working]
        (values,) = shown.progress().values()
        assert (values[0]["title"], values[0]["cancellable"], values[0]["percentage"]) == ("Sprint 1", True, 0)
        assert any(value.get("message", "").startswith(f"1/2 · #{second} Second · ") for value in values)
        assert (values[-1]["kind"], values[-1]["message"]) == ("end", "2/2 done")
        diff = await shown.run("locus.task.diff", number=second)
        assert [file["path"] for file in diff["files"]] == ["two.txt"]
        assert [each["id"] for each in await shown.run("locus.run.list")] == [run_id]
        assert (await shown.run("locus.run.show", runId=run_id))["state"] == "done"


async def test_an_agents_words_reach_who_subscribes(house: House, open_editor: Callable[..., Any]) -> None:
    number = await house.issue("echo before", WAIT.format("../../../go"), "echo after > x.txt; echo after", title="Talk")
    await house.trust()
    async with open_editor() as shown:
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        await shown.told_run(lambda run: run["id"] == run_id and run["tasks"][0]["state"] == "working")
        await until_async(lambda: house.view(run_id).tasks[0].state == "working")

        def lines(after: int = 0) -> list[str]:
            told = shown.said("locus/log", after)
            assert [each["from"] for each in told] == [sum(len(earlier["lines"]) for earlier in told[:at]) for at in range(len(told))]
            return [line for each in told for line in each["lines"]]

        await shown.request("locus/subscribe", runId=run_id, task=number)
        await until_async(lambda: "before" in lines(), what="the lines that were there")
        house.person.path.joinpath("go").touch()
        await until_async(lambda: "after" in lines(), what="the lines that came")
        mark = shown.mark
        await shown.request("locus/subscribe", runId=run_id)
        await until_async(lambda: "after" in lines(mark), what="all again, from the start")
        assert lines(mark).index("before") < lines(mark).index("after")
        assert await shown.request("locus/unsubscribe", runId=run_id) is None
        await ended(shown, run_id)
        house.person.path.joinpath("go").unlink()
        for wrong, code in (({"runId": "run-0"}, -32803), ({"runId": run_id, "task": 99}, -32803), ({"run": run_id}, -32602)):
            assert (await shown.client.request("locus/subscribe", wrong))["error"]["code"] == code


async def test_the_progress_cancel_button_stops_the_run(house: House, open_editor: Callable[..., Any]) -> None:
    number = await house.issue("echo half > half.txt", "sleep 600", title="Long")
    await house.trust()
    async with open_editor(NEOVIM, locus=False) as shown:
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        token = (await shown.client.notification("$/progress", lambda params: "sleep 600" in params["value"].get("message", "")))["token"]
        shown.client.notify("window/workDoneProgress/cancel", {"token": token})
        await shown.client.notification("$/progress", lambda params: params["value"]["kind"] == "end")
        assert shown.progress()[token][0]["title"] == f"#{number} Long"
        view = await house.ended(run_id)
        assert (view.state, view.tasks[0].state) == ("stopped", "interrupted")
        # Stopped by the person: nothing that they must be told.
        assert shown.said("window/showMessage") == []


async def test_a_run_outlives_the_killing_of_the_servers_tree(house: House, open_editor: Callable[..., Any]) -> None:
    number = await house.issue(WAIT.format("../../../go"), "echo x > x.txt", title="Go on")
    await house.trust()
    async with open_editor() as shown:
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        await shown.told_run(lambda run: run["id"] == run_id and run["tasks"][0]["state"] == "working")
        # As VS Code does it two seconds after asking a server to stop: everything below it, by parent pid.
        for pid in (*descendants(shown.client.process.pid), shown.client.process.pid):
            os.kill(pid, signal.SIGKILL)
        await shown.client.process.wait()
    async with open_editor() as shown:
        told = await shown.client.notification("locus/runs")
        assert [(run["id"], run["state"]) for run in told["runs"]] == [(run_id, "running")]
        assert (await shown.client.notification("locus/status"))["text"] == f"#{number} working"
        await shown.client.notification("$/progress", lambda params: params["value"].get("title") == f"#{number} Go on")
        assert (await shown.request("locus/runs"))["runs"][0]["id"] == run_id
        house.person.path.joinpath("go").touch()
        assert (await ended(shown, run_id))["state"] == "done"
    house.person.path.joinpath("go").unlink()


async def test_shutting_down_leaves_runs_alone_or_ends_them_as_wanted(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    numbers = [await house.issue("sleep 600", title=title) for title in ("Stay", "Leave")]
    async with open_editor() as shown:
        stays = (await shown.run("locus.run.start", tasks=[numbers[0]]))["runId"]
        await shown.told_run(lambda run: run["id"] == stays and run["tasks"][0]["state"] == "working")
        assert await shown.client.leave() == 0
    assert house.view(stays).alive
    house.configure(run_onEditorExit="interrupt")
    async with open_editor() as shown:
        leaves = (await shown.run("locus.run.start", tasks=[numbers[1]]))["runId"]
        await shown.told_run(lambda run: run["id"] == leaves and run["tasks"][0]["state"] == "working")
        assert await shown.client.leave() == 0
    assert (await house.ended(leaves)).state == "stopped"
    assert house.view(stays).alive  # another editor's, or the terminal's: not this one's to end
    await house.call("locus.run.stop", run_id=stays)
    await house.ended(stays)


@pytest.mark.parametrize("locus", [False, True])
async def test_a_failure_is_shown_where_its_code_is(house: House, open_editor: Callable[..., Any], locus: bool) -> None:
    await house.trust()
    file = house.person.path / "src/app.py"
    async with open_editor(VSCODE, locus=locus) as shown:
        uri = shown.show(file)
        task = await shown.run(
            "locus.issue.create", uri=uri, range=span(3, 0, 4, 12), title="Break", body="RUN: test -e ../../../works && echo x > x.txt"
        )
        number = task["number"]
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        (found,) = await shown.diagnostics(uri, lambda found: len(found) == 1)
        assert (found["source"], found["code"], found["severity"], found["range"]) == ("locus", "failed", 2, span(3, 0, 4, 12))
        assert found["message"].startswith(f"#{number} Break: failed: ")
        mark = shown.mark
        shown.type(uri, "# one more line\n", span(0, 0, 0, 0))
        await shown.diagnostics(uri, lambda found: bool(found) and found[0]["range"] == span(4, 0, 5, 12), after=mark)
        mark = shown.mark
        shown.hide(uri)  # without the line that was not saved
        await shown.diagnostics(uri, lambda found: bool(found) and found[0]["range"] == span(3, 0, 4, 12), after=mark)
        shown.show(file)
        lenses = await shown.until_lenses(uri, lambda titles: titles[-1:] == ["Resume"])
        assert lenses[0]["command"]["title"].startswith(f"#{number} failed: ")
        resume = next(each for each in await shown.actions(uri, span(3, 0, 3, 0), diagnostics=[found]) if each["kind"] == "quickfix")
        assert (resume["title"], resume["diagnostics"]) == (f"Resume #{number} Break", [found])
        failures = [said["message"] for said in shown.said("window/showMessage")]
        if locus:
            await shown.client.notification("locus/status", lambda status: status["state"] == "failed")
            assert failures == []
        else:
            assert len(failures) == 1
            assert failures[0].startswith(f"#{number} Break failed: ")
        await house.ended(run_id)
        house.person.path.joinpath("works").touch()
        mark = shown.mark
        assert (await shown.run(resume["command"]["command"], **resume["command"]["arguments"][0]))["runId"] == run_id
        await shown.diagnostics(uri, lambda found: found == [], after=mark)
        await shown.until_lenses(uri, lambda titles: titles[-1:] == ["Diff"])
        house.person.path.joinpath("works").unlink()
        await house.ended(run_id)


async def test_a_lens_stops_the_run_of_its_code(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    async with open_editor(NEOVIM) as shown:
        uri = shown.show(house.person.path / "src/app.py")
        task = await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 1, 12), title="Slow", body="RUN: sleep 600")
        run_id = (await shown.run("locus.run.start", tasks=[task["number"]]))["runId"]
        lenses = await shown.until_lenses(uri, lambda titles: "Stop" in titles and "working" in titles[0])
        assert lenses[0]["command"]["title"].startswith(f"#{task['number']} working ")
        stop = lenses[1]["command"]
        await shown.run(stop["command"], **stop["arguments"][0])
        assert (await house.ended(run_id)).state == "stopped"


@pytest.mark.parametrize("client", [NEOVIM, VSCODE])
async def test_code_that_is_not_in_the_base_is_asked_about(house: House, open_editor: Callable[..., Any], client: str) -> None:
    """Without the extension the question comes as a message with buttons, and the answer decides the base."""
    await house.trust()
    with house.person.changing():
        (house.person.path / "src/app.py").write_text("def brand_new():\n    return 'uncommitted'\n")
    async with open_editor(client, locus=False) as shown:
        asked: list[tuple[str, list[str]]] = []

        def pick(message: str, titles: list[str]) -> str | None:
            asked.append((message, titles))
            return titles[-1]

        shown.pick = pick
        uri = shown.show(house.person.path / "src/app.py")
        task = await shown.run(
            "locus.issue.create",
            uri=uri,
            range=span(0, 0, 1, 10),
            title="Use it",
            body="RUN: grep -q brand_new src/app.py && echo y > y.txt",
        )
        run_id = (await shown.run("locus.run.start", tasks=[task["number"]]))["runId"]
        view = await house.ended(run_id)
        assert view.state == "done", view
        assert len(asked) == 1
        assert len(asked[0][1]) == 3


async def test_a_question_that_is_answered_elsewhere_is_taken_back(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    with house.person.changing():
        (house.person.path / "src/app.py").write_text("def brand_new():\n    return 'uncommitted'\n")
    async with open_editor(NEOVIM, locus=False) as shown:
        answer = shown.client.answer
        shown.client.answer = lambda request: None if request["method"] == "window/showMessageRequest" else answer(request)
        uri = (house.person.path / "src/app.py").as_uri()
        task = await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 1, 10), title="Use it", body="RUN: echo y > y.txt")
        run_id = (await shown.run("locus.run.start", tasks=[task["number"]]))["runId"]
        asked = await shown.client.wait_for(lambda message: message.get("method") == "window/showMessageRequest")
        assert f"#{task['number']} Use it" in asked["params"]["message"]
        (question,) = house.view(run_id).questions
        await house.call("locus.run.answer", run_id=run_id, question_id=question.id, option=question.options[-1].id)
        await shown.client.notification("$/cancelRequest", lambda params: params["id"] == asked["id"])
        assert (await house.ended(run_id)).state == "done"
        assert len(shown.said("window/showMessageRequest")) == 1


async def test_a_client_that_knows_locus_answers_for_itself(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    with house.person.changing():
        (house.person.path / "src/app.py").write_text("def brand_new():\n    return 'uncommitted'\n")
    async with open_editor() as shown:
        uri = (house.person.path / "src/app.py").as_uri()
        task = await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 1, 10), title="Use it", body="RUN: echo y > y.txt")
        run_id = (await shown.run("locus.run.start", tasks=[task["number"]]))["runId"]
        run = await shown.told_run(lambda run: run["id"] == run_id and bool(run["questions"]))
        (question,) = run["questions"]
        assert question["kind"] == "base"
        status = await shown.client.notification("locus/status", lambda status: status["waiting"] == 1)
        assert (status["state"], status["text"]) == ("attention", f"#{task['number']} asks")
        option = question["options"][-1]["id"]
        error = await shown.refused("locus.run.answer", runId=run_id, questionId=question["id"], option="nothing")
        assert error["code"] == -32602
        await shown.run("locus.run.answer", runId=run_id, questionId=question["id"], option=option)
        assert (await ended(shown, run_id))["state"] == "done"
        assert shown.said("window/showMessageRequest") == []


async def test_without_an_active_sprint_the_person_chooses(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    await house.sprint("Alpha", await house.issue("echo a > a.txt"))
    await house.sprint("Beta", await house.issue("echo b > b.txt"))
    async with open_editor(NEOVIM, locus=False) as shown:
        error = await shown.refused("locus.run.start")
        assert error["code"] == -32803
        shown.pick = lambda message, titles: "Beta" if titles == ["Alpha", "Beta"] else None
        run_id = (await shown.run("locus.run.start"))["runId"]
        assert (await house.ended(run_id)).sprint == "Beta"


async def test_nothing_runs_in_a_folder_that_is_not_trusted(house: House, open_editor: Callable[..., Any]) -> None:
    number = await house.issue("echo x > x.txt")
    async with open_editor(options={"untrustedWorkspace": True}) as shown:
        for command, arguments in (
            ("locus.run.start", {"tasks": [number]}),
            ("locus.run.resume", {}),
            ("locus.trust.allow", {"hashes": []}),
        ):
            error = await shown.refused(command, **arguments)
            assert error["code"] == -32803
            assert "trust" in error["message"]
        assert [task["number"] for task in await shown.run("locus.issue.list")] == [number]
        uri = shown.show(house.person.path / "src/app.py")
        task = await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 0, 3), title="Look only")
        await shown.until_lenses(uri, lambda titles: titles == [f"#{task['number']} queued"])
        assert (await shown.request("locus/runs"))["runs"] == []


async def test_a_run_of_the_terminal_is_seen_as_well(house: House, open_editor: Callable[..., Any]) -> None:
    async with open_editor() as shown:
        await shown.client.notification("locus/runs")
        uri = shown.show(house.person.path / "src/app.py")
        number = await house.issue("echo x > x.txt", title="Elsewhere", uri=uri, range=span(0, 0, 1, 12))
        await shown.until_lenses(uri, lambda titles: titles == [f"#{number} queued", "Run"])
        run_id = await house.start(number, face=Somebody())
        assert (await ended(shown, run_id))["tasks"][0]["title"] == "Elsewhere"


async def test_a_folder_that_is_closed_takes_its_progress_and_diagnostics_along(house: House, open_editor: Callable[..., Any]) -> None:
    await house.trust()
    async with open_editor() as shown:
        uri = (house.person.path / "src/app.py").as_uri()
        task = await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 1, 12), title="Fail", body="RUN: false")
        await shown.run("locus.run.start", tasks=[task["number"]])
        await shown.diagnostics(uri, lambda found: len(found) == 1)
        run_id = (await shown.run("locus.run.start", tasks=[await house.issue("sleep 600", title="Slow")]))["runId"]
        begun = await shown.client.notification("$/progress", lambda params: "Slow" in params["value"].get("title", ""))
        mark = shown.mark
        folder = {"uri": house.person.path.as_uri(), "name": "project"}
        shown.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
        await shown.diagnostics(uri, lambda found: found == [], after=mark)
        ending = await shown.client.notification("$/progress", lambda params: params["value"]["kind"] == "end", after=mark)
        assert ending["token"] == begun["token"]
        assert (await shown.client.notification("locus/status", after=mark))["state"] == "off"
        await house.call("locus.run.stop", run_id=run_id)
        await house.ended(run_id)


async def test_editor_settings_count_for_a_run(house: House) -> None:
    """A client without a word of its own about settings at the start is asked for them."""
    await house.trust()
    number = await house.issue("echo x > x.txt")
    async with editor(house.person.path, capabilities_of(VSCODE), env=house.person.env) as shown:
        shown.settings = lambda scope: {"agent": {"maxParallel": None}, "ai": {"provider": "nobody"}, "server": {"path": "/x"}}
        await shown.open(house.person.path)
        plan = await shown.run("locus.run.plan", tasks=[number])
        assert "nobody" in plan["refused"][0]["reason"]
        shown.settings = lambda scope: None
        mark = shown.mark
        shown.client.notify("workspace/didChangeConfiguration", {"settings": None})
        await shown.client.wait_for(lambda message: message.get("method") == "workspace/configuration", after=mark)
        plan = await shown.run("locus.run.plan", tasks=[number])
        assert plan["tasks"][0]["agent"] == "tester"


async def test_initial_settings_and_pushed_ones(house: House) -> None:
    """A client that cannot be asked sends its settings with initialize and pushes what changes."""
    number = await house.issue("echo x > x.txt")
    async with editor(house.person.path, {}, env=house.person.env) as shown:
        await shown.open(house.person.path, options={"settings": {"ai": {"provider": "nobody"}}})
        plan = await shown.run("locus.run.plan", tasks=[number])
        assert "nobody" in plan["refused"][0]["reason"]
        shown.client.notify("workspace/didChangeConfiguration", {"settings": {"locus": {"ai": {"provider": "tester"}}}})
        assert (await shown.run("locus.run.plan", tasks=[number]))["tasks"][0]["agent"] == "tester"


async def test_what_verification_found_is_shown_in_the_persons_files_until_it_passes(
    house: House, open_editor: Callable[..., Any], tmp_path: Path
) -> None:
    """The agent put a line above: the person's file has the place one line further up."""
    says = "; ".join(
        (
            'echo "$PWD/src/app.py:5:5: error: E1 wrong"',
            'echo "src/new.py:1:1: warning: W2 <b>odd</b>"',
            'echo "../../../src/app.py:1:1: error: outside"',
            'echo "nothing/there.py:1:1: error: gone"',
        )
    )
    house.configure(
        verify=[{"name": "lint", "run": f"test -e {tmp_path}/works || {{ {says}; exit 1; }}", "parser": "lines"}], agent_maxAttempts=1
    )
    await house.trust()
    number = await house.issue("sed -i '1i # above' src/app.py", "echo 'x = 1' > src/new.py", title="Break")
    app, made = house.person.path / "src/app.py", house.ws.repo.worktrees_dir / f"issue-{number}" / "src/new.py"
    line = app.read_text().splitlines()[3]
    async with open_editor(VSCODE) as shown:
        uri = shown.show(app)
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        (found,) = await shown.diagnostics(uri, lambda found: len(found) == 1)
        assert (found["source"], found["code"], found["severity"]) == ("locus", "verify", 1)
        assert found["message"] == f"#{number} lint: wrong [E1]"
        assert found["data"] == {"task": number, "check": "lint", "code": "E1"}
        assert line[4] not in " \n" and (found["range"]["start"], found["range"]["end"]["line"]) == ({"line": 3, "character": 4}, 3)
        assert 5 <= found["range"]["end"]["character"] <= len(line)
        (related,) = found["relatedInformation"]
        assert related["location"]["uri"] == made.with_name("app.py").as_uri() and related["location"]["range"]["start"]["line"] == 4
        (odd,) = await shown.diagnostics(made.as_uri(), lambda found: len(found) == 1)
        assert (odd["severity"], odd["message"], odd["range"]) == (2, f"#{number} lint: <b>odd</b> [W2]", span(0, 0, 0, 1))
        mark = shown.mark
        shown.type(uri, "# one more line\n", span(0, 0, 0, 0))
        await shown.diagnostics(uri, lambda found: bool(found) and found[0]["range"]["start"]["line"] == 4, after=mark)
        await house.ended(run_id)
        (tmp_path / "works").touch()
        mark = shown.mark
        await shown.run("locus.run.resume", runId=run_id)
        await shown.diagnostics(uri, lambda found: found == [], after=mark)
        await shown.diagnostics(made.as_uri(), lambda found: found == [], after=mark)
        await house.ended(run_id)


async def test_a_merge_in_the_checkout_shows_at_once(house: House, open_editor: Callable[..., Any]) -> None:
    """Nobody asks for issues, and nothing else changes them."""
    await house.trust()
    file = house.person.path / "src/app.py"
    async with open_editor() as shown:
        uri = shown.show(file)
        number = (await shown.run("locus.issue.create", uri=uri, range=span(0, 0, 0, 3), title="Mend it", body="RUN: echo a > a.txt"))[
            "number"
        ]
        await ended(shown, (await shown.run("locus.run.start", tasks=[number]))["runId"])
        await shown.until_lenses(uri, lambda titles: any(f"#{number} done" in title for title in titles))
        house.person.git("merge", "--quiet", "--no-ff", "-m", "Merged", f"locus/issue-{number}")
        await shown.until_lenses(uri, lambda titles: not titles)
        assert (await house.ws.tracker.get(number)).state == "closed"
