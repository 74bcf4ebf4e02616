"""What holds for every command: the folder, help, encodings, bugs, and what is not imported."""

from __future__ import annotations

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from locus import __version__
from locus.cli import house as house_commands
from locus.cli.failures import expected
from locus.errors import LocusError
from support.house import House
from support.typed import Locus


def test_the_version_and_nothing_else_imported(locus: Locus) -> None:
    assert locus.program("--version").out == f"locus {__version__}\n"
    assert locus.program("--version", "--json").json == {"version": __version__}
    script = "import sys; sys.argv = ['locus', '--version']; from locus.__main__ import main; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env=locus.env, capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.splitlines()[1].split() if "locus" in name] == ["locus", "locus.__main__"]


def test_serving_an_editor_imports_nothing_of_the_terminal(locus: Locus) -> None:
    script = "import sys; sys.argv = ['locus', 'lsp', '--no-such']; from locus.__main__ import main; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env=locus.env, capture_output=True, text=True, check=True)
    assert "locus.lsp.main" in done.stdout.split()
    assert not [name for name in done.stdout.split() if name.startswith(("locus.cli", "rich"))]
    assert locus("--json", "lsp").err == "locus: `lsp` must be the first word\nhint: start it in the folder, as `locus lsp [options]`\n"
    assert locus("lsp", "--help").out.startswith("Usage: locus lsp ")


def test_help_is_found_by_every_road(locus: Locus) -> None:
    overview = locus("--help")
    assert (overview.code, overview.err) == (0, "")
    assert overview.out == locus("help").out == locus("-h").out
    nothing = locus()
    assert (nothing.code, nothing.out, nothing.err) == (2, "", overview.out)
    assert locus("sprint", "--help").out == locus("help", "sprint").out
    assert locus("issue", "create", "--help").out == locus("help", "issue", "create").out
    assert locus("issue", "create", "anything", "--help").code == 0
    group = locus("issue")
    assert (group.code, group.out) == (2, "")
    assert group.err.endswith("locus: `locus issue` needs one of these commands\n")
    assert locus("help", "isue").err == "locus: there is no command `isue`; did you mean issue?\nhint: `locus help` lists the commands\n"


def test_usage_errors(locus: Locus) -> None:
    wrong = locus("isue", "list")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == "locus: there is no command `locus isue`; did you mean issue?\nhint: `locus help` lists the commands\n"
    assert locus("issue", "list", "--jsn", "--json").json == {
        "error": {
            "message": "`locus issue list` has no option --jsn; did you mean --json?",
            "hint": "`locus issue list --help` lists the options",
        }
    }


def test_another_folder(locus: Locus, house: House, tmp_path: Path, new_locus: Callable[[Path], Locus]) -> None:
    locus("issue", "create", "Fix it")
    elsewhere = new_locus(tmp_path)
    inside = house.person.path / "src"
    assert elsewhere("-C", str(inside), "issue", "list").out == "#1  queued  Fix it\n"
    gone = elsewhere("-C", "no/such", "issue", "list")
    assert (gone.code, gone.err) == (2, "locus: -C no/such: No such file or directory\nhint: give a folder inside a repository\n")


def test_outside_a_repository(tmp_path: Path, new_locus: Callable[[Path], Locus]) -> None:
    locus = new_locus(tmp_path)
    for words in (["issue", "list"], ["status"], ["run", "1"], ["init"]):
        refused = locus(*words)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == f"locus: {tmp_path} is not in a git repository\nhint: run `git init` there and commit something first\n"


def test_a_bug_is_short_and_its_traceback_is_in_a_file(locus: Locus, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> int:
        raise ZeroDivisionError("not by zero")

    monkeypatch.setattr(house_commands, "doctor", broken)
    said = locus("doctor")
    assert (said.code, said.out) == (70, "")
    first, hint = said.err.splitlines()
    assert first == "locus: this is a bug in Locus: ZeroDivisionError: not by zero"
    file = Path(hint.removeprefix("hint: please report it, with "))
    assert "in broken" in file.read_text()
    file.unlink()
    said = locus("doctor", "--json")
    assert said.json["error"]["message"] == "a bug in Locus: ZeroDivisionError: not by zero"
    Path(said.json["error"]["hint"].removeprefix("please report it, with ")).unlink()


def test_a_terminal_without_unicode(locus: Locus) -> None:
    locus("issue", "create", "Größe → 漢字")
    said = locus.program("issue", "show", "1", PYTHONIOENCODING="ascii")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [r"#1 Gr\xf6\xdfe \u2192 \u6f22\u5b57", "queued"]
    assert "+ git: " in locus.program("doctor", PYTHONIOENCODING="ascii").out


def test_words_that_are_no_text(locus: Locus) -> None:
    said = locus.program("issue", "create", "bad \udcff byte")
    assert said.code == 2
    assert "Traceback" not in said.err


def test_setting_up_twice(locus: Locus, house: House) -> None:
    (house.ws.repo.locus_dir / "config.json").unlink()
    first = locus("init")
    assert first.code == 0
    assert re.fullmatch(r"Set up: \.locus/config\.json, \.locus/LOCUS\.md, locus\.db, \d+ labels", first.out.splitlines()[0])
    assert locus("init").out == "Everything is set up already.\n"
    assert locus("init", "--json").json == {"created": []}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full disk to try")
def test_a_full_disk_behind_our_output(locus: Locus) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*locus.program_words, "help"], env=locus.env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "locus: No space left on device\nhint: free some space and try again\n")


def test_what_can_be_expected_is_told_and_a_bug_among_it_is_not_hidden() -> None:
    full = OSError(errno.EACCES, "Permission denied", "some/file")
    told = expected(ExceptionGroup("several", [full, ExceptionGroup("inner", [LocusError("second")])]))
    assert told is not None and (told.message, told.hint) == ("some/file: Permission denied", "make it accessible for you and try again")
    assert expected(ExceptionGroup("several", [full, ValueError("a bug")])) is None
    assert expected(OSError(errno.EISDIR, "Is a directory")) is None


def test_closed_streams(locus: Locus) -> None:
    for redirection in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ["sh", "-c", f'"$0" -m locus issue list {redirection}', sys.executable], cwd=locus.folder, env=locus.env, check=False
        )
        assert done.returncode == 0
