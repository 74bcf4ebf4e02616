"""Command lines: what is checked before a start, and why one did not start."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import locus
from locus.errors import ProcessFailed

Argument = str | os.PathLike[str]


def checked_words(argv: Sequence[Argument]) -> tuple[str, ...]:
    words = tuple(os.fspath(word) for word in argv)
    if not words or not words[0]:
        raise ProcessFailed("A command is empty", "give the program and its arguments as a list")
    if any("\0" in word for word in words):
        raise ProcessFailed(f"An argument of {words[0]} contains a NUL character")
    return words


def require_folder(words: Sequence[str], cwd: Path) -> None:
    if not cwd.is_dir():
        raise ProcessFailed(f"{words[0]} cannot start in {cwd}: there is no such folder")


def interpreter(program: str) -> list[str]:
    """Python on one of the programs in locus/, which import nothing of Locus: without site and environment it starts in half the time."""
    return [sys.executable, "-I", "-S", str(Path(locus.__file__).with_name(program))]


def interpreter_env(env: Mapping[str, str]) -> dict[str, str]:
    """`env` for `interpreter`, which passes it on: Python in the C locale adds LC_CTYPE (PEP 538) and is told to take it away again."""
    return {**env} if "LC_CTYPE" in env else {**env, "LOCUS_NO_LC_CTYPE": "1"}


def not_started(words: Sequence[str], cwd: Path, error: OSError) -> ProcessFailed:
    program, hint = words[0], None
    match error.errno:
        case errno.ENOENT if "/" in program and (cwd / program).exists():
            reason, hint = "the interpreter named in its first line does not exist", "install that interpreter, or correct the line"
        case errno.ENOENT:
            reason = "there is no such program"
            hint = f"install {Path(program).name}, or correct " + ("the path" if "/" in program else "PATH")
        case errno.EACCES:
            reason, hint = "it is not executable", f"chmod +x {program}"
        case errno.ENOEXEC:
            reason, hint = "it is no program for this machine", "a script needs a first line such as #!/bin/sh"
        case errno.E2BIG:
            reason, hint = "its arguments are too long", "give long text on stdin or in a file"
        case _:
            reason = error.strerror or str(error)
    return ProcessFailed(f"{program} cannot be started: {reason}", hint, code=126 if error.errno == errno.EACCES else 127)
