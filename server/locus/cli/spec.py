"""What a sub-command takes: its words, options and help. Declared in tree.py, read by the parser and by help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "issue"]
"""`issue` is a number that may be written `#12`."""


@dataclass(frozen=True)
class Option:
    """`name` is the long flag without its dashes. Without a metavar it is a switch."""

    name: str
    help: str
    metavar: str | None = None
    short: str | None = None
    kind: Kind = "text"
    repeated: bool = False
    optional: bool = False
    """The value may be left out."""

    @property
    def flag(self) -> str:
        return f"--{self.name}" if len(self.name) > 1 else f"-{self.name}"


@dataclass(frozen=True)
class Positional:
    """Takes `least` to `most` words (None: as many as there are)."""

    name: str
    metavar: str
    help: str
    kind: Kind = "text"
    least: int = 1
    most: int | None = 1
    joined: bool = False
    """Several words are one value: `locus sprint create Sprint 1`."""


@dataclass(frozen=True)
class Spec:
    """One sub-command. `run` is `module:function` within locus.cli, imported when it is called; empty where that is not this room's."""

    words: tuple[str, ...]
    summary: str
    run: str
    positionals: tuple[Positional, ...] = ()
    options: tuple[Option, ...] = ()
    notes: str = ""
    examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(self.words)


JSON = Option("json", "print one JSON document instead of text")
DIRECTORY = Option("C", "work as if started in DIR", metavar="DIR")
HELP = Option("help", "show this help", short="h")
GLOBAL = (JSON, DIRECTORY, HELP)
"""Allowed anywhere on the command line."""
