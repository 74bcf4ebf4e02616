"""Words to a sub-command with its values. Pure: reads nothing, prints nothing.

Written by hand because people meet it first when they mistype: options may stand anywhere, none is guessed from its beginning, and
every message names the word that is wrong and what was probably meant. What the values may be is the argument models' business
(commands.registry.parse).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from locus.cli.spec import DIRECTORY, GLOBAL, HELP, JSON, Kind, Option, Positional, Spec
from locus.errors import InvalidArguments

_ISSUE = re.compile(r"#?([0-9]{1,9})")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True)
class Given:
    """A sub-command and what was given to it. An option that was not given is absent."""

    spec: Spec | None
    values: Mapping[str, object] = field(default_factory=dict)
    json: bool = False
    directory: str | None = None
    help: bool = False
    topic: tuple[str, ...] = ()
    """The words that were recognised, where they are not a whole sub-command."""

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def texts(self, name: str) -> list[str]:
        value = self.values.get(name)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def numbers(self, name: str) -> list[int]:
        value = self.values.get(name)
        return [item for item in value if isinstance(item, int)] if isinstance(value, list) else []


def parse(argv: Sequence[str], specs: Mapping[tuple[str, ...], Spec]) -> Given:
    """Raises InvalidArguments."""
    return _Parse(list(argv), specs).result()


class _Parse:
    def __init__(self, argv: list[str], specs: Mapping[tuple[str, ...], Spec]) -> None:
        self._rest = argv
        self._specs = specs
        self._words: tuple[str, ...] = ()
        self._spec: Spec | None = None
        self._values: dict[str, object] = {}
        self._lists: dict[str, list[str | int]] = {}
        self._free: list[str] = []

    def result(self) -> Given:
        literal = False
        while self._rest:
            word = self._rest.pop(0)
            if literal or word == "-" or not word.startswith("-"):
                self._word(word)
            elif word == "--":
                literal = True
            elif word.startswith("--"):
                self._long(word)
            else:
                self._short(word)
        if self._spec is not None and not self._values.get(HELP.name):
            self._place(self._spec)
        given = {name: value for name, value in self._values.items() if name not in (JSON.name, DIRECTORY.name, HELP.name)}
        directory = self._values.get(DIRECTORY.name)
        return Given(
            spec=self._spec,
            values=given,
            json=bool(self._values.get(JSON.name)),
            directory=directory if isinstance(directory, str) else None,
            help=bool(self._values.get(HELP.name)),
            topic=self._words,
        )

    # Words that name the sub-command come first; what follows belongs to it.

    def _word(self, word: str) -> None:
        if self._spec is not None:
            self._free.append(word)
            return
        words = (*self._words, word)
        if not any(known[: len(words)] == words for known in self._specs):
            raise self._unknown_command(words)
        self._words = words
        self._spec = self._specs.get(words)

    def _unknown_command(self, words: tuple[str, ...]) -> InvalidArguments:
        *before, last = words
        known = sorted({name[len(before)] for name in self._specs if name[: len(before)] == tuple(before) and len(name) > len(before)})
        parent = " ".join(["locus", *before])
        return InvalidArguments(
            f"there is no command `{parent} {last}`{did_you_mean(last, known)}",
            f"`{' '.join(['locus', 'help', *before])}` lists the commands",
        )

    # Options.

    def _options(self) -> tuple[Option, ...]:
        return (*(self._spec.options if self._spec else ()), *GLOBAL)

    def _long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        option = next((option for option in self._options() if option.name == name and len(name) > 1), None)
        if option is None:
            raise self._unknown_option(f"--{name}")
        self._take(option, option.flag, value if equals else None)

    def _short(self, word: str) -> None:
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            option = next((option for option in self._options() if letter in (option.short, option.name)), None)
            if option is None:
                raise self._unknown_option(word)
            if option.metavar is not None:
                self._take(option, f"-{letter}", letters.removeprefix("=") or None)
                return
            self._take(option, f"-{letter}", None)

    def _unknown_option(self, flag: str) -> InvalidArguments:
        known = [option.flag for option in self._options()]
        where = " ".join(["locus", *self._words])
        return InvalidArguments(f"`{where}` has no option {flag}{did_you_mean(flag, known)}", f"`{where} --help` lists the options")

    def _take(self, option: Option, flag: str, value: str | None) -> None:
        if option.metavar is None:
            if value is not None:
                raise InvalidArguments(f"{flag} takes no value", f"leave out `={value}`")
            self._values[option.name] = True
            return
        if value is None and self._rest and not self._is_option(self._rest[0]):
            value = self._rest.pop(0)
        if value is None:
            if not option.optional:
                raise InvalidArguments(f"{flag} needs a value: {flag} {option.metavar}", self._see_help())
            self._values[option.name] = True
            return
        read = self._read(option.kind, value, flag)
        if option.repeated:
            self._lists.setdefault(option.name, []).append(read)
            self._values[option.name] = self._lists[option.name]
        elif option.name in self._values:
            raise InvalidArguments(f"{flag} is given twice", self._see_help())
        else:
            self._values[option.name] = read

    def _is_option(self, word: str) -> bool:
        """`-` is a value (standard input), and so is a negative number."""
        return word.startswith("-") and word != "-" and not _NUMBER.fullmatch(word)

    # Positional words.

    def _place(self, spec: Spec) -> None:
        words = self._free
        needed = [positional for positional in spec.positionals for _ in range(positional.least)]
        if len(words) < len(needed):
            missing = needed[len(words)]
            raise InvalidArguments(f"{missing.metavar} is missing: {missing.help}", self._see_help())
        for index, positional in enumerate(spec.positionals):
            later = sum(other.least for other in spec.positionals[index + 1 :])
            room = max(0, len(words) - later)
            count = room if positional.most is None else min(room, positional.most)
            taken, words = words[:count], words[count:]
            if taken:
                self._values[positional.name] = self._value(positional, taken)
        if words:
            raise InvalidArguments(f"`locus {spec.name}` does not take {words[0]!r}", self._see_help())

    def _value(self, positional: Positional, words: list[str]) -> str | int | list[str | int]:
        if positional.joined:
            return " ".join(words)
        values = [self._read(positional.kind, word, positional.metavar) for word in words]
        return values[0] if positional.most == 1 else values

    def _read(self, kind: Kind, word: str, where: str) -> str | int:
        if kind == "text":
            return word
        if kind == "issue":
            match = _ISSUE.fullmatch(word)
            if match is None or int(match[1]) == 0:
                raise InvalidArguments(
                    f"{where}: {word!r} is not an issue number", "give it as `locus issue list` shows it, for example 12"
                )
            return int(match[1])
        if not _NUMBER.fullmatch(word):
            raise InvalidArguments(f"{where}: {word!r} is not a whole number", self._see_help())
        return int(word)

    def _see_help(self) -> str:
        return f"see `{' '.join(['locus', *self._words])} --help`"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """` (did you mean X?)`, or nothing."""
    from difflib import get_close_matches

    lowered = word.lower()
    close = (
        get_close_matches(lowered, known, n=1, cutoff=0.6) or [name for name in known if len(lowered) > 2 and name.startswith(lowered)][:1]
    )
    return f"; did you mean {close[0]}?" if close else ""
