"""From argv to an exit code.

0 all done; 1 an issue failed, or `doctor` found something; 2 wrong usage, or refused; 70 a bug in Locus; 130 interrupted;
128 + n where a signal ended the watching; 141 when the reader of our output went away.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from locus.cli.parser import Given, parse
from locus.cli.terminal import Terminal, standard
from locus.cli.tree import GROUPS, SPECS
from locus.errors import InvalidArguments, LocusError

if TYPE_CHECKING:
    from locus.cli.session import Session
    from locus.cli.spec import Spec

OK: Final = 0
USAGE: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def main(argv: Sequence[str]) -> int:
    terminal = standard()
    try:
        code = _run(argv, terminal)
        terminal.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain when it flushes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _run(argv: Sequence[str], terminal: Terminal) -> int:
    json = "--json" in argv  # also for what goes wrong before the words are understood
    try:
        given = parse(argv, SPECS)
        if given.directory is not None:
            _enter(given.directory)
        if given.spec is None or given.help or not given.spec.run:
            return _help(given, terminal)
        return _execute(given.spec, given, terminal)
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - a face: what nobody expected is a bug and told as one
        expected = _expected(error)
        if expected is None:
            return _bug(error, terminal, json=json)
        if json:
            terminal.document({"error": {"message": expected.message, **({"hint": expected.hint} if expected.hint else {})}})
        terminal.complain(expected.message, expected.hint)
        return USAGE


def _execute(spec: Spec, given: Given, terminal: Terminal) -> int:
    import asyncio

    from locus.cli.session import Session

    module, _, function = spec.run.partition(":")
    handler: Callable[[Session, Given], Coroutine[Any, Any, int]] = getattr(importlib.import_module(f"locus.cli.{module}"), function)
    return asyncio.run(handler(Session(terminal, json=given.json, name=spec.name), given))


def _help(given: Given, terminal: Terminal) -> int:
    from locus.cli import help as texts

    if given.spec is not None and not given.help:
        if given.spec.name == "lsp":
            raise InvalidArguments("`lsp` must be the first word", "start it in the folder, as `locus lsp [options]`")
        terminal.say(texts.about(given.text("words") or ""))
        return OK
    text = texts.topic(given.topic) or texts.overview()
    if given.help:
        terminal.say(text)
        return OK
    terminal.stderr.write(f"{text}\n")
    if given.topic and given.topic[0] in GROUPS:
        terminal.note(f"`locus {given.topic[0]}` needs one of these commands")
    return USAGE


def _enter(directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise LocusError(f"-C {directory}: {error.strerror}", "give a folder inside a repository") from error


def _expected(error: BaseException) -> LocusError | None:
    """The expected failure in `error`, also when a task group wrapped it."""
    if isinstance(error, LocusError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_expected(inner) for inner in error.exceptions]
        return found[0] if all(found) else None
    return None


def _bug(error: Exception, terminal: Terminal, *, json: bool) -> int:
    """A short word, and everything else in a file that can be sent with a report."""
    kind = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    hint = "please report it"
    try:
        descriptor, name = tempfile.mkstemp(prefix="locus-bug-", suffix=".txt")
        os.close(descriptor)
        Path(name).write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
        hint = f"please report it, with {name}"
    except OSError:
        traceback.print_exception(error, file=terminal.stderr)
    if json:
        terminal.document({"error": {"message": f"a bug in Locus: {kind}", "hint": hint}})
    terminal.complain(f"this is a bug in Locus: {kind}", hint)
    return BUG
