"""What the start costs and what the log keeps to itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lsp.wire.conftest import Connect
from support.raw_lsp import RawClient, scrubbed

HEAVY = {"git", "pydantic", "httpx", "rich", "sqlite3", "pygls.server", "locus.engine", "locus.tracker", "locus.repo", "locus.agents"}


async def test_nothing_heavy_is_imported_for_initialize(client: RawClient) -> None:
    modules = set((await client.command("modules"))["result"])
    assert "lsprotocol.types" in modules
    assert not modules & HEAVY


def test_the_descriptors_are_claimed_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    code = "import sys, locus.lsp.launch; print('lsprotocol' in sys.modules or 'pygls' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=scrubbed(tmp_path), cwd=tmp_path, check=True)
    assert run.stdout == "False\n"


async def test_garbage_is_collected_again_once_initialized(client: RawClient) -> None:
    assert (await client.command("state"))["result"]["collecting"] is True


async def test_the_log_does_not_repeat_what_people_write(connect: Connect) -> None:
    async with connect(TEST_LOG_LEVEL="DEBUG") as client:
        await client.initialize(initializationOptions={"token": "very-secret"})
        uri = "file:///a.txt"
        client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "x", "version": 1, "text": "very-secret"}})
        client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "text": "very-secret"}})
        await client.command("echo", {"body": "very-secret"})
        await client.command("echo", {"body": "very-secret"}, 5)
        await client.request("locus/nothing", {"body": "very-secret"})
        await client.leave()
    assert "DEBUG" in client.stderr
    assert "very-secret" not in client.stderr


def test_a_log_file(tmp_path: Path) -> None:
    code = "import logging, pathlib; from locus.lsp.logs import Logs; l = Logs('info', pathlib.Path('x.log')); "
    code += "logging.getLogger('a').warning('said \\ud800'); logging.getLogger('a').debug('not said'); "
    code += "logging.getLogger('pygls.x').info('payload'); l.close()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=scrubbed(tmp_path), cwd=tmp_path, check=True)
    for text in (run.stderr, (tmp_path / "x.log").read_text()):
        assert "WARNING a: said \\ud800" in text
        assert "not said" not in text
        assert "payload" not in text
