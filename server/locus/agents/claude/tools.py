"""Claude Code's tools, in the words of the vocabulary: what kind each is, what it touches, how it reads on one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from locus.agents.differing import diff
from locus.model.agent import Location, ToolKind

Json = Mapping[str, Any]

_KINDS: dict[str, ToolKind] = {
    "Read": "read",
    "Edit": "edit",
    "MultiEdit": "edit",
    "Write": "edit",
    "NotebookEdit": "edit",
    "Bash": "execute",
    "PowerShell": "execute",
    "Monitor": "execute",
    "Glob": "search",
    "Grep": "search",
    "LS": "search",
    "ToolSearch": "search",
    "WebFetch": "fetch",
    "WebSearch": "fetch",
    "Task": "think",
    "Agent": "think",
    "Skill": "think",
    "AskUserQuestion": "other",
}
_SAYING = ("description", "pattern", "query", "url", "subject", "name", "skill", "prompt")
"""Arguments that say the most about a call, the best first."""
_TITLE = 200
"""Characters of a title."""
DIFF = 64 * 1024
"""Characters of a diff: it is shown, git has the whole."""


def mapping(value: Any) -> Json:
    """It, or nothing: what comes is promised to be an object, and not by us."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def kind(name: str) -> ToolKind:
    return _KINDS.get(name, "other")


def path_of(arguments: Json) -> str | None:
    for key in ("file_path", "notebook_path", "path"):
        if isinstance(value := arguments.get(key), str) and value:
            return value
    return None


def command_of(name: str, arguments: Json) -> str | None:
    command = arguments.get("command")
    return command if kind(name) == "execute" and isinstance(command, str) else None


def locations(arguments: Json) -> tuple[Location, ...]:
    path = path_of(arguments)
    line = arguments.get("offset")
    return () if path is None else (Location(path=path, line=line if isinstance(line, int) and line > 0 else None),)


def title(name: str, arguments: Json, worktree: PurePath) -> str:
    command, path = command_of(name, arguments), path_of(arguments)
    if command is not None:
        return clipped(" ".join(command.split()), _TITLE)
    if path is not None:
        pattern = arguments.get("pattern")
        return clipped(f"{name} {shown(path, worktree)}" + (f" for {pattern}" if isinstance(pattern, str) else ""), _TITLE)
    words = next((value for key in _SAYING if isinstance(value := arguments.get(key), str) and value), "")
    return clipped(" ".join(f"{name} {words}".split()), _TITLE)


def shown(path: str, worktree: PurePath) -> str:
    """From the worktree where it is in there."""
    try:
        return PurePath(path).relative_to(worktree).as_posix()
    except ValueError:
        return path


def clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 4] + " ..."


def proposed_diff(name: str, arguments: Json, worktree: PurePath, read: Callable[[str], str | None]) -> str | None:
    """What a file would be changed by, where the call says so. `read`: the file's text now; None where there is none."""
    path = path_of(arguments)
    if path is None or kind(name) != "edit":
        return None
    if isinstance(content := arguments.get("content"), str):
        return _diff(read(path), content, shown(path, worktree))
    edits = arguments.get("edits") if name == "MultiEdit" else [arguments]
    pieces: list[tuple[str, str, bool]] = []
    for edit in edits or ():
        match edit:
            case {"old_string": str(old), "new_string": str(new)}:
                pieces.append((old, new, bool(edit.get("replace_all"))))
            case _:
                return None
    before = after = read(path) or "".join(old for old, _, _ in pieces)
    for old, new, everywhere in pieces:
        after = after.replace(old, new) if everywhere else after.replace(old, new, 1)
    return _diff(before, after, shown(path, worktree))


def made_diff(result: Any, worktree: PurePath) -> str | None:
    """What a file was changed by, from a tool's result."""
    if not isinstance(result, Mapping) or not isinstance(path := result.get("filePath"), str):
        return None
    name = shown(path, worktree)
    if result.get("originalFile") is None and isinstance(content := result.get("content"), str):
        return _diff(None, content, name)
    hunks = result.get("structuredPatch")
    if not isinstance(hunks, Sequence) or not hunks:
        return None
    lines = [f"--- a/{name}", f"+++ b/{name}"]
    for hunk in hunks:
        lines.append("@@ -{oldStart},{oldLines} +{newStart},{newLines} @@".format_map(hunk))
        lines += hunk["lines"]
    return clipped("\n".join(lines) + "\n", DIFF)


def _diff(before: str | None, after: str, name: str) -> str | None:
    text = diff(before, after, name)
    return clipped(text + "\n", DIFF) if text else None
