"""A disk of its own for a child process: small, and fillable or read-only at will. Linux, with user namespaces or as root."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
_MOUNT = 'mount -t tmpfs -o size="$1" none "$2" && shift 2 && exec "$@"'


def unshare(size: str, folder: Path, *argv: str | Path) -> list[str | Path]:
    """A command that runs `argv` where `folder` is a disk of `size` ("8m"), seen by nobody else and gone with it."""
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", _MOUNT, "sh", size, folder, *argv]


def unavailable(folder: Path) -> str | None:
    """Why there can be no such disk here."""
    if shutil.which("unshare") is None:
        return "a disk of our own needs Linux with util-linux' unshare"
    done = subprocess.run(unshare("1m", folder, "true"), capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"a disk of our own needs user namespaces: {done.stderr.strip()}"


def run_on(folder: Path, home: dict[str, str], script: Path, *arguments: str, size: str = "8m") -> str:
    """What the Python `script` prints; its first argument is the folder where the disk is."""
    argv = unshare(size, folder, sys.executable, script, folder, *arguments)
    env = home | {"PYTHONPATH": str(TESTS), "PATH": f"{home['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
