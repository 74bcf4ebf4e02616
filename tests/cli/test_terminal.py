"""`locus` at a real (pseudo) terminal: the live display, Ctrl+C, Esc, and being asked."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from support.house import House
from support.typed import Locus

SLOW = "echo begun; exec sleep 60"


def spoken(locus: Locus) -> list[str]:
    return [run["state"] for run in locus("status", "--json").json["runs"]]


def test_the_live_display_leaves_a_clean_summary(locus: Locus, house: House) -> None:
    asyncio.run(
        house.issue(
            r"printf '\033]0;owned\007\033[2Jlook \342\234\223 here\n'; sleep 0.7; echo text > new.txt",
            title="First \x1b[2J\u202etask",
        )
    )
    asyncio.run(house.issue("sleep 0.5; exit 3", title="Second"))
    asyncio.run(house.trust())
    with locus.at_terminal("run", "1", "2") as tty:
        tty.until("look ✓ here")
        assert tty.wait() == 1
        assert tty.settings_now == tty.before
        screen = tty.screen()
    assert b"\x1b[?25l" in tty.raw and b"\x1b[2K" in tty.raw  # it was drawn in place
    assert tty.text.count("Ctrl+C or Esc stops") > 2
    run_id = locus("status", "--json").json["runs"][0]["id"]
    assert screen[0].startswith("✓ #1  done    First task  locus/issue-1  ")
    assert screen[1] == "✗ #2  failed  Second      locus/issue-2"
    assert screen[2] == "    error: the agent exited with 7: $ sleep 0.5; exit 3"
    assert f"  locus run --resume {run_id}" in screen
    assert "  git merge --no-ff locus/issue-1" in screen


def test_ctrl_c_once_stops_and_keeps_what_was_done(locus: Locus, house: House) -> None:
    asyncio.run(house.issue(f"echo half > half.txt; {SLOW}", title="Long"))
    asyncio.run(house.trust())
    with locus.at_terminal("run", "1") as tty:
        tty.until("begun")
        tty.press("\x03")
        tty.until("stopping, what was done is kept; once more within 2 s ends it at once")
        assert tty.wait() == 130
        assert tty.settings_now == tty.before
        screen = tty.screen()
    assert "‖ #1  interrupted  Long  locus/issue-1" in screen
    assert not any("ending the run at once" in line for line in screen)
    worktree = next(line for line in screen if line.startswith("    its files: ")).removeprefix("    its files: ")
    assert (Path(worktree) / "half.txt").read_text() == "half\n"


def test_ctrl_c_twice_ends_an_agent_that_will_not_stop(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("trap '' INT; trap 'touch asked' TERM; echo begun; while :; do sleep 0.1; done", title="Deaf"))
    asyncio.run(house.trust())
    with locus.at_terminal("run", "1") as tty:
        tty.until("begun")
        tty.press("\x03")
        tty.until("stopping, what was done is kept")
        tty.press("\x03")
        tty.until("ending the run at once")
        assert tty.wait() == 130
        screen = tty.screen()
    worktree = next(line for line in screen if line.startswith("    its files: ")).removeprefix("    its files: ")
    assert Path(worktree).is_dir()
    assert not (Path(worktree) / "asked").exists()  # the graceful road leads to SIGTERM, three seconds later
    assert spoken(locus) == ["stopped"]


def test_escape_stops_and_arrow_keys_do_not(locus: Locus, house: House) -> None:
    asyncio.run(house.issue(SLOW, title="Long"))
    asyncio.run(house.trust())
    with locus.at_terminal("run", "1") as tty:
        tty.until("begun")
        tty.press("\x1b[A")
        tty.press("x")
        tty.press("\x1b")
        tty.until("stopping, what was done is kept")
        assert tty.wait() == 130
        assert "ending the run at once" not in tty.text  # as it would be if one of the others had counted
        assert tty.settings_now == tty.before
    assert spoken(locus) == ["stopped"]


def test_a_question_of_the_run_is_put_and_answered(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo text > new.txt", title="Task"))
    with locus.at_terminal("run", "1") as tty:
        tty.until("? trust: May these commands of the repository be run?")
        tty.until("  1) Allow")
        tty.until("  2) Do not run")
        tty.press("7\n")
        tty.until("1-2: 7\r\n'7' is none of them.\r\n1-2: ")
        tty.press("1\n")
        assert tty.wait() == 0
        screen = tty.screen()
    assert any(line.startswith("✓ #1  done  Task") for line in screen)
    assert any(line.startswith("    agents.tester in .locus/config.json: argv: ") for line in screen)


def test_a_question_that_is_answered_elsewhere_is_withdrawn(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("until test -e $HOME/go; do sleep 0.05; done; echo text > new.txt", title="Task"))
    with locus.at_terminal("run", "1") as tty:
        tty.until("1-2: ")
        run_id = locus("status", "--json").json["runs"][0]["id"]
        assert f"answer with: locus answer {run_id} trust allow|deny" in locus("status").out
        wrong = locus("answer", "trust", "3")
        assert (wrong.code, wrong.err) == (
            2,
            "locus: '3' is no option of the question trust\nhint: the options are: 1) allow, 2) deny\n",
        )
        assert locus("answer", "trust", "1").out == f"Answered trust of {run_id}: Allow\n"
        tty.until("(this question is no longer open)")
        (Path(locus.env["HOME"]) / "go").touch()
        assert tty.wait() == 0
    gone = locus("answer", run_id, "trust", "1")
    assert (gone.code, gone.err) == (2, f"locus: {run_id} does not ask 'trust'\nhint: nothing is waiting for an answer\n")


def test_denied_commands_refuse_the_run(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo text > new.txt", title="Task"))
    with locus.at_terminal("run", "1") as tty:
        tty.until("1-2: ")
        tty.press("do not run\n")
        assert tty.wait() == 2
        assert "✗ refused: the repository's configuration names commands that you have not allowed:" in tty.text


def test_ctrl_c_at_a_question_stops_the_run(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo text > new.txt", title="Task"))
    with locus.at_terminal("run", "1") as tty:
        tty.until("1-2: ")
        tty.press("\x03")
        assert tty.wait() == 130
        assert tty.settings_now == tty.before


def test_a_title_is_asked_for(locus: Locus, house: House) -> None:
    with locus.at_terminal("issue", "create") as tty:
        tty.until("Title: ")
        tty.press("Fix the päges\n")
        assert tty.wait() == 0
    assert [task["title"] for task in locus("issue", "list", "--json").json] == ["Fix the päges"]


def test_no_title_at_a_terminal_is_no_issue(locus: Locus) -> None:
    for keys, code in (("\x04", 2), ("\n", 2), ("\x03", 130)):
        with locus.at_terminal("issue", "create") as tty:
            tty.until("Title: ")
            tty.press(keys)
            assert tty.wait() == code
    assert locus("issue", "list", "--json").json == []


def test_trust_is_asked_for_and_remembered(locus: Locus) -> None:
    with locus.at_terminal("trust") as tty:
        tty.until("Allow this command to run in this repository? [y/N] ")
        tty.press("\n")
        assert tty.wait() == 0
        assert "Nothing was allowed." in tty.text
    assert [item["allowed"] for item in locus("trust", "--json").json] == [False]
    with locus.at_terminal("trust") as tty:
        tty.until("[y/N] ")
        tty.press("y\n")
        assert tty.wait() == 0
        assert "Allowed 1 command." in tty.text
    assert [item["allowed"] for item in locus("trust", "--json").json] == [True]


def test_without_colour_and_on_a_dumb_terminal(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("sleep 0.7; echo text > new.txt", title="Task"))
    asyncio.run(house.trust())
    with locus.at_terminal("run", "1", TERM="dumb") as tty:
        assert tty.wait() == 0
        assert b"\x1b" not in tty.raw
        assert "#1 working  Task" in tty.screen()
    with locus.at_terminal("status", NO_COLOR="1") as tty:
        assert tty.wait() == 0
        assert b"\x1b" not in tty.raw


@pytest.mark.parametrize("TERM", ["xterm", "dumb"])
def test_a_closed_terminal_ends_the_watching_only(locus: Locus, house: House, tmp_path: Path, TERM: str) -> None:
    asyncio.run(house.issue(SLOW, title="Long"))
    asyncio.run(house.trust())
    nothing = tmp_path / "no-bug-reports"
    nothing.mkdir()
    with locus.at_terminal("run", "1", TERM=TERM, TMPDIR=str(nothing)) as tty:
        tty.until("working")
        tty.hang_up()
        assert tty.wait() == 128 + signal.SIGHUP
    assert spoken(locus) == ["running"]
    assert not list(nothing.iterdir())
    run_id = locus("status", "--json").json["runs"][0]["id"]
    assert locus("stop", "--force").code == 0
    asyncio.run(house.ended(run_id))


def test_a_detached_run_asks_nobody(locus: Locus, house: House) -> None:
    asyncio.run(house.issue("echo text > new.txt", title="Task"))
    with locus.at_terminal("run", "1", "--detach") as tty:
        assert tty.wait() == 2
        assert "names commands that you have not allowed" in tty.text
