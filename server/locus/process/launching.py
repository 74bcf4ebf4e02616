"""The runner: started so that nobody who ends us or our children reaches it. The other half is launcher.py."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from locus.errors import ProcessFailed
from locus.process.argv import Argument, checked_words, interpreter, interpreter_env, not_started, require_folder


def launch(argv: Sequence[Argument], *, cwd: Path, stderr: Path, hold: int, env: Mapping[str, str]) -> None:
    """Starts a process that is nobody's child, and returns when it executes. Raises ProcessFailed when it cannot be.

    An editor that kills its server's tree by parent pid does not reach it, nor does a signal to our group or session. It has three
    descriptors, stdin and stdout on the null device and stderr appended to the file `stderr`, and `hold`, a lock, under the same number.
    Windows: detached and out of the editor's job; a lock cannot be handed down there, so the process takes it itself.
    """
    words = checked_words(argv)
    require_folder(words, cwd)
    try:
        log = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise ProcessFailed(f"Cannot write {stderr}: {error.strerror}", "the disk may be full or read-only") from error
    if sys.platform == "win32":
        # Untested. A console of its own, without a window: its children get no windows either, and can be sent CTRL_BREAK.
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_BREAKAWAY_FROM_JOB
        try:
            subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, creationflags=flags)
        except OSError as error:
            raise not_started(words, cwd, error) from error
        finally:
            os.close(log)
        return
    reading, status = os.pipe()
    with os.fdopen(reading, "rb") as report:
        try:
            launcher = subprocess.Popen(
                [*interpreter("launcher.py"), str(status), "--", *words],
                cwd=cwd,
                env=interpreter_env(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(status, hold),
            )
        except OSError as error:
            raise not_started((sys.executable,), cwd, error) from error
        finally:
            os.close(log)
            os.close(status)
        failure = report.read()
    code = launcher.wait()
    if failure:
        raise not_started(words, cwd, OSError(int(failure), os.strerror(int(failure))))
    if code:
        raise ProcessFailed(f"The launcher of {words[0]} ended with {code}", f"see {stderr}", code=code)
