"""Help texts, made from the declarations."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from locus.cli.parser import did_you_mean
from locus.cli.spec import GLOBAL, Option, Positional, Spec
from locus.cli.tree import GROUPS, SPECS
from locus.errors import InvalidArguments

_WIDTH = 100
_INTRO = "Turns issues into reviewed branches: coding agents work in git worktrees beside your checkout."
_FIRST = """First steps:
  locus init                              set the repository up
  locus issue create "Fix the pagination" make an issue
  locus run 1                             have it done on a branch of its own
  locus status                            see what is going on"""


def overview() -> str:
    rows = []
    for words, spec in SPECS.items():
        if len(words) == 1:
            rows.append((spec.name, spec.summary))
        elif (words[0], GROUPS[words[0]]) not in rows:
            rows.append((words[0], GROUPS[words[0]]))
    options = [*((_flags(option), option.help) for option in GLOBAL), ("--version", "show the version")]
    return "\n".join(
        [
            _INTRO,
            "",
            "Usage: locus COMMAND [options]",
            "",
            "Commands:",
            *_columns(rows),
            "",
            "Options of every command:",
            *_columns(options),
            "",
            _FIRST,
            "",
            "`locus COMMAND --help` says more about a command.",
        ]
    )


def group(word: str) -> str:
    rows = [
        (" ".join([spec.name, *(_usage_of(p) for p in spec.positionals)]), spec.summary)
        for words, spec in SPECS.items()
        if words[0] == word
    ]
    return "\n".join(
        [f"locus {word}: {GROUPS[word]}", "", *_columns(rows), "", f"`locus {word} COMMAND --help` says more about one of them."]
    )


def command(spec: Spec) -> str:
    usage = " ".join(["locus", spec.name, *(_usage_of(p) for p in spec.positionals), *(["[options]"] if spec.options else [])])
    parts = [f"Usage: {usage}", "", f"{spec.summary[0].upper()}{spec.summary[1:]}."]
    if spec.notes:
        parts += [wrapped for line in spec.notes.splitlines() for wrapped in wrap(line, _WIDTH)]
    if spec.positionals:
        parts += ["", *_columns([(p.metavar, p.help) for p in spec.positionals])]
    parts += ["", "Options:", *_columns([(_flags(option), option.help) for option in (*spec.options, *GLOBAL)])]
    if spec.examples:
        parts += ["", "Examples:", *(f"  {example}" for example in spec.examples)]
    return "\n".join(parts)


def about(words: str) -> str:
    """What `locus help WORDS` prints. Raises InvalidArguments where they name no command."""
    text = topic(tuple(words.split()))
    if text is None:
        names = [*GROUPS, *(spec.name for spec in SPECS.values())]
        raise InvalidArguments(f"there is no command `{words}`{did_you_mean(words, names)}", "`locus help` lists the commands")
    return text


def topic(words: tuple[str, ...]) -> str | None:
    """Help for these words; None where they name no command."""
    if not words:
        return overview()
    if words in SPECS:
        return command(SPECS[words])
    return group(words[0]) if len(words) == 1 and words[0] in GROUPS else None


def _usage_of(positional: Positional) -> str:
    many = "..." if positional.most is None else ""
    return f"{positional.metavar}{many}" if positional.least else f"[{positional.metavar}{many}]"


def _flags(option: Option) -> str:
    value = "" if option.metavar is None else f" [{option.metavar}]" if option.optional else f" {option.metavar}"
    return (f"-{option.short}, " if option.short else "") + option.flag + value


def _columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = min(max(len(left) for left, _ in rows), 28)
    lines = []
    for left, right in rows:
        lines += [f"  {left:<{width}}  {right}"] if len(left) <= width else [f"  {left}", f"  {'':<{width}}  {right}"]
    return lines
