"""`locus` as a person types it: in this process where only words count, as a program or in a pseudo terminal where more does."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from locus.cli.main import main
from support.repos import Home
from support.terminal import Tty

LOCUS = [sys.executable, "-m", "locus"]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; anything beside it fails."""
        return json.loads(self.out)


class Locus:
    """Called, it runs one command in this process; stdin is a pipe with `input`."""

    program_words = LOCUS

    def __init__(self, folder: Path, home: Home, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.folder, self._home, self._capture, self._patch = folder, home, capture, patch
        self._patch.setenv("PATH", f"{Path(sys.executable).parent}:{home.env['PATH']}")

    def __call__(self, *words: str, input: bytes = b"") -> Said:
        self._capture.readouterr()
        with self._patch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input), encoding="utf-8"))
            code = main(words)
        return Said(code, *self._capture.readouterr())

    @property
    def env(self) -> dict[str, str]:
        return {**self._home.env, "PATH": f"{Path(sys.executable).parent}:{self._home.env['PATH']}"}

    def program(self, *words: str, input: bytes = b"", **env: str) -> Said:
        done = subprocess.run(
            [*LOCUS, *words], cwd=self.folder, env=self.env | env, input=input, capture_output=True, timeout=60, check=False
        )
        return Said(done.returncode, done.stdout.decode("utf-8", "backslashreplace"), done.stderr.decode("utf-8", "backslashreplace"))

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*LOCUS, *words], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def at_terminal(self, *words: str, rows: int = 24, columns: int = 100, **env: str) -> Tty:
        return Tty([*LOCUS, *words], cwd=self.folder, env=self.env | {"TERM": "xterm-256color"} | env, rows=rows, columns=columns)
