"""The program of an agent: a plain name is looked for on PATH, a relative path is the person's checkout's, never one that an agent's branch
has brought along."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from locus import process
from locus.errors import ProcessFailed, Refused

_PATIENCE = 10.0  # seconds
_MEND = "mend `argv` of the agent in the configuration"


def require(program: str, root: Path, install: str = f"install it, or {_MEND}") -> None:
    """Raises Refused, with what to do, when it cannot be executed."""
    if is_path(program):
        path = root / program
        if path.is_file() and os.access(path, os.X_OK):
            return
        problem = "is not executable" if path.is_file() else "does not exist"
        raise Refused(f"the agent's program {program} {problem}", f"{_MEND}, or make the file executable")
    if shutil.which(program, path=process.agent_env().get("PATH")) is None:
        raise Refused(f"the agent's program {program} was not found on PATH", install)


def found(program: str, root: Path) -> str:
    """As it is executed."""
    return str(root / program) if is_path(program) else program


async def about(program: str, status: Sequence[str], root: Path, env: Mapping[str, str]) -> tuple[Sequence[str], process.Completed | None]:
    """The words of its version, and what it answers to `status`."""
    version, answer = await asyncio.gather(*(_said([program, *words], root, env) for words in (["--version"], status)))
    return version.out.split() if version is not None and version.code == 0 else [], answer


def is_path(program: str) -> bool:
    return os.sep in program or bool(os.altsep and os.altsep in program)


async def _said(words: Sequence[str], root: Path, env: Mapping[str, str]) -> process.Completed | None:
    """None where it does not run, or takes too long."""
    try:
        return await process.run(words, cwd=root, env=env, timeout=_PATIENCE, check=False)
    except ProcessFailed:
        return None
