"""Readers of compilers and linters: one problem a line, or a heading and its place on the next. Test runners are in `testing`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from locus.engine.problems.cleaning import place
from locus.model.problems import Severity, VerifyProblem

Parser = Callable[[Sequence[str], Sequence[str]], list[VerifyProblem]]
"""From plain lines, and the worktree's path in all its spellings."""

_PATH = r"(?P<file>(?:[A-Za-z]:[\\/])?[^\s:()|'\"<>][^:()|\"<>]{0,300}?)"
_MYPY = re.compile(
    r"(?P<file>[^\s:(|'\"<>][^(|\"<>]{0,300}?\.(?:pyi?|ipynb)):(?P<line>\d{1,7})(?::(?P<column>\d{1,6}))?(?::\d+:\d+)?:"
    r" (?P<severity>error|warning): (?P<message>.+)"
)
_MYPY_CODE = re.compile(r"\s\s?\[(?P<code>[a-z][a-z0-9-]*)\]$")
_RUFF_LINE = re.compile(
    _PATH
    + r":(?P<line>\d{1,7}):(?P<column>\d{1,6}): (?P<code>[A-Z]{1,10}\d{1,6}|[a-z]+(?:-[a-z]+)+|SyntaxError):? (?:\[\*\] )?(?P<message>.+)"
)
_RUFF_HEAD = re.compile(r"(?P<code>[A-Z]{1,10}\d{1,6}|[a-z]+(?:-[a-z]+)+|unformatted):? (?:\[\*\] )?(?P<message>\S.*)")
_ARROW = re.compile(r"\s*-->\s*(?P<file>\S.{0,400}?):(?P<line>\d{1,7}):(?P<column>\d{1,6})\s*")
_RUFF_FORMAT = re.compile(r"Would reformat: (?P<file>\S.{0,400}?)")
_TSC = re.compile(
    r"(?P<file>\S.{0,400}?)(?:\((?P<line>\d{1,7}),(?P<column>\d{1,6})\):|:(?P<line2>\d{1,7}):(?P<column2>\d{1,6}) -)"
    r" (?P<severity>error|warning|message) (?P<code>TS\d{1,6}): (?P<message>.+)"
)
_TSC_NOWHERE = re.compile(r"error (?P<code>TS\d{1,6}): (?P<message>.+)")
_ESLINT = re.compile(
    r"\s+(?P<line>\d{1,7}):(?P<column>\d{1,6})\s+(?P<severity>error|warning)\s+(?P<message>\S.*?)(?:\s{2,}(?P<code>[@\w][\w@./-]*))?\s*"
)
_ESLINT_FILE = re.compile(r"(?:/|\\\\|[A-Za-z]:[\\/]|\.{0,2}[\w@.-]+[\\/.]).*\.\w{1,10}")
_RUSTC = re.compile(r"(?P<severity>error|warning)(?:\[(?P<code>\w+)\])?: (?P<message>.+)")
_RUSTC_SHORT = re.compile(
    _PATH + r":(?P<line>\d{1,7}):(?P<column>\d{1,6}): (?P<severity>error|warning)(?:\[(?P<code>\w+)\])?: (?P<message>.+)"
)
_RUSTC_SUM = re.compile(
    r"could not compile|aborting due to|test failed, to rerun|build failed|doctest failed|\d+ (?:warnings? emitted|targets? failed)"
    r"|.* generated \d+ warnings?"
)
_ANY = re.compile(
    _PATH + r"[:(](?P<line>\d{1,7})(?:[:,](?P<column>\d{1,6}))?\)?\s?:\s?"
    r"(?:(?P<severity>fatal error|error|warning|note|info|hint)\b:?\s*)?(?:\[?(?P<code>[A-Z]{1,10}\d{1,6})\]?:?\s+)?(?P<message>\S.*)",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}$|.*\d{4}-\d\d-\d\d[T ]\d\d$|https?$")


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _severity(text: str | None) -> Severity:
    word = (text or "error").lower()
    return "warning" if word == "warning" else "info" if word in ("note", "info", "hint", "message") else "error"


def _made(match: re.Match[str], roots: Sequence[str], **more: str | None) -> VerifyProblem:
    found = {**match.groupdict(), **more}
    file = found.get("file")
    return VerifyProblem(
        file=place(file, roots) if file else None,
        line=_number(found.get("line")),
        column=_number(found.get("column")),
        severity=_severity(found.get("severity")),
        code=found.get("code") or None,
        message=(found.get("message") or "").strip(),
    )


def mypy(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """Also with --pretty, which breaks a message over several lines."""
    problems = []
    for at, line in enumerate(lines):
        if (match := _MYPY.fullmatch(line)) is None:
            continue
        message = match["message"]
        for more in lines[at + 1 : at + 5]:
            if _MYPY_CODE.search(message) or not more.strip() or more.startswith(("    ", "Found ")) or _MYPY.fullmatch(more):
                break
            message = f"{message} {more.strip()}"
        code = _MYPY_CODE.search(message)
        problems.append(_made(match, roots, message=message[: code.start()] if code else message, code=code["code"] if code else None))
    return problems


def ruff(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """`ruff check` in its full and its concise form, and `ruff format --check`."""
    problems = []
    for at, line in enumerate(lines):
        if (match := _RUFF_LINE.fullmatch(line)) is not None:
            problems.append(_made(match, roots))
        elif at and (arrow := _ARROW.fullmatch(line)) is not None and (head := _RUFF_HEAD.fullmatch(lines[at - 1])) is not None:
            problems.append(_made(arrow, roots, code=head["code"], message=head["message"]))
        elif (match := _RUFF_FORMAT.fullmatch(line)) is not None:
            problems.append(_made(match, roots, message="is not formatted", code="format"))
    return problems


def tsc(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    problems = []
    for line in lines:
        if (match := _TSC.fullmatch(line)) is not None:
            problems.append(_made(match, roots, line=match["line"] or match["line2"], column=match["column"] or match["column2"]))
        elif (match := _TSC_NOWHERE.fullmatch(line)) is not None:
            problems.append(_made(match, roots))
    return problems


def eslint(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """Its `stylish` form: a file's name, then its problems."""
    problems = []
    file: str | None = None
    for line in lines:
        if file is not None and (match := _ESLINT.fullmatch(line)) is not None:
            problems.append(_made(match, roots, file=file))
        elif not line.strip():
            file = None
        elif not line[0].isspace():
            file = line.strip() if _ESLINT_FILE.fullmatch(line.strip()) else None
    return problems


def rustc(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """In its full and its short form, as cargo shows it."""
    problems = []
    for at, line in enumerate(lines):
        if (match := _RUSTC_SHORT.fullmatch(line)) is not None:
            problems.append(_made(match, roots))
        elif (match := _RUSTC.fullmatch(line)) is not None and not _RUSTC_SUM.match(match["message"]):
            arrow = next((found for near in lines[at + 1 : at + 3] if (found := _ARROW.fullmatch(near)) is not None), None)
            if arrow is not None:
                problems.append(_made(arrow, roots, severity=match["severity"], code=match["code"], message=match["message"]))
            elif match["severity"] == "error":
                problems.append(_made(match, roots))
    return problems


def lines(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """`file:line:column: message`, which most tools can print."""
    problems = []
    for line in lines:
        match = _ANY.fullmatch(line)
        if match is None or _TIME.match(match["file"]) or ("." not in match["file"] and "/" not in match["file"]):
            continue
        if (problem := _made(match, roots)).severity != "info":
            problems.append(problem)
    return problems
