"""What is read from the output of real tools: ruff, mypy and pytest run here; of the others the output was recorded (tests/engine/outputs).

Recorded from tsc 6.0.3, eslint 10.15.0, cargo 1.95 and Go 1.27.3.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus import process
from locus.engine.problems import folder_of, guess, placed, understand
from locus.model.config import ParserName
from locus.model.problems import MAX_KEPT, VerifyProblem

OUTPUTS = Path(__file__).parent / "outputs"
ROOT = "/home/ann/demo"
Row = tuple[str, str | None, str]

TSC = [
    ("src/a.ts:2:7", "TS2322", "Type 'string' is not assignable to type 'number'."),
    ("src/a.ts:4:5", "TS2551", "Property 'nam' does not exist on type '{ name: string; }'. Did you mean 'name'?"),
    ("src/a.ts:5:8", "TS2554", "Expected 1 arguments, but got 2."),
]
ESLINT = [
    ("src/a.ts:4:3", "@typescript-eslint/no-unused-expressions", "Expected an assignment or function call and instead saw an expression"),
    ("src/b.ts:1:19", "@typescript-eslint/no-unused-vars", "'one' is defined but never used"),
    ("src/c.js:1:5", "@typescript-eslint/no-unused-vars", "'x' is assigned a value but never used"),
    ("src/c.js:2:5", "no-undef", "'y' is not defined"),
    ("src/c.js:3:3", "no-debugger", "Unexpected 'debugger' statement"),
    ("src/d.js:1:6", None, "Parsing error: Variable declaration expected"),
    ("src/c.js:6:1", "no-warning-comments", "Unexpected 'todo' comment: 'TODO later'"),
]
UNUSED = ("src/main.rs:3:9", None, "unused variable: `unused`")


def rows(problems: tuple[VerifyProblem, ...]) -> list[Row]:
    return [(problem.place, problem.code, problem.message) for problem in problems]


def recorded(name: str, *parsers: ParserName) -> tuple[VerifyProblem, ...]:
    known = {"sums/add.go", "sums/add_test.go", "third.go", "third_test.go"}
    return understand("check", (OUTPUTS / f"{name}.txt").read_text(), parsers, [ROOT], known.__contains__).problems


@pytest.mark.parametrize("parsers", [("tsc",), ()], ids=["told", "found out"])
@pytest.mark.parametrize("name", ["tsc", "tsc-pretty"])
def test_tsc(name: str, parsers: tuple[ParserName, ...]) -> None:
    assert rows(recorded(name, *parsers))[:3] == TSC


@pytest.mark.parametrize("parsers", [("eslint",), ()], ids=["told", "found out"])
@pytest.mark.parametrize("name", ["eslint", "eslint-colour"])
def test_eslint(name: str, parsers: tuple[ParserName, ...]) -> None:
    found = recorded(name, *parsers)
    assert rows(found) == ESLINT
    assert [problem.severity for problem in found] == ["error"] * 6 + ["warning"]


@pytest.mark.parametrize("name", ["cargo-check", "cargo-check-colour", "cargo-short"])
def test_what_rustc_says(name: str) -> None:
    wrong, unused = recorded(name, "cargo")
    assert (wrong.place, wrong.code, wrong.severity) == ("src/main.rs:6:25", "E0308", "error")
    assert wrong.message.startswith("mismatched types")
    assert (unused.place, unused.severity) == ("src/main.rs:3:9", "warning") and unused.message.startswith(UNUSED[2])


def test_tests_that_panicked() -> None:
    assert sorted(rows(recorded("cargo-test"))) == [
        UNUSED,
        ("src/sums.rs:11:9", "panic", "sums::tests::adds: assertion `left == right` failed: sums are wrong; left: -1; right: 3"),
        ("src/sums.rs:17:11", "panic", "sums::tests::unwraps: called `Option::unwrap()` on a `None` value"),
    ]


def test_go_test_names_files_within_packages() -> None:
    assert rows(recorded("go-test", "go")) == [
        ("third.go:5", "panic", "TestCrash: runtime error: index out of range [3] with length 2 [recovered, repanicked]"),
        ("sums/add_test.go:7", None, "TestAdd: Add(1, 2) = 4, want 3"),
        ("sums/add_test.go:15", None, "TestTable/negative: not equal: expected: -2 actual  : -1"),
    ]


IMPORTED, UNDEFINED = ("sums/add.go:3:8", None, '"os" imported and not used'), ("sums/add.go:7:13", None, "undefined: c")
RETURNED = ("third.go:5:9", None, "cannot use 1 (untyped int constant) as string value in return statement")


@pytest.mark.parametrize("parsers", [("go",), ()], ids=["told", "found out"])
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("go-build", [RETURNED, IMPORTED, UNDEFINED]),
        ("go-vet", [RETURNED, UNDEFINED]),
        ("go-test-build", [IMPORTED, UNDEFINED]),
        ("go-vet-in-test", [("sums/add.go:7:14", None, "fmt.Printf format %s has arg a of wrong type int")]),
    ],
)
def test_what_go_does_not_compile(name: str, wanted: list[Row], parsers: tuple[ParserName, ...]) -> None:
    assert rows(recorded(name, *parsers)) == wanted


@pytest.mark.parametrize(
    ("line", "place", "severity", "code", "message"),
    [
        ("src/a.c:3:7: error: expected ';'", "src/a.c:3:7", "error", None, "expected ';'"),
        ("src/a.c:3: warning: unused", "src/a.c:3", "warning", None, "unused"),
        (r"C:\work\demo\src\a.cs(12,5): error CS1002: ; expected", "src/a.cs:12:5", "error", "CS1002", "; expected"),
        (r"C:\Work\Demo\src\a.py:12:5: E501 too long", "src/a.py:12:5", "error", "E501", "too long"),
        ("/home/ann/demo/lib/x.rb:9:1: C: too long", "lib/x.rb:9:1", "error", None, "C: too long"),
        ("/usr/include/stdio.h:9:1: error: no", "/usr/include/stdio.h:9:1", "error", None, "no"),
        ("\x1b[1m./a b.sh:4:\x1b[0m wrong", "a b.sh:4", "error", None, "wrong"),
        ("../demo/x/../y.py:1:2: bad", "../demo/y.py:1:2", "error", None, "bad"),
    ],
)
def test_any_tool_that_names_file_and_line(line: str, place: str, severity: str, code: str | None, message: str) -> None:
    roots = [ROOT, r"C:\work\demo"]
    (found,) = understand("check", f"working on it\n{line}\r\ndone", ("lines",), roots, lambda path: True).problems
    assert (found.place, found.severity, found.code, found.message, found.check) == (place, severity, code, message, "check")


@pytest.mark.parametrize(
    "line", ["12:30:01: started", "2026-11-25T12:30:01: started", "http://127.0.0.1:80: open", "Total: 12: fine", "a.c:3:7: note: here"]
)
def test_what_is_no_problem(line: str) -> None:
    assert understand("check", line, (), [ROOT], lambda path: True).problems == ()


def test_a_flood_is_capped_and_counted_and_errors_come_first() -> None:
    text = "".join(f"a.py:{at}:1: warning: slow  [slow]\n" for at in range(1, 400)) + "b.py:7: error: wrong  [wrong]\n" * 3
    found = understand("types", text, ("mypy",), [ROOT], lambda path: True)
    assert (len(found.problems), found.more) == (MAX_KEPT, 350)
    assert (found.problems[0].place, found.problems[0].code) == ("b.py:7", "wrong")


@given(st.text(alphabet=st.sampled_from("\x1b[]:.()/\\ \r\n\0aE0-9>-_='\"Ferro"), max_size=300))
def test_no_output_makes_it_fail(text: str) -> None:
    understand("check", text, (), [ROOT], lambda path: False)


def test_long_lines_take_no_time() -> None:
    for line in ("a" * 200_000, "a:" * 100_000, " " * 200_000 + "x", "a.go:1" * 50_000, "_" * 100_000, "error: " * 50_000):
        understand("check", line + "\n" + line, (), [ROOT], lambda path: False)


@pytest.mark.parametrize(
    ("command", "tools"),
    [
        (("python", "-m", "pytest", "-q"), ("pytest",)),
        ("ruff check . && mypy --strict server", ("ruff", "mypy")),
        ("./node_modules/.bin/eslint.cmd src", ("eslint",)),
        ("cd web && npx tsc --noEmit", ("tsc",)),
        ("cargo clippy", ("cargo",)),
        ("go test ./...", ("go",)),
        ("make test", ()),
        ("./go.sh pytester eslinted", ()),
    ],
)
def test_the_tool_is_told_from_the_command(command: str | tuple[str, ...], tools: tuple[str, ...]) -> None:
    assert guess(command) == tools


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        ("cd server && mypy", "server"),
        ("(cd 'web app'; npx tsc)", "web app"),
        ("cd ./packages/api/ && npm test && cd ..", "packages/api"),
        (("npm", "--prefix", "web", "run", "lint"), "web"),
        ("make -C server test", "server"),
        (("pnpm", "--dir=web", "lint"), "web"),
        ("mypy", ""),
        ("cd .. && mypy", ""),
        ("cd $HOME && mypy", ""),
        ("cd /tmp && mypy", ""),
        ("ruff check . && cd server && mypy", ""),
        ("ruff check . && make -C server types", ""),
        ("make -C server && make -C web", ""),
    ],
)
def test_the_folder_a_command_goes_into(command: str | tuple[str, ...], folder: str) -> None:
    assert folder_of(command) == folder


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("app/pages.py", "server/app/pages.py"),
        ("../shared/x.py", "shared/x.py"),
        ("setup.py", "server/setup.py"),
        (f"{ROOT}/setup.py", "setup.py"),
        ("README.md", "README.md"),
        ("../../elsewhere/x.py", "../../elsewhere/x.py"),
        ("nowhere.py", "nowhere.py"),
    ],
)
def test_files_are_named_from_the_folder_that_the_command_ran_in(said: str, file: str) -> None:
    there = {"server/app/pages.py", "shared/x.py", "server/setup.py", "setup.py", "README.md"}
    (found,) = understand("check", f"{said}:3:7: wrong", ("lines",), [ROOT], there.__contains__, "server").problems
    assert found.file == file


FILES = ("server/app/pages.py", "web/app/index.ts", "api/app/index.ts", "go/sums/add_test.go", "go/third.go", "deep/README.md", "README.md")


@pytest.mark.parametrize(
    ("said", "command", "file"),
    [
        ("app/pages.py", "make test", "server/app/pages.py"),
        ("app/index.ts", "make test", "app/index.ts"),
        ("app/index.ts", "npx tsc -p web", "web/app/index.ts"),
        ("app/index.ts", "npx tsc -p web && npx tsc -p api", "app/index.ts"),
        ("README.md", "make test", "README.md"),
        ("pp/pages.py", "make test", "pp/pages.py"),
        ("example.com/demo/sums/add_test.go", "make test", "go/sums/add_test.go"),
        ("example.com/demo/third.go", "make test", "go/third.go"),
        ("gone/third.go", "make test", "gone/third.go"),
        ("/usr/lib/app/pages.py", "make test", "/usr/lib/app/pages.py"),
        (None, "make test", None),
    ],
)
def test_a_name_that_only_one_file_ends_with_means_that_file(said: str | None, command: str, file: str | None) -> None:
    wrong = VerifyProblem(file=said, line=1, message="wrong")
    assert placed((wrong,), command, FILES) == (wrong.model_copy(update={"file": file}),)


# The real ones.

MODULE = """\
import os


