"""`locus issue` and `locus sprint`, as words and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.house import House
from support.typed import Locus


def test_an_issue_is_made_shown_changed_and_closed(locus: Locus) -> None:
    made = locus(
        "issue", "create", "Fix", "the", "pages", "--type", "bug", "--priority", "high", "--label", "ui", "--body", "They skip one."
    )
    assert (made.code, made.out, made.err) == (0, "Created #1 Fix the pages\nRun it with: locus run 1\n", "")
    assert locus("issue", "show", "#1").out.splitlines() == [
        "#1 Fix the pages",
        "queued · priority high · bug",
        "branch: locus/issue-1",
        "",
        "They skip one.",
    ]
    assert locus("issue", "edit", "1", "--title", "Mend the pages").out == "Changed #1 Mend the pages\n"
    assert locus("issue", "list").out == "#1  queued  high  bug  Mend the pages\n"
    assert locus("issue", "close", "1", "--reason", "not_planned").out == "Closed #1 Mend the pages\n"
    assert locus("issue", "list").out == "No issues.\n"
    assert locus("issue", "list", "--state", "closed").out == "#1  closed  high  bug  Mend the pages\n"
    assert "closed (not_planned)" in locus("issue", "show", "1").out


def test_json_is_the_same_as_in_an_editor(locus: Locus) -> None:
    made = locus("issue", "create", "--title", "Fix it", "--json").json
    assert (made["number"], made["title"], made["status"]) == (1, "Fix it", "queued")
    assert locus("--json", "issue", "list").json == [made]
    assert locus("issue", "show", "1", "--json").json == made
    assert locus("issue", "edit", "1", "--priority", "low", "--json").json["priority"] == "low"
    assert locus("issue", "close", "1", "--json").json["closedReason"] == "completed"
    assert locus("issue", "list", "--json").json == []
    sprint = locus("sprint", "create", "Sprint", "1", "--due", "2031-01-31", "--json").json
    assert (sprint["name"], sprint["due"], sprint["tasks"], sprint["active"]) == ("Sprint 1", "2031-01-31", [], False)
    assert locus("sprint", "list", "--json").json == [sprint]
    assert locus("sprint", "active", "--json").json is None
    assert locus("sprint", "active", "Sprint 1", "--json").json["active"] is True
    assert locus("sprint", "active", "--json").json["name"] == "Sprint 1"


def test_the_text_of_an_issue_comes_from_a_file_or_from_standard_input(locus: Locus, house: House, tmp_path: Path) -> None:
    (tmp_path / "text.md").write_bytes(b"One\r\ntwo \xc3\xbc\n")
    assert locus("issue", "create", "A", "--body-file", str(tmp_path / "text.md"), "--json").json["body"].rstrip() == "One\ntwo ü"
    assert locus("issue", "create", "B", "--body-file", "-", "--json", input=b"from a pipe").json["body"] == "from a pipe"
    (tmp_path / "text.md").write_bytes(b"\xff")
    refused = locus("issue", "create", "C", "--body-file", str(tmp_path / "text.md"))
    assert (refused.code, refused.err) == (2, f"locus: --body-file {tmp_path / 'text.md'}: this is not UTF-8 text\n")
    assert locus("issue", "create", "C", "--body-file", "no/such").err == "locus: --body-file no/such: No such file or directory\n"
    assert locus("issue", "create", "C", "--body-file", "-", "--body", "x").code == 2
    assert len(locus("issue", "list", "--json").json) == 2


def test_an_issue_about_lines_of_code(locus: Locus, house: House) -> None:
    house.person.commit({"pages.py": "def first():\n    return 1\n\ndef pages():\n    # TODO: count from one\n    return []\n"})
    made = locus("issue", "create", "--at", "pages.py:4-6", "--json").json
    assert made["title"] == "count from one"
    assert made["anchor"]["path"] == "pages.py"
    assert made["anchor"]["range"] == {"start": {"line": 3, "character": 0}, "end": {"line": 5, "character": 13}}
    assert locus("issue", "create", "Count", "--at", "pages.py:2", "--json").json["title"] == "Count"
    assert "code: pages.py:2-2" in locus("issue", "show", "2").out


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("pages.py", "--at pages.py: not FILE:START or FILE:START-END"),
        ("pages.py:0", "--at pages.py:0: lines are counted from 1, and the first comes before the last"),
        ("pages.py:2-1", "--at pages.py:2-1: lines are counted from 1, and the first comes before the last"),
        ("pages.py:1-9", "--at pages.py:1-9: pages.py has 1 line"),
        ("none.py:1", "--at none.py:1: none.py: No such file or directory"),
    ],
)
def test_lines_that_are_not_there(locus: Locus, house: House, at: str, message: str) -> None:
    house.person.write("pages.py", "one line\n")
    refused = locus("issue", "create", "Fix", "--at", at)
    assert refused.code == 2
    assert refused.err.splitlines()[0] == f"locus: {message}"
    assert locus("issue", "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "err"),
    [
        (["issue", "create"], "locus: an issue needs a title\nhint: give it as words: `locus issue create Fix the pagination`\n"),
        (["issue", "create", "  "], "locus: an issue needs a title\nhint: give it as words: `locus issue create Fix the pagination`\n"),
        (["issue", "create", "A", "--title", "B"], "locus: the title is given twice, as words and as --title\nhint: give one of them\n"),
        (
            ["issue", "create", "A", "--priority", "urgent"],
            "locus: priority: must be 'critical', 'high', 'medium' or 'low'\nhint: see `locus issue create --help`\n",
        ),
        (["issue", "create", "A", "--sprint", "None"], "locus: there is no sprint 'None'\n"),
        (["issue", "show", "7"], "locus: there is no issue #7\nhint: `locus issue list` shows the issues there are\n"),
        (["issue", "edit", "7"], "locus: nothing to change\nhint: see `locus issue edit --help`\n"),
        (["issue", "list", "-n", "0"], "locus: limit: must be greater than or equal to 1\nhint: see `locus issue list --help`\n"),
        (
            ["sprint", "create", "///"],
            "locus: the sprint name '///' leaves no branch name\nhint: give it a name with ",
        ),
        (["sprint", "create", "A", "--due", "tomorrow"], "locus: due: "),
        (["sprint", "create", "A", "--task", "9"], "locus: there is no issue #9\n"),
        (["sprint", "show", "Nothing"], "locus: there is no sprint 'Nothing'\n"),
        (["sprint", "order", "A"], "locus: N is missing: issues, the first to be done first\nhint: see `locus sprint order --help`\n"),
    ],
)
def test_refusals(locus: Locus, words: list[str], err: str) -> None:
    refused = locus(*words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(err)
    assert locus("issue", "list", "--json").json == locus("sprint", "list", "--json").json == []
    refused = locus(*words, "--json")
    assert refused.json["error"]["message"] in refused.err


def test_a_sprint_is_filled_ordered_shown_and_closed(locus: Locus) -> None:
    for title in ("One", "Two", "Three"):
        locus("issue", "create", title)
    assert locus("sprint", "create", "Sprint", "1").out.splitlines() == [
        "Created sprint Sprint 1 with 0 issues",
        "Fill it with: locus sprint order 'Sprint 1' N...",
    ]
    ordered = locus("sprint", "order", "Sprint 1", "3", "#1")
    assert ordered.out.splitlines() == [
        "Sprint 1",
        "open · 0 of 2 done · locus/sprint-sprint-1",
        "#3  queued  Three",
        "#1  queued  One",
    ]
    assert locus("sprint", "active", "Sprint", "1").out == "Sprint 1 is the active sprint; `locus run` runs it\n"
    assert locus("sprint", "active").out == "Sprint 1\n"
    assert locus("sprint", "list").out == "*  Sprint 1  0 of 2 done\n"
    assert locus("sprint", "show", "Sprint", "1").out == ordered.out.replace("open", "active")
    assert locus("sprint", "close", "Sprint 1").out == "Closed sprint Sprint 1\n"
    assert locus("sprint", "list").out == "No sprints.\n"
    assert locus("sprint", "active").out == "There is no active sprint.\n"


def test_what_others_wrote_is_harmless_in_text_and_exact_in_json(locus: Locus) -> None:
    title = "\x1b[2J\x1b]0;owned\x07Innocent\u202e"
    locus("issue", "create", title, "--body", "\x1b[31mred\x9b5m text")
    for said in (locus("issue", "list").out, locus("issue", "show", "1").out):
        assert "Innocent" in said
        assert not set("\x1b\x07\x9b\u202e") & set(said)
    assert "\x1b" in locus("issue", "show", "1", "--json").json["body"]
