"""Which function, class or method encloses a line, told from words and indentation alone: good enough for a title, no parser needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_CONTROL = frozenset(
    (
        "if",
        "else",
        "for",
        "while",
        "switch",
        "catch",
        "do",
        "try",
        "return",
        "throw",
        "new",
        "await",
        "match",
        "when",
        "with",
        "case",
        "super",
        "this",
        "sizeof",
        "defer",
        "go",
        "select",
        "function",
    )
)

_PYTHON = (r"(?:async\s+)?def\s+(?P<n>\w+)", r"class\s+(?P<n>\w+)")
_SCRIPT = (
    r"(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:async\s+)?function\s*\*?\s*(?P<n>[\w$]+)",
    r"(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:class|interface|enum|namespace)\s+(?P<n>[\w$]+)",
    r"(?:export\s+)?type\s+(?P<n>[\w$]+)[^=]*=",
    r"(?:export\s+)?(?:const|let|var)\s+(?P<n>[\w$]+)[^=]*=\s*(?:async\s*)?(?:function\b|\(.*|[\w$]+\s*=>.*)$",
    r"(?:(?:public|private|protected|static|async|get|set|readonly|override|abstract)\s+)*\*?(?P<n>#?[\w$]+)\s*(?:<[^>]*>)?\([^;]*\{$",
)
_GO = (r"func\s+\(\s*(?:\w+\s+)?\*?(?P<o>\w+)(?:\[[^\]]*\])?\s*\)\s*(?P<n>\w+)", r"func\s+(?P<n>\w+)", r"type\s+(?P<n>\w+)")
_RUST = (
    r"(?:pub(?:\([^)]*\))?\s+)?(?:(?:default|const|async|unsafe|extern(?:\s+\"[^\"]*\")?)\s+)*fn\s+(?P<n>\w+)",
    r"(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait|mod|union)\s+(?P<n>\w+)",
    r"(?:unsafe\s+)?impl(?:<.*?>)?\s+(?:[^{]*?\bfor\s+)?&?(?P<n>\w+)",
    r"macro_rules!\s*(?P<n>\w+)",
)
_BRACES = (
    r"(?:[\w@]+\s+)*(?:class|interface|enum|record|struct|namespace|trait|object|union)\s+(?P<n>\w+)[^;]*$",
    r"(?:\w+\s+)*(?:fun|function|func)\s+(?:<[^>]*>\s*)?(?:\w+\.)?(?P<n>\w+)",
    r"(?:[\w<>\[\],.:?~]+[\s*&]+)+(?P<n>[\w:~]+)\s*\([^;=]*$",
    r"(?:(?:public|private|protected|internal|static)\s+)+(?P<n>\w+)\s*\([^;=]*$",
)
_RUBY = (r"def\s+(?:self\.)?(?P<n>\w+[?!=]?)", r"(?:class|module)\s+(?P<n>[\w:]+)")
_SHELL = (r"function\s+(?P<n>[\w-]+)", r"(?P<n>[\w-]+)\s*\(\)\s*\{?")


@dataclass(frozen=True)
class Language:
    name: str
    """As the info string of a fenced block."""
    definitions: tuple[re.Pattern[str], ...] = ()
    separator: str = "."


def _language(name: str, patterns: Sequence[str] = (), separator: str = ".") -> Language:
    return Language(name, tuple(re.compile(pattern) for pattern in patterns), separator)


_BY_EXTENSION: dict[str, Language] = {
    extension: language
    for extensions, language in (
        ("py pyi pyw", _language("python", _PYTHON)),
        ("js mjs cjs", _language("javascript", _SCRIPT)),
        ("jsx", _language("jsx", _SCRIPT)),
        ("ts mts cts", _language("typescript", _SCRIPT)),
        ("tsx", _language("tsx", _SCRIPT)),
        ("go", _language("go", _GO)),
        ("rs", _language("rust", _RUST, "::")),
        ("java", _language("java", _BRACES)),
        ("kt kts", _language("kotlin", _BRACES)),
        ("cs", _language("csharp", _BRACES)),
        ("swift", _language("swift", _BRACES)),
        ("scala", _language("scala", _BRACES)),
        ("php", _language("php", _BRACES)),
        ("c h", _language("c", _BRACES)),
        ("cc cpp cxx hh hpp hxx", _language("cpp", _BRACES, "::")),
        ("rb", _language("ruby", _RUBY)),
        ("sh bash zsh", _language("bash", _SHELL)),
        ("md markdown", _language("markdown")),
        ("html htm", _language("html")),
        ("css", _language("css")),
        ("scss", _language("scss")),
        ("json", _language("json")),
        ("jsonc", _language("jsonc")),
        ("yml yaml", _language("yaml")),
        ("toml", _language("toml")),
        ("xml", _language("xml")),
        ("sql", _language("sql")),
        ("lua", _language("lua")),
        ("vim", _language("vim")),
        ("vue", _language("vue", _SCRIPT)),
        ("svelte", _language("svelte", _SCRIPT)),
        ("tf", _language("hcl")),
        ("proto", _language("proto")),
    )
    for extension in extensions.split()
}
_PLAIN = Language("")


def language_of(path: str) -> Language:
    pure = PurePosixPath(path)
    if pure.name.lower() in ("makefile", "dockerfile"):
        return Language(pure.name.lower())
    return _BY_EXTENSION.get(pure.suffix.lower().removeprefix("."), _PLAIN)


def enclosing_symbol(lines: Sequence[str], first: int, last: int, language: Language) -> str | None:
    """The path of the definition that the lines `first` to `last` begin with or lie in: `Class.method`. None outside of all."""
    if not language.definitions:
        return None
    top = next((at for at in range(first, last + 1) if lines[at].strip()), None)
    if top is None:
        return None
    names: list[str] = []
    own = _own_definition(lines, top, last, language)
    if own is not None:
        names.append(own)
    depth = _indent(lines[top])
    for line in reversed(lines[:top]):
        stripped = line.strip()
        # What closes something stands as deep as its beginning: only that beginning says whose it is.
        if not stripped or stripped[0] in "{})]#" or stripped.startswith(("//", "/*", "*", "@")):
            continue
        indent = _indent(line)
        if indent >= depth:
            continue
        depth = indent
        if (name := _definition(stripped, language)) is not None:
            names.append(name)
        if depth == 0:
            break
    return language.separator.join(reversed(names)) or None


def _own_definition(lines: Sequence[str], top: int, last: int, language: Language) -> str | None:
    """Of the first selected line that is neither a comment nor a decorator."""
    for line in lines[top : last + 1]:
        stripped = line.strip()
        if stripped and not stripped.startswith(("@", "#", "//", "/*", "*")):
            return _definition(stripped, language)
    return None


def _definition(stripped: str, language: Language) -> str | None:
    for pattern in language.definitions:
        if (match := pattern.match(stripped[:300])) is not None and match["n"] not in _CONTROL:
            if stripped.split(None, 1)[0].rstrip("({") in _CONTROL - {"function", "new"}:
                return None
            owner = match.groupdict().get("o")
            return f"{owner}.{match['n']}" if owner else match["n"]
    return None


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
