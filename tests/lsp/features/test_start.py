"""`locus lsp`: its arguments, and what it has loaded when `initialize` is answered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from locus.commands import COMMANDS
from locus.lsp.announced import COMMAND_IDS
from locus.lsp.main import Options, Usage, parse
from support.lsp_client import SERVER, VSCODE, capabilities_of, editor
from support.raw_lsp import scrubbed

REPORTING = """
import sys
from pathlib import Path

def heard(event, arguments):
    if event == "import":
        with Path(sys.argv[1]).open("a") as file:
            file.write(arguments[0] + "\\n")

sys.addaudithook(heard)
from locus.lsp.main import main
sys.exit(main(["--stdio"]))
"""
"""The server, writing down the name of each module before it is imported."""

HEAVY = ("git", "locus.tracker", "locus.agents", "locus.engine", "locus.commands", "locus.workspace", "locus.repo", "pydantic", "sqlite3")


def test_the_announced_commands_are_those_there_are() -> None:
    assert sorted(COMMAND_IDS) == sorted(COMMANDS)
    assert len(set(COMMAND_IDS)) == len(COMMAND_IDS)


async def test_nothing_heavy_is_loaded_before_initialize_is_answered(tmp_path: Path, new_checkout: Callable[[str], Any]) -> None:
    names = tmp_path / "imported"
    checkout = new_checkout("start")

    def loaded() -> set[str]:
        imported = names.read_text().split()
        return {heavy for heavy in HEAVY if any(name == heavy or name.startswith(f"{heavy}.") for name in imported)}

    async with editor(tmp_path, capabilities_of(VSCODE), argv=(sys.executable, "-I", "-c", REPORTING, str(names))) as shown:
        folder = {"uri": checkout.root.as_uri(), "name": "start"}
        await shown.client.result(
            "initialize", {"processId": None, "rootUri": None, "capabilities": shown.capabilities, "workspaceFolders": [folder]}
        )
        assert "locus.lsp.offer" in names.read_text()
        assert loaded() == set()
        shown.client.notify("initialized", {})
        assert await shown.run("locus.issue.list") == []
        assert {"locus.tracker", "locus.repo", "pydantic"} <= loaded()
        assert await shown.client.leave() == 0


async def test_a_client_that_forgets_initialized_is_served(tmp_path: Path, new_checkout: Callable[[str], Any]) -> None:
    checkout = new_checkout("forgetful")
    async with editor(tmp_path, {}) as shown:
        await shown.client.result("initialize", {"processId": None, "rootUri": checkout.root.as_uri(), "capabilities": {}})
        assert await shown.run("locus.issue.list") == []


def test_the_arguments_editors_give() -> None:
    given = ["--stdio", "--clientProcessId=42", "--log-file", "x.log", "--log-level=debug"]
    assert parse(given) == Options(client_pid=42, log_file=Path("x.log"), log_level="DEBUG")
    assert parse([]) == Options()


@pytest.mark.parametrize(
    "given", [["--port"], ["--clientProcessId", "x"], ["--clientProcessId"], ["--log-level=loud"], ["--log-file="], ["a"]]
)
def test_wrong_arguments_are_refused(given: list[str]) -> None:
    with pytest.raises(Usage, match=given[0].partition("=")[0]):
        parse(given)


def test_the_program_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    for wrong in (["--port"], ["--log-file", str(tmp_path / "no" / "such" / "folder")]):
        done = subprocess.run(
            [*SERVER, *wrong], env=scrubbed(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr.startswith("locus lsp: ")
        assert done.stdout == ""


async def test_the_log_goes_to_its_file(tmp_path: Path) -> None:
    log = tmp_path / "locus.log"
    async with editor(tmp_path, {}, argv=(*SERVER, "--log-file", str(log), "--log-level", "info")) as shown:
        await shown.open()
        assert await shown.client.leave() == 0
    assert "stopping: exit" in log.read_text()


async def test_it_ends_with_its_client(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec("sleep", "600")
    async with editor(tmp_path, {}, argv=(*SERVER, f"--clientProcessId={child.pid}")) as shown:
        await shown.open()
        child.kill()
        await child.wait()
        assert await shown.client.exit_code() == 1
