"""Permissions mean nothing to root: what must not be readable or writable is tried in a child that is somebody else."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DROP = """
import os
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def run_as_somebody(before: str, body: str, *arguments: str) -> str:
    """What `body` prints. `before` imports and uses everything once, while the child can still read our files."""
    code = f"import sys\n{before}\n{_DROP}\n{body}"
    environment = {"LANG": "C.UTF-8", "HOME": tempfile.gettempdir()}
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
