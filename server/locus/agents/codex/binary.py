"""Where Codex itself is. What npm puts on PATH is a script that starts it as a child: killed, the script leaves that child behind."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from locus.agents.program import found, is_path

_SHIM: Final = "codex.js"
_SYSTEMS: Final = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def native(program: str, root: Path, env: Mapping[str, str]) -> str:
    """The program that is executed for `program`: the native one behind npm's script, where that is what it is."""
    path = found(program, root) if is_path(program) else shutil.which(program, path=env.get("PATH"))
    if path is None:
        return program
    shim = Path(path).resolve()
    return str(_behind(shim) or path) if shim.name == _SHIM else path


def _behind(shim: Path) -> Path | None:
    """As the script looks for it: in the package for this machine, which Node.js finds from the script upwards, else in its own."""
    package = f"codex-{_SYSTEMS.get(sys.platform)}-{_MACHINES.get(platform.machine().lower())}"
    folders = [parent / "node_modules" / "@openai" / package for parent in shim.parents]
    program = "codex.exe" if sys.platform == "win32" else "codex"
    for folder in (*folders, shim.parent.parent):
        for path in sorted(folder.glob(f"vendor/*/bin/{program}")):
            if os.access(path, os.X_OK):
                return path
    return None
