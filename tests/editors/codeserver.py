"""A real VS Code (code-server) on a free loopback port, with the packaged extension and an environment of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SETTINGS: Mapping[str, object] = {
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "chat.disableAIFeatures": True,
    "git.enabled": False,
    "editor.minimap.enabled": False,
}


@dataclass(frozen=True)
class Program:
    """Where the parts are; see `conftest.py` for how they are found."""

    node: Path
    entry: Path
    extension: Path
    locus: Path


@dataclass(frozen=True)
class CodeServer:
    address: str
    home: Path


def environment(home: Path, *programs: Path) -> dict[str, str]:
    """What a child may know of this machine: its PATH, and a home and a git identity of its own."""
    config = home / "gitconfig"
    if not config.exists():
        home.mkdir(parents=True, exist_ok=True)
        config.write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n[init]\n\tdefaultBranch = main\n")
    folders = dict.fromkeys([*(str(program.parent) for program in programs), "/usr/local/bin", "/usr/bin", "/bin"])
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join(folders),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
    }


@contextlib.contextmanager
def serving(program: Program, home: Path, *, workspace_trust: bool = False) -> Iterator[CodeServer]:
    """Starts it, and ends it with everything it started. With `workspace_trust`, a folder is not trusted until somebody says so."""
    data, extensions = home / "data", home / "extensions"
    git = shutil.which("git")
    assert git is not None, "git is not on PATH"
    # No gallery: nothing is looked up on the network.
    env = environment(home, program.node, Path(git)) | {"EXTENSIONS_GALLERY": '{"serviceUrl":""}'}
    (data / "User").mkdir(parents=True)
    (data / "User/settings.json").write_text(json.dumps({**SETTINGS, "security.workspace.trust.enabled": workspace_trust}))
    # The extension runs on the remote side of this VS Code, and a setting about the machine counts only in that side's file.
    (data / "Machine").mkdir()
    (data / "Machine/settings.json").write_text(json.dumps({"locus.server.path": str(program.locus)}))
    port = free_port()
    command = [str(program.node), str(program.entry), "--user-data-dir", str(data), "--extensions-dir", str(extensions)]
    subprocess.run([*command, "--install-extension", str(program.extension)], env=env, check=True, capture_output=True, timeout=60)
    command += ["--config", str(data / "config.yaml"), "--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
    command += ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--disable-proxy"]
    if not workspace_trust:
        command.append("--disable-workspace-trust")
    (data / "config.yaml").write_text("")
    with (home / "code-server.log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for_health(process, port, home / "code-server.log")
            yield CodeServer(address=f"http://127.0.0.1:{port}", home=home)
        finally:
            end(process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_health(process: subprocess.Popen[bytes], port: int, log: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError(f"code-server did not start:\n{log.read_text()}")


def end(process: subprocess.Popen[bytes]) -> None:
    """The server ends its extension hosts when asked; what is left of its session after that is killed."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=5)
