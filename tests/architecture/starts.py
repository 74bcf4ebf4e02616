"""Where a source text starts a process, or reads and writes: import contracts see modules, not what is called in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_STARTERS = {
    "asyncio": ("create_subprocess_exec", "create_subprocess_shell"),
    "asyncio.subprocess": ("create_subprocess_exec", "create_subprocess_shell"),
    "os": ("exec", "fork", "popen", "posix_spawn", "spawn", "startfile", "system"),
    "pty": ("fork", "spawn"),
}
_LOOP_METHODS = ("subprocess_exec", "subprocess_shell")
_INPUT_AND_OUTPUT = frozenset({"open", "print", "input", "breakpoint", "__import__", "exec", "eval"})


def process_starts(source: str) -> list[str]:
    """`line: name` of everything in `source` that starts or becomes another program."""
    return [f"{line}: {name}" for line, name in _uses(ast.parse(source)) if _starts(name)]


def input_and_output(source: str) -> list[str]:
    """`line: name` of every call of a built-in function that reads, writes, or loads what nobody sees."""
    return [
        f"{node.lineno}: {node.func.id}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _INPUT_AND_OUTPUT
    ]


def _uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Attributes by their full name, whatever the module was imported as, and names that were imported out of a module."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                known[alias.asname or first] = alias.name if alias.asname else first
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield node.lineno, f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, _dotted(node, known)


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def _starts(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return attribute in _LOOP_METHODS or any(attribute.startswith(starter) for starter in _STARTERS.get(module, ()))
