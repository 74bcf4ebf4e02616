"""What agents have learned, in the editor: offered once when the run has ended, written on a person's yes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from locus.engine import learning
from support.house import House
from support.lsp_client import NEOVIM


@pytest.mark.parametrize(("button", "written", "left"), [("Add to .locus/memory", True, 0), ("Forget", False, 0), ("Later", False, 1)])
async def test_it_is_offered_when_the_run_has_ended(
    house: House, open_editor: Callable[..., Any], button: str, written: bool, left: int
) -> None:
    number = await house.issue("echo done > done.txt", "echo '::locus learned Names are spelled out.'")
    async with open_editor(NEOVIM, locus=False) as shown:
        answer = shown.client.answer
        shown.client.answer = lambda request: None if request["method"] == "window/showMessageRequest" else answer(request)
        assert await shown.run("locus.memory.list") == []
        view = await house.run(number)
        asked = await shown.client.wait_for(lambda said: said.get("method") == "window/showMessageRequest")
        assert asked["params"]["message"].endswith(f"\n\n• #{number}: Names are spelled out.")
        assert [action["title"] for action in asked["params"]["actions"]] == ["Add to .locus/memory", "Forget", "Later"]
        (proposal,) = await shown.run("locus.memory.list")
        assert (proposal["run"], proposal["task"], proposal["learned"]) == (view.id, number, ["Names are spelled out."])
        shown.client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": button}})
        if written:
            await shown.client.notification("window/showMessage", lambda params: "learned.md" in params["message"])
        while button == "Forget" and await shown.run("locus.memory.list"):
            pass
    assert (house.ws.repo.locus_dir / "memory/learned.md").exists() is written
    assert len(learning.pending(house.ws)) == left
