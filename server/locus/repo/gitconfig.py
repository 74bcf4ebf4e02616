"""The little of a repository's own config file that is needed before git is asked anything."""

from __future__ import annotations

import re
from pathlib import Path

_SECTION = re.compile(r'\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)')
_ESCAPED = re.compile(r"\\(.)")
_TRUE = {"", "true", "yes", "on", "1"}


def read(path: Path) -> dict[str, str]:
    """`section.key` or `section.sub-section.key` to its last value, section and key in lower case; {} where there is no such file.

    Does not follow includes: git itself reads core.bare, core.worktree and extensions.* from this file alone.
    """
    try:
        lines = path.read_text("utf-8", "surrogateescape").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    values: dict[str, str] = {}
    section: str | None = None
    for raw in lines:
        line = raw.strip()
        if (head := _SECTION.match(line)) is not None:
            section = ".".join([head[1].lower(), *([_ESCAPED.sub(r"\1", head[2])] if head[2] is not None else [])])
            line = head[3]
        if section is None or not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        values[f"{section}.{key.strip().lower()}"] = _unquoted(value.strip()) if equals else "true"
    return values


def truth(value: str | None) -> bool:
    return value is not None and value.lower() in _TRUE


def _unquoted(value: str) -> str:
    """Quotes and escapes removed, a trailing comment cut off."""
    out: list[str] = []
    quoted = False
    letters = iter(value)
    for letter in letters:
        if letter == '"':
            quoted = not quoted
        elif letter == "\\":
            escaped = next(letters, "")
            out.append({"n": "\n", "t": "\t", "b": "\b"}.get(escaped, escaped))
        elif letter in "#;" and not quoted:
            return "".join(out).rstrip()
        else:
            out.append(letter)
    return "".join(out)
