"""`locus lsp`: reads its arguments, then serves one client on stdin and stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locus.lsp.server import Server

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
USAGE = "locus lsp [--stdio] [--clientProcessId N] [--log-file FILE] [--log-level LEVEL]"


@dataclass
class Options:
    client_pid: int | None = None
    log_file: Path | None = None
    log_level: str = "INFO"


class Usage(Exception):
    """What is wrong with the arguments."""


def main(args: Sequence[str]) -> int:
    """`args` are the words after `lsp`. The exit code is 0 only after the client's `shutdown`, 2 for wrong arguments."""
    from locus.lsp.launch import leave, serve
    from locus.lsp.logs import Logs

    try:
        options = parse(args)
        logs = Logs(options.log_level, options.log_file)
        code = serve(_build, client_pid=options.client_pid)
    except Usage as error:
        return _refuse(f"{error}\nusage: {USAGE}")
    except OSError as error:
        return _refuse(str(error))
    return leave(code, logs)


def parse(args: Sequence[str]) -> Options:
    """Options as `--name value` or `--name=value`. Raises Usage."""
    options = Options()
    setters: dict[str, Callable[[str], None]] = {
        "--clientProcessId": lambda value: setattr(options, "client_pid", _number(value)),
        "--log-file": lambda value: setattr(options, "log_file", Path(value)),
        "--log-level": lambda value: setattr(options, "log_level", _level(value)),
    }
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--stdio":
            continue
        if name not in setters:
            raise Usage(f"unknown argument {word!r}")
        given = value if equals else next(words, None)
        if not given:
            raise Usage(f"{name} needs a value")
        setters[name](given)
    return options


def _refuse(words: str) -> int:
    sys.stderr.write(f"locus lsp: {words}\n")
    return 2


def _number(value: str) -> int:
    if not value.isascii() or not value.isdecimal():
        raise Usage(f"--clientProcessId: {value!r} is not a number")
    return int(value)


def _level(value: str) -> str:
    if value.upper() not in LEVELS:
        raise Usage(f"--log-level: {value!r} is none of {', '.join(LEVELS).lower()}")
    return value.upper()


def _build(server: Server) -> None:
    from locus.lsp.offer import Offer

    Offer(server)
