"""From argv to an exit code.

0 all done; 1 an issue failed, or `doctor` found something; 2 wrong usage, or refused; 70 a bug in Locus; 130 interrupted;
128 + n where a signal ended the watching; 141 when the reader of our output went away.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final

from locus.cli.failures import described, expected, gone, keep_traceback
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


def main(argv: Sequence[str]) -> int:
    terminal = standard()
    try:
        code = _run(argv, terminal)
        terminal.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, BaseExceptionGroup) as error:
        lost = gone(error)
        if lost is None and expected(error) is None:
            raise
        _to_nobody()  # a full disk has been told of on stderr
        return USAGE if lost is None else lost


def _run(argv: Sequence[str], terminal: Terminal) -> int:
    json = "--json" in argv  # also for what goes wrong before the words are understood
    try:
        given = parse(argv, SPECS)
        if given.directory is not None:
            _enter(given.directory)
        if given.spec is None or given.help or not given.spec.run:
            return _help(given, terminal)
        return _execute(given.spec, given, terminal)
    except Exception as error:
        if gone(error) is not None:
            raise
        told = expected(error)
        if told is None:
            return _bug(error, terminal, json=json)
        if json:
            terminal.document({"error": {"message": told.message, **({"hint": told.hint} if told.hint else {})}})
        terminal.complain(told.message, told.hint)
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


def _bug(error: Exception, terminal: Terminal, *, json: bool) -> int:
    """A short word, and everything else in a file that can be sent with a report."""
    kind = described(error)
    file = keep_traceback(error, terminal.stderr.write)
    hint = f"please report it, with {file}" if file else "please report it"
    if json:
        terminal.document({"error": {"message": f"a bug in Locus: {kind}", "hint": hint}})
    terminal.complain(f"this is a bug in Locus: {kind}", hint)
    return BUG


def _to_nobody() -> None:
    """What is still in the buffers goes nowhere; Python would complain when it flushes them at the end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nothing, stream.fileno())
