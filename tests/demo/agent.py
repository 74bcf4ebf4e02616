"""The demonstration's agent: a script, not an AI. It reads the issue in the prompt and carries out the few kinds of sentence it knows.

    Create `path`: sentence.
    In `path` write the function `signature`, which returns `expression`: sentence.
    In `path` document `name`: sentence.
    In `path` test `name` of `module`: `call` is `value`.
    In `path` add the line: text

Called as `agent.py PROMPT_FILE` in a worktree. Prints what it does; exits with 1 when it cannot do what an issue says.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ISSUE = re.compile(r"^## The issue \(data\)\n\n(`{3,})\n(.*?)\n\1$", re.DOTALL | re.MULTILINE)


class Stuck(Exception):
    """What the issue says cannot be done here."""


def create(path: Path, docstring: str) -> str:
    if path.exists():
        raise Stuck(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'"""{docstring}"""\n\nfrom __future__ import annotations\n', encoding="utf-8")
    return f"created {path}"


def write_function(path: Path, signature: str, expression: str, docstring: str) -> str:
    code = existing(path)
    path.write_text(f'{code}\n\ndef {signature}:\n    """{docstring}"""\n    return {expression}\n', encoding="utf-8")
    return f"wrote {signature.partition('(')[0]} in {path}"


def document(path: Path, name: str, docstring: str) -> str:
    head = re.compile(rf"^( *)def {re.escape(name)}\(.*\).*:\n", re.MULTILINE)
    changed, found = head.subn(lambda match: f'{match[0]}{match[1]}    """{docstring}"""\n', existing(path), count=1)
    if not found:
        raise Stuck(f"there is no {name} in {path}")
    path.write_text(changed, encoding="utf-8")
    return f"documented {name} in {path}"


def test(path: Path, name: str, module: str, call: str, value: str) -> str:
    source = Path("server", *module.split(".")).with_suffix(".py")
    existing(source)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from __future__ import annotations\n\nfrom {module} import {name}\n", encoding="utf-8")
    code = path.read_text(encoding="utf-8")
    function = f"test_{name}_{code.count('def test_') + 1}"
    path.write_text(f"{code}\n\ndef {function}() -> None:\n    assert {call} == {value}\n", encoding="utf-8")
    load = f"import runpy, sys; sys.path.insert(0, 'server'); runpy.run_path({str(path)!r})[{function!r}]()"
    ran = subprocess.run([sys.executable, "-B", "-c", load], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Stuck(f"{call} is not {value}: {ran.stderr.strip().splitlines()[-1]}")
    return f"wrote and ran {function} in {path}"


def add_line(path: Path, line: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return f"added {line.strip()!r} to {path}" if line.strip() else f"added an empty line to {path}"


def existing(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Stuck(f"there is no {path}") from error


SENTENCES: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"Create `([^`]+)`: (.+)", create),
    (r"In `([^`]+)` write the function `([^`]+)`, which returns `([^`]+)`: (.+)", write_function),
    (r"In `([^`]+)` document `([^`]+)`: (.+)", document),
    (r"In `([^`]+)` test `([^`]+)` of `([^`]+)`: `([^`]+)` is `([^`]+)`\.", test),
    (r"In `([^`]+)` add the line: ?(.*)", add_line),
)


def carry_out(issue: str) -> int:
    """How many sentences of the issue were understood and done."""
    done = 0
    for line in issue.splitlines():
        for pattern, deed in SENTENCES:
            if match := re.fullmatch(rf"- {pattern}", line):
                path, *words = match.groups()
                print(deed(Path(path), *words), flush=True)
                done += 1
    return done


def main() -> int:
    issue = ISSUE.search(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        if issue is None or not carry_out(issue[2]):
            raise Stuck("the issue has no sentence that this script knows")
    except Stuck as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
