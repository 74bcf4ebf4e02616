"""Configuration from the user's file, the repository's two, the editor and a run's arguments; model/config_layers.py says what counts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from locus.errors import LocusError, Refused
from locus.model.config_layers import Layer, Merged, Problem, Source, merge
from locus.model.jsontext import Broken, parse

EXECUTED = ("agents", "verify")
"""Settings that name programs. While the folder is not trusted they are taken from the user's own file alone."""

_NOTES = """# Notes for agents

<!-- Every agent that works on a task of this repository is given this file.
     Say what a newcomer needs to know, and delete what does not apply. -->

## How to build and test

## Conventions

## Leave alone
"""


def load(
    locus_dir: Path,
    *,
    user_file: Path | Literal["default"] | None = "default",
    editor: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    trusted: bool = True,
    unsaved: Mapping[Path, str] | None = None,
) -> Merged:
    """The configuration as everything says at this moment. Nothing raises: what is wrong is listed and does not count.

    `locus_dir` is the main worktree's `.locus`. `editor` and `arguments` are nested as in the files, or flat with dotted keys.
    `unsaved` are texts that count instead of what is in their files.
    """
    user = default_user_file() if user_file == "default" else user_file
    files: list[tuple[Source, Path | None]] = [
        ("user", user),
        ("repository", locus_dir / "config.json"),
        ("local", locus_dir / "config.local.json"),
    ]
    layers: list[Layer] = []
    problems: list[Problem] = []
    for source, file in files:
        if file is not None:
            layer, wrong = _read(source, file, (unsaved or {}).get(file))
            layers.append(layer)
            problems += wrong
    layers.append(Layer("editor", _without_null(editor or {})))
    layers.append(Layer("argument", arguments or {}))
    if not trusted:
        problems += [problem for layer in layers[:] if layer.source != "user" for problem in _distrusted(layer)]
        layers = [layer if layer.source == "user" else _harmless(layer) for layer in layers]
    merged = merge(layers)
    return replace(merged, problems=(*problems, *merged.problems))


def require_valid(merged: Merged) -> None:
    """Raises Refused that lists every fatal problem, one a line."""
    fatal = [str(problem) for problem in merged.problems if problem.fatal]
    if fatal:
        raise Refused("\n".join(["the configuration is not valid:", *fatal]), "correct it and try again; nothing was started")


def default_user_file(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path | None:
    """The user's own file: $XDG_CONFIG_HOME/locus/config.json, or the platform's place for it. None where there is no home."""
    variables = os.environ if environment is None else environment
    xdg = variables.get("XDG_CONFIG_HOME", "")
    home = variables.get("USERPROFILE" if platform == "win32" else "HOME", "")
    if xdg.startswith("/"):  # the specification wants relative ones ignored
        folder = Path(xdg)
    elif platform == "win32" and variables.get("APPDATA"):
        folder = Path(variables["APPDATA"])
    elif not home:
        return None
    elif platform == "win32":
        folder = Path(home) / "AppData" / "Roaming"
    elif platform == "darwin":
        folder = Path(home) / "Library" / "Application Support"
    else:
        folder = Path(home) / ".config"
    return folder / "locus" / "config.json"


def write_default(locus_dir: Path) -> list[str]:
    """Creates `config.json` and `LOCUS.md` where they are missing and names what it created, as `.locus/<file>`.

    The configuration is an empty object: whatever stood in it would outrank each user's own settings.
    """
    try:
        locus_dir.mkdir(parents=True, exist_ok=True)
        return [
            f"{locus_dir.name}/{name}" for name, text in (("config.json", "{}\n"), ("LOCUS.md", _NOTES)) if _create(locus_dir / name, text)
        ]
    except OSError as error:
        raise LocusError(f"{locus_dir} cannot be set up: {error.strerror}", "make the folder writable") from error


def _create(file: Path, text: str) -> bool:
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        return False
    return True


def _read(source: Source, file: Path, unsaved: str | None = None) -> tuple[Layer, list[Problem]]:
    nothing = Layer(source, {}, str(file))

    def fatal(message: str) -> tuple[Layer, list[Problem]]:
        return nothing, [Problem("", message, fatal=True, source=source, file=str(file))]

    try:
        text = file.read_bytes().decode("utf-8-sig") if unsaved is None else unsaved
    except (FileNotFoundError, NotADirectoryError):
        return nothing, []
    except OSError as error:
        return fatal(f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return fatal(f"is not UTF-8 (byte {error.start + 1}); save it as UTF-8")
    parsed = parse(text)
    if isinstance(parsed, Broken):
        message = f"not valid JSON: {parsed.message}"
        return nothing, [Problem("", message, fatal=True, source=source, file=str(file), span=parsed.span)]
    if not isinstance(parsed.value, dict):
        return fatal(f"expected an object of settings, {{...}}, found {_kind(parsed.value)}")
    again = [
        Problem(key, f"{key} is given more than once; the last one counts", fatal=False, source=source, file=str(file), span=span)
        for key, span in parsed.twice
    ]
    return Layer(source, parsed.value, str(file), parsed.spans), again


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {list: "a list", str: "a string", bool: "a truth value"}.get(type(value), "a number")


def _without_null(values: Mapping[str, Any]) -> dict[str, Any]:
    """Editors send null for what nobody has set."""
    return {key: _without_null(value) if isinstance(value, Mapping) else value for key, value in values.items() if value is not None}


def _is_executed(key: str) -> bool:
    return key.split(".", 1)[0] in EXECUTED


def _harmless(layer: Layer) -> Layer:
    return replace(layer, values={key: value for key, value in layer.values.items() if not _is_executed(key)})


def _distrusted(layer: Layer) -> list[Problem]:
    return [
        Problem(
            key,
            f"{key} is ignored while this folder is not trusted",
            fatal=False,
            source=layer.source,
            file=layer.file,
            span=(layer.spans or {}).get(key),
        )
        for key in layer.values
        if _is_executed(key)
    ]
