"""One server for all folders of a window: several repositories, none, some that come and go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.lsp_client import VSCODE, Editor, capabilities_of, editor, span

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def api(new_checkout: Callable[[str], Any]) -> Any:
    return new_checkout("api")


@pytest.fixture(scope="module")
def web(new_checkout: Callable[[str], Any]) -> Any:
    return new_checkout("web")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is no repository."""
    return tmp_path_factory.mktemp("plain").resolve()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def window(api: Any, web: Any, plain: Path, module_home: Path) -> AsyncIterator[Editor]:
    async with editor(module_home, capabilities_of(VSCODE, locus=True)) as made:
        await made.open(api.root, web.root, plain)
        yield made


async def test_which_repository_is_meant_must_be_said(window: Editor, api: Any, web: Any) -> None:
    error = await window.refused("locus.issue.list")
    assert error["code"] == -32602
    assert error["message"].startswith("folder: ")
    assert api.root.as_uri() in error["data"]["hint"]
    assert web.root.as_uri() in error["data"]["hint"]
    assert "plain" not in error["data"]["hint"]


async def test_a_folder_or_a_document_says_it(window: Editor, api: Any, web: Any) -> None:
    one = await window.run("locus.issue.create", title="For the API", folder=api.root.as_uri())
    file = web.commit("src/page.py", "x = 1\n")
    other = await window.run("locus.issue.create", uri=file.as_uri(), range=span(0, 0, 0, 1))
    assert (one["folder"], other["folder"]) == (api.root.as_uri(), web.root.as_uri())
    listed = await window.run("locus.issue.list", folder=f"{api.root.as_uri()}/")
    assert one in listed
    assert other not in listed
    assert other["number"] in [task["number"] for task in await window.run("locus.issue.list", folder=(web.root / "src").as_uri())]


async def test_a_folder_without_a_repository_is_refused_clearly(window: Editor, plain: Path) -> None:
    error = await window.refused("locus.issue.list", folder=plain.as_uri())
    assert error["code"] == -32803
    assert "git" in error["message"]
    assert error["data"]["hint"]
    plain.joinpath("a.py").write_text("x = 1\n")
    error = await window.refused("locus.issue.draft", uri=plain.joinpath("a.py").as_uri(), range=span(0, 0, 0, 1))
    assert error["code"] == -32803


async def test_a_folder_that_becomes_a_repository_is_one(module_home: Path, tmp_path: Path, api: Any) -> None:
    folder = (tmp_path / "young").resolve()
    folder.mkdir()
    async with editor(module_home, capabilities_of(VSCODE)) as made:
        await made.open(folder)
        assert (await made.refused("locus.issue.list"))["code"] == -32803
        api.git("init", "-q", str(folder))
        assert (await made.run("locus.issue.create", title="First"))["folder"] == folder.as_uri()


async def test_linked_worktrees_share_the_runs_of_their_repository(window: Editor, api: Any, tmp_path: Path) -> None:
    side = (tmp_path / "side").resolve()
    api.git("worktree", "add", "-q", "-b", "side", str(side))
    await _change(window, added=[side])
    task = await window.run("locus.issue.create", title="Seen from both", folder=side.as_uri())
    assert task["folder"] == api.root.as_uri()
    assert task["number"] in [each["number"] for each in await window.run("locus.issue.list", folder=api.root.as_uri())]
    await _change(window, removed=[side])


async def test_folders_come_and_go(window: Editor, api: Any, web: Any, new_checkout: Callable[[str], Any]) -> None:
    late = new_checkout("late")
    await _change(window, added=[late.root])
    assert (await window.run("locus.issue.create", title="Late", folder=late.root.as_uri()))["number"] == 1
    await _change(window, removed=[late.root])
    assert (await window.refused("locus.issue.list", folder=late.root.as_uri()))["code"] == -32602


async def test_a_window_without_a_repository_is_off(plain: Path, module_home: Path, new_checkout: Callable[[str], Any]) -> None:
    async with editor(module_home, capabilities_of(VSCODE, locus=True)) as made:
        await made.open(plain)
        status = await made.client.notification("locus/status")
        assert (status["state"], status["running"]) == ("off", 0)
        assert "plain" in status["reason"]
        assert await made.request("locus/runs") == {"seq": 0, "runs": []}
        assert (await made.refused("locus.run.start", tasks=[1]))["code"] == -32803
        uri = made.show(plain / "b.py", "x = 1\n")
        assert await made.actions(uri, span(0, 0, 0, 1)) == []
        mark = made.mark
        await _change(made, added=[new_checkout("found").root])
        status = await made.client.notification("locus/status", after=mark)
        assert status["state"] == "idle"


async def test_a_window_without_a_folder_is_off(module_home: Path) -> None:
    async with editor(module_home, capabilities_of(VSCODE, locus=True)) as made:
        await made.open()
        assert (await made.request("locus/status"))["reason"] == "no folder is open"


async def test_one_folder_needs_no_word_also_inside_its_repository(api: Any, module_home: Path) -> None:
    inside = api.root / "docs"
    inside.mkdir()
    async with editor(module_home, capabilities_of(VSCODE)) as made:
        await made.open(inside)
        assert (await made.run("locus.issue.create", title="From inside"))["folder"] == api.root.as_uri()


async def _change(shown: Editor, added: list[Path] | None = None, removed: list[Path] | None = None) -> None:
    """Waits until the server has taken it in."""
    mark = shown.mark

    def named(folders: list[Path] | None) -> list[dict[str, str]]:
        return [{"uri": each.as_uri(), "name": each.name} for each in folders or []]

    shown.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": named(added), "removed": named(removed)}})
    await shown.client.notification("locus/runs", after=mark)