def add(a: int, b: int) -> str:
    return a + b


undefined_name
"""
TESTS = """\
import pytest
from module import add


def check(value):
    assert value == 3, f"it is {value}"


def test_deep():
    check(add(1, 1))


class TestIn:
    def test_raises(self):
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("no: way")


@pytest.fixture
def broken():
    raise RuntimeError("fixture")


def test_fixture(broken):
    pass
"""


async def output_of(folder: Path, *words: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = await process.run([sys.executable, "-m", *words], cwd=folder, env=env, check=False)
    assert done.code not in (0, 127), done.err
    return done.stdout.decode() + done.stderr.decode()


def read(text: str, parser: ParserName, folder: Path) -> list[Row]:
    return sorted(rows(understand("check", text, (parser,), [str(folder)], lambda path: (folder / path).is_file()).problems))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "module.py").write_text(MODULE.replace("undefined_name\n", ""))
    (tmp_path / "test_module.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    return tmp_path


@pytest.mark.parametrize("form", ["full", "concise"])
async def test_ruff(project: Path, form: str) -> None:
    (project / "module.py").write_text(MODULE)
    text = await output_of(project, "ruff", "check", "--no-cache", "--output-format", form, "--select", "F,B", "module.py")
    assert read(text, "ruff", project) == [
        ("module.py:1:8", "F401", "`os` imported but unused"),
        ("module.py:8:1", "B018", "Found useless expression. Either assign it to a variable or remove it."),
        ("module.py:8:1", "F821", "Undefined name `undefined_name`"),
    ]


async def test_ruff_as_a_formatter(project: Path) -> None:
    (project / "module.py").write_text("import os\n\nx  = 1\n")
    text = await output_of(project, "ruff", "format", "--no-cache", "--check", "module.py")
    assert read(text, "ruff", project) == [("module.py:3:3", "unformatted", "File would be reformatted")]
    assert read("Would reformat: module.py\n1 file would be reformatted", "ruff", project) == [("module.py", "format", "is not formatted")]


async def test_mypy(project: Path) -> None:
    (project / "module.py").write_text(MODULE)
    text = await output_of(project, "mypy", "--cache-dir", os.devnull, "--pretty", "--show-column-numbers", str(project / "module.py"))
    assert read(text, "mypy", project) == [
        ("module.py:5:12", "return-value", 'Incompatible return value type (got "int", expected "str")'),
        ("module.py:8:1", "name-defined", 'Name "undefined_name" is not defined'),
    ]


async def test_pytest(project: Path) -> None:
    (project / "test_broken.py").write_text("import nowhere_to_be_found\n")
    text = await output_of(project, "pytest", "-p", "no:cacheprovider", "--color=yes", "--continue-on-collection-errors")
    assert read(text, "pytest", project) == [
        ("test_broken.py:1", "ModuleNotFoundError", "test_broken.py: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("test_module.py:18", "ValueError", "TestIn.test_raises: ValueError: no: way"),
        ("test_module.py:23", "RuntimeError", "test_fixture: RuntimeError: fixture"),
        ("test_module.py:6", "AssertionError", "test_deep: AssertionError: it is 2 assert 2 == 3"),
    ]


@pytest.mark.parametrize(("traceback", "lined"), [("native", True), ("line", True), ("no", False)])
async def test_pytest_with_other_tracebacks(project: Path, traceback: str, lined: bool) -> None:
    text = await output_of(project, "pytest", "-p", "no:cacheprovider", f"--tb={traceback}", "-k", "test_deep")
    ((place, code, message),) = read(text, "pytest", project)
    assert place == ("test_module.py:6" if lined else "test_module.py") and code == "AssertionError"
    assert message.endswith("AssertionError: it is 2")
