"""Writes the parts of the documentation that the code knows better: the settings and the commands.

`python docs/generate.py` brings the pages up to date; with `--check` it only says whether they are, and exits with 1 if not.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from locus.commands import COMMANDS
from locus.model.config_keys import keys

DOCS = Path(__file__).parent


def settings() -> Iterator[str]:
    yield "| key | default | value | meaning |"
    yield "| --- | --- | --- | --- |"
    for key in keys().values():
        yield f"| `{key.path}` | `{json.dumps(key.default)}` | {cell(key.expected)} | {cell(key.description)} |"


def commands() -> Iterator[str]:
    yield "| id | title | arguments | result |"
    yield "| --- | --- | --- | --- |"
    for command in COMMANDS.values():
        arguments = []
        for name, info in command.arguments.model_fields.items():
            if name != "folder":
                arguments.append(f"{info.alias or name}{'' if info.is_required() else '?'}: {spoken(info.annotation)}")
        mark = " ▸" if command.executes else ""
        yield f"| `{command.id}`{mark} | {command.title} | `{cell('{' + ', '.join(arguments) + '}')}` | `{cell(command.result)}` |"


def spoken(kind: Any) -> str:
    """A type as the protocol's readers write it."""
    if get_origin(kind) is Literal:
        return " | ".join(json.dumps(value) for value in get_args(kind))
    if get_origin(kind) is tuple:
        return f"{spoken(get_args(kind)[0])}[]"
    parts = [part for part in get_args(kind) if part is not type(None)]
    if parts:
        return " | ".join(spoken(part) for part in parts)
    return {str: "string", int: "number", bool: "boolean"}.get(kind, getattr(kind, "__name__", str(kind)))


def cell(text: str) -> str:
    return text.replace("|", "\\|")


PARTS: dict[str, Callable[[], Iterator[str]]] = {"settings": settings, "commands": commands}


def brought_up_to_date(page: str) -> str:
    """`page` with what stands between `<!-- generated: NAME -->` and `<!-- end -->` made anew."""

    def made(match: re.Match[str]) -> str:
        return f"<!-- generated: {match[1]} -->\n" + "\n".join(PARTS[match[1]]()) + "\n<!-- end -->"

    return re.sub(r"<!-- generated: (\w+) -->\n.*?<!-- end -->", made, page, flags=re.DOTALL)


def main() -> int:
    stale = []
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (fresh := brought_up_to_date(page)) != page:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(fresh, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"not up to date: {', '.join(stale)}; run python docs/generate.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
