"""A second word within two seconds ends an agent that does not listen, whichever way an editor says it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.house import House
from support.lsp_client import NEOVIM
from support.procs import until_async
from support.unruly import Unruly


@pytest.mark.parametrize("second", ["cancel", "command"])
async def test_cancelled_and_told_again(house: House, open_editor: Callable[..., Any], tmp_path: Path, second: str) -> None:
    agent = Unruly(tmp_path / "unruly", "deaf")
    number = await house.issue(agent.command)
    await house.trust()
    try:
        async with open_editor(NEOVIM, locus=False) as shown:
            run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
            await until_async(lambda: agent.there, 30)
            (token,) = shown.progress()
            shown.client.notify("window/workDoneProgress/cancel", {"token": token})
            if second == "cancel":
                shown.client.notify("window/workDoneProgress/cancel", {"token": token})
            else:
                assert (await shown.run("locus.run.stop", runId=run_id))["id"] == run_id
            await shown.client.notification("$/progress", lambda params: params["value"]["kind"] == "end")
        view = await house.ended(run_id)
        assert (view.state, view.tasks[0].state) == ("stopped", "interrupted")
        assert not agent.survivors()
        assert not agent.terminated, "it was killed at once"
    finally:
        for pid in agent.survivors():
            os.kill(pid, signal.SIGKILL)


async def test_while_it_is_stopping_the_progress_says_how_to_end_it(house: House, open_editor: Callable[..., Any], tmp_path: Path) -> None:
    number = await house.issue(f"trap '' INT; trap 'exit 1' TERM; touch {tmp_path}/came; while :; do sleep 0.05; done")
    await house.trust()
    async with open_editor(NEOVIM, locus=False) as shown:
        run_id = (await shown.run("locus.run.start", tasks=[number]))["runId"]
        await until_async((tmp_path / "came").exists, 30)
        await shown.run("locus.run.stop", runId=run_id)
        words = "stopping, what was done is kept; once more within 2 s ends it at once"
        await shown.client.notification("$/progress", lambda params: words in params["value"].get("message", ""))
        await shown.run("locus.run.stop", runId=run_id, force=True)
        assert (await house.ended(run_id)).state == "stopped"
