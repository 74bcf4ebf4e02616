"""Readers of test runners: what failed, and the deepest place in the repository's own code that it failed at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from locus.engine.problems.cleaning import inside, place
from locus.engine.problems.parsers import lines as any_lines
from locus.engine.problems.parsers import rustc
from locus.model.problems import VerifyProblem

MESSAGE = 500
"""Characters of a message."""

_TITLE = re.compile(r"_{2,} (?P<name>\S.*?) _{2,}")
_SECTION = re.compile(r"={3,} (?P<name>.+?) ={3,}")
_FRAME = re.compile(r"(?P<file>(?:[A-Za-z]:[\\/])?[^\s:][^:]{0,400}):(?P<line>\d{1,7}): ?(?P<rest>.*)")
_TRACE = re.compile(r"(?:E\s+)?\s*File \"(?P<file>[^\"]{1,400})\", line (?P<line>\d{1,7})(?:, in .*)?")
_SUMMARY = re.compile(r"(?P<how>FAILED|ERROR) (?P<file>[^\s:][^:]*?)(?:::(?P<test>.+?))?(?: - (?P<message>.+))?")
_KIND = re.compile(r"(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Failed|Timeout))\b")

_GO_FAIL = re.compile(r"\s*--- FAIL: (?P<test>\S+) \(")
_GO_SAID = re.compile(r"(?P<indent>\s+)(?P<file>[\w./\\-]+\.go):(?P<line>\d{1,7}): ?(?P<message>.*)")
_GO_PACKAGE = re.compile(r"FAIL\t(?P<package>\S+)\t?.*")
_GO_FRAME = re.compile(r"\t(?P<file>\S.{0,400}?\.go):(?P<line>\d{1,7})(?: \+0x[0-9a-f]+)?")
_GO_BUILD = re.compile(r"(?:vet: )?(?P<rest>\S+\.go:\d+(?::\d+)?: .+)")

_PANIC = re.compile(r"thread '(?P<name>.+?)'(?: \(\d+\))? panicked at (?P<file>[^\s':,][^:]{0,400}):(?P<line>\d{1,7}):(?P<column>\d{1,6}):")
_PANIC_OLD = re.compile(
    r"thread '(?P<name>.+?)' panicked at '(?P<message>.*)', (?P<file>[^\s':,][^:]{0,400}):(?P<line>\d{1,7}):(?P<column>\d{1,6})"
)


@dataclass
class _Test:
    """One failure as pytest shows it: the way there, and the lines marked E."""

    name: str
    frames: list[tuple[str, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    marked: bool = False
    """The line before was one of those marked E."""

    file: str | None = None
    """Where it is, when nothing says where it failed."""

    def read(self, line: str, roots: Sequence[str]) -> None:
        marked = re.fullmatch(r"E(?:\s+(?P<text>.*))?", line)
        match = _TRACE.fullmatch(line) or (None if marked else _FRAME.fullmatch(line))
        if match is not None:
            self.frames.append((place(match["file"], roots), int(match["line"])))
        if marked is not None:
            if not self.marked:  # of exceptions that led to one another the last counts
                self.said = []
            if (text := (marked["text"] or "").strip()) and match is None:
                self.said.append(text)
        self.marked = marked is not None

    def problem(self) -> VerifyProblem:
        file, line = next((frame for frame in reversed(self.frames) if inside(frame[0])), (self.file, None))
        first = next((at for at, text in enumerate(self.said) if _KIND.match(text)), 0)
        message = " ".join(self.said[first : first + 3]) or "failed"
        kind = _KIND.match(message)
        code = kind["kind"].rpartition(".")[2] if kind else "AssertionError" if message.startswith("assert ") else None
        said = f"{self.name}: {message}" if self.name else message
        return VerifyProblem(file=file, line=line, code=code, message=said[:MESSAGE])


def pytest(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """From the tracebacks, whatever --tb says; from the summary where there are none."""
    problems: list[VerifyProblem] = []
    tests: dict[str, _Test] = {}
    summaries: dict[str, re.Match[str]] = {}
    section = ""
    test: _Test | None = None
    for line in lines:
        if (match := _SECTION.fullmatch(line)) is not None:
            section, test = match["name"].lower(), None
        elif section.startswith("short test summary"):
            if (match := _SUMMARY.fullmatch(line)) is not None:
                summaries[(match["test"] or match["file"]).replace("::", ".")] = match
        elif section not in ("errors", "failures"):
            continue
        elif (match := _TITLE.fullmatch(line)) is not None:
            test = _Test(re.sub(r"^ERROR (?:at (?:setup|teardown) of |collecting )", "", match["name"]))
            tests[test.name] = test
        elif test is not None:
            test.read(line, roots)
        elif (match := _FRAME.fullmatch(line)) is not None:  # --tb=line, which names no tests
            problems.append(_Test("", [(place(match["file"], roots), int(match["line"]))], [match["rest"]]).problem())
    for name, match in summaries.items():
        if name not in tests and not any(problem.message == match["message"] for problem in problems):
            tests[name] = _Test(name, file=place(match["file"], roots))
        if name in tests and not tests[name].said and match["message"]:
            tests[name].said = [match["message"]]
    return problems + [found.problem() for found in tests.values()]


def cargo(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """What rustc and clippy say, and the tests that panicked."""
    problems = rustc(lines, roots)
    for at, line in enumerate(lines):
        if (match := _PANIC.fullmatch(line)) is not None:
            said: list[str] = []
            for more in lines[at + 1 : at + 8]:
                if not more.strip() or more.startswith(("stack backtrace:", "note: ")):
                    break
                said.append(more.strip())
            message = f"{match['name']}: {'; '.join(said)}"
        elif (match := _PANIC_OLD.fullmatch(line)) is not None:
            message = f"{match['name']}: {match['message']}"
        else:
            continue
        problems.append(
            VerifyProblem(
                file=place(match["file"], roots),
                line=int(match["line"]),
                column=int(match["column"]),
                code="panic",
                message=message[:MESSAGE],
            )
        )
    return problems


def go(lines: Sequence[str], roots: Sequence[str]) -> list[VerifyProblem]:
    """`go build`, `go vet` and linters name files from the worktree; `go test` names them within a package that it tells afterwards."""
    problems: list[VerifyProblem] = []
    failed: list[VerifyProblem] = []  # of the package that is not named yet
    test, panic = "", ""
    for at, line in enumerate(lines):
        if (match := _GO_FAIL.match(line)) is not None:
            test = match["test"]
        elif (match := _GO_PACKAGE.fullmatch(line)) is not None:
            package = match["package"]
            problems += [
                found.model_copy(update={"file": f"{package}/{found.file}"}) if "/" not in str(found.file) else found for found in failed
            ]
            failed, test, panic = [], "", ""
        elif line.startswith("panic: "):
            panic = line.removeprefix("panic: ")
        elif panic and (match := _GO_FRAME.fullmatch(line)) is not None:
            if inside(file := place(match["file"], roots)):
                failed.append(
                    VerifyProblem(file=file, line=int(match["line"]), code="panic", message=f"{test or 'panic'}: {panic}"[:MESSAGE])
                )
                panic = ""
        elif test and (match := _GO_SAID.fullmatch(line)) is not None:
            said = [match["message"].strip()]
            for more in lines[at + 1 : at + 8]:
                if not more.startswith(match["indent"] + "    ") or not more.strip():
                    break
                said.append(more.strip())
            message = f"{test}: {' '.join(filter(None, said)) or 'failed'}"
            failed.append(VerifyProblem(file=place(match["file"], roots), line=int(match["line"]), message=message[:MESSAGE]))
        elif (match := _GO_BUILD.fullmatch(line)) is not None:
            problems += any_lines([match["rest"]], roots)
    return problems + failed
