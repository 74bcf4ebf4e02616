"""Selections, positions, buffers, actions, lenses and the configuration's diagnostics, for two editors that share only the protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.lsp_client import NEOVIM, Editor, capabilities_of, editor, span

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDE = "# 😀 héllo\ndef grüße(name):\n    return '😀😀' + name\n"


@pytest.fixture(scope="module")
def checkout(new_checkout: Callable[[str], Any]) -> Any:
    return new_checkout("shop")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(checkout: Any, client_name: str, module_home: Path) -> AsyncIterator[Editor]:
    async with editor(module_home, capabilities_of(client_name)) as made:
        await made.open(checkout.root)
        yield made


def units(client_name: str, text: str) -> int:
    """How many characters this editor counts in `text`: VS Code in UTF-16, Neovim in UTF-8 code units."""
    return len(text.encode("utf-8")) if client_name == NEOVIM else len(text.encode("utf-16-le")) // 2


async def test_the_position_encoding_is_the_editors(shop: Editor, client_name: str) -> None:
    assert shop.initialized["capabilities"]["positionEncoding"] == ("utf-8" if client_name == NEOVIM else "utf-16")


async def test_a_selection_becomes_an_issue_with_its_place(shop: Editor, checkout: Any, client_name: str) -> None:
    file = checkout.commit(f"wide_{client_name}.py", WIDE)
    uri = shop.show(file)
    at = span(2, units(client_name, "    return '"), 2, units(client_name, "    return '😀😀'"))
    task = await shop.run("locus.issue.create", uri=uri, range=at, title="Say it louder", priority="high")
    assert task["title"] == "Say it louder"
    assert task["anchor"]["range"] == at
    assert (task["anchor"]["uri"], task["anchor"]["state"], task["anchor"]["symbol"]) == (uri, "exact", "grüße")
    assert "    return '😀😀' + name" in task["body"]
    # What is kept counts in UTF-16, whatever the editor counts in.
    assert f'"character":{len("    return ") + 1}' in task["body"]
    assert f'"character":{len("    return ") + 1 + 4 + 1}' in task["body"]
    shown = await shop.run("locus.issue.show", number=task["number"])
    assert shown["anchor"] == task["anchor"]
    assert task["number"] in [each["number"] for each in await shop.run("locus.issue.list")]


async def test_a_draft_creates_nothing(shop: Editor, checkout: Any, client_name: str) -> None:
    file = checkout.commit(f"draft_{client_name}.py", "def f():\n    # TODO: cache the answer\n    return 1\n")
    before = await shop.run("locus.issue.list")
    draft = await shop.run("locus.issue.draft", uri=file.as_uri(), range=span(1, 0, 1, 4), type="bug")
    assert draft["title"] == "cache the answer"
    assert draft["labels"] == ["type:bug"]
    assert draft["anchor"]["uri"] == file.as_uri()
    assert await shop.run("locus.issue.list") == before


async def test_the_unsaved_buffer_counts(shop: Editor, checkout: Any, client_name: str) -> None:
    file = checkout.commit(f"unsaved_{client_name}.py", "x = 1\n")
    uri = shop.show(file)
    shop.type(uri, "y = 2\n", span(0, 0, 1, 0))
    draft = await shop.run("locus.issue.draft", uri=uri, range=span(0, 0, 0, 1))
    assert "y = 2" in draft["body"]
    assert "Uncommitted" in draft["body"]
    shop.hide(uri)
    assert "x = 1" in (await shop.run("locus.issue.draft", uri=uri, range=span(0, 0, 0, 1)))["body"]


async def test_windows_line_ends(shop: Editor, checkout: Any, client_name: str) -> None:
    file = checkout.commit(f"crlf_{client_name}.py", b"a = 1\r\nb = 2\r\nc = 3\r\n")
    uri = shop.show(file)
    shop.type(uri, "b = 22", span(1, 0, 1, 5))
    draft = await shop.run("locus.issue.draft", uri=uri, range=span(1, 0, 2, 0))
    assert "```python\nb = 22\n```" in draft["body"]
    assert "\r" not in draft["body"]


async def test_a_buffer_that_is_no_file(shop: Editor) -> None:
    uri = shop.show("untitled:Untitled-1", "print('😀')\n")
    draft = await shop.run("locus.issue.draft", uri=uri, range=span(0, 0, 0, 3))
    assert draft["title"] == "Work on `print('😀')` in Untitled-1"
    assert "anchor" not in draft
    error = await shop.refused("locus.issue.draft", uri="untitled:Untitled-2", range=span(0, 0, 0, 3))
    assert error["code"] == -32602


async def test_a_file_outside_every_folder(shop: Editor, tmp_path: Path) -> None:
    outside = tmp_path / "notes.py"
    outside.write_text("x = 1\n")
    assert "anchor" not in await shop.run("locus.issue.draft", uri=outside.as_uri(), range=span(0, 0, 0, 1))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"uri": "file:///a.py"}, "range"),
        ({"title": 5}, "title"),
        ({"title": "x", "colour": "red"}, "colour: unknown argument"),
        ({"title": "x", "folder": "file:///nowhere"}, "folder"),
        ({"uri": "file:///nowhere/a.py", "range": {"start": {"line": 0}, "end": {"line": 0, "character": 0}}}, "range.start.character"),
    ],
)
async def test_wrong_arguments_are_named(shop: Editor, arguments: dict[str, Any], named: str) -> None:
    error = await shop.refused("locus.issue.create", **arguments)
    assert error["code"] == -32602
    assert named in error["message"]


async def test_an_expected_failure_has_a_hint(shop: Editor) -> None:
    error = await shop.refused("locus.issue.show", number=4711)
    assert error["code"] == -32803
    assert error["data"]["hint"]


async def test_the_action_on_a_selection(shop: Editor, checkout: Any, client_name: str) -> None:
    uri = shop.show(checkout.commit(f"action_{client_name}.py", WIDE))
    at = span(1, 0, 1, 6)
    (action,) = await shop.actions(uri, at)
    assert (action["title"], action["kind"]) == ("Create issue from selection", "refactor.rewrite")
    task = await shop.run(action["command"]["command"], **action["command"]["arguments"][0])
    assert task["title"] == f"Work on `grüße` in action_{client_name}.py"
    assert task["anchor"]["range"] == at
    assert [each["kind"] for each in await shop.actions(uri, at, only=["refactor"])] == ["refactor.rewrite"]
    assert (await shop.actions(uri, at, only=[""], triggerKind=2))[0]["kind"] == "refactor.rewrite"
    assert "refactor.rewrite" not in [each["kind"] for each in await shop.actions(uri, at, only=["quickfix", "refactor.inline"])]
    # Not at every move of the cursor, but when somebody asks.
    assert await shop.actions(uri, span(0, 2, 0, 2), triggerKind=2) == []
    assert len(await shop.actions(uri, span(0, 2, 0, 2), triggerKind=1)) == 1


async def test_lenses_follow_the_code_as_it_moves(shop: Editor, checkout: Any, client_name: str) -> None:
    file = checkout.commit(f"lens_{client_name}.py", WIDE)
    uri = shop.show(file)
    task = await shop.run("locus.issue.create", uri=uri, range=span(1, 0, 2, 10), title="Follow me")
    lenses = await shop.until_lenses(uri, lambda titles: titles == [f"#{task['number']} queued", "Run"])
    assert lenses[0]["range"] == span(1, 0, 1, 0)
    assert lenses[1]["command"]["command"] == "locus.run.start"
    assert lenses[1]["command"]["arguments"] == [{"tasks": [task["number"]], "folder": checkout.root.as_uri()}]
    shop.type(uri, "import os\n\n", span(0, 0, 0, 0))
    assert [lens["range"]["start"]["line"] for lens in await shop.lenses(uri)] == [3, 3]
    run = next(action for action in await shop.actions(uri, span(4, 1, 4, 1)) if action["kind"] == "quickfix")
    assert run["title"] == f"Run #{task['number']} Follow me"
    shop.type(uri, "def other(name):", span(3, 0, 3, units(client_name, "def grüße(name):")))
    assert await shop.lenses(uri) == []
    shop.hide(uri)
    assert await shop.lenses(uri) == []


async def test_a_lens_goes_when_its_issue_is_closed(shop: Editor, checkout: Any, client_name: str) -> None:
    uri = shop.show(checkout.commit(f"close_{client_name}.py", "x = 1\n"))
    task = await shop.run("locus.issue.create", uri=uri, range=span(0, 0, 0, 1), title="Short")
    await shop.until_lenses(uri, lambda titles: len(titles) == 2)
    await shop.run("locus.issue.close", number=task["number"])
    await shop.until_lenses(uri, lambda titles: titles == [])


async def test_a_wrong_setting_is_shown_while_it_is_typed(shop: Editor, checkout: Any) -> None:
    file = checkout.write(".locus/config.json", '{\n  "agent": {"maxParallel": 0}\n}\n')
    (saved,) = await shop.diagnostics(file.as_uri(), lambda found: len(found) == 1)
    assert (saved["source"], saved["code"], saved["severity"]) == ("locus", "config", 1)
    assert "agent.maxParallel" in saved["message"]
    assert saved["range"]["start"]["line"] == 1
    uri = shop.show(file, language="json")
    mark = shop.mark
    shop.type(uri, '{\n  "agent": {"maxParallel": 2},\n  "é😀": 1\n}\n')
    (typed,) = await shop.diagnostics(uri, lambda found: len(found) == 1 and found[0] != saved, after=mark)
    assert typed["severity"] == 2
    assert typed["range"]["start"]["line"] == 2
    shop.type(uri, "{")
    assert (await shop.diagnostics(uri, lambda found: bool(found) and "JSON" in found[0]["message"], after=mark))[0]["severity"] == 1
    mark = shop.mark
    shop.type(uri, "{}")
    await shop.diagnostics(uri, lambda found: found == [], after=mark)
    mark = shop.mark
    shop.hide(uri)  # the file on disk is still wrong
    await shop.diagnostics(uri, lambda found: found == [saved], after=mark)
    file.write_text("{}\n")
    await shop.diagnostics(uri, lambda found: found == [], after=mark)
    assert json.loads(file.read_text()) == {}


async def test_the_local_overlay_is_checked_too(shop: Editor, checkout: Any) -> None:
    mark = shop.mark
    file = checkout.write(".locus/config.local.json", '{"agent": {"maxParalel": 3}}')
    (found,) = await shop.diagnostics(file.as_uri(), lambda found: len(found) == 1, after=mark)
    assert "maxParalel" in found["message"]
    file.unlink()
    await shop.diagnostics(file.as_uri(), lambda found: found == [], after=mark)


async def test_every_open_document_is_seen_in_the_same_instant(shop: Editor, checkout: Any, client_name: str) -> None:
    """Typing and asking back to back: the answer is about the text as it was when the question was sent."""
    uri = shop.show(checkout.commit(f"instant_{client_name}.py", "a = 0\n"))
    for number in range(1, 6):
        shop.type(uri, f"a = {number}\n")
        draft = await shop.run("locus.issue.draft", uri=uri, range=span(0, 0, 0, 1))
        assert f"a = {number}\n" in draft["body"]
