"""The prompt: everything an agent needs, what comes from a tracker fenced as data, every part bounded."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from locus.engine import prompt
from locus.engine.context import RepositoryContext
from locus.engine.prompt import AnchoredCode, Brief
from locus.model.events import Verified
from locus.model.problems import VerifyProblem
from locus.model.task import Comment, Task

CONTEXT = RepositoryContext(entries=("README.md", "src/"), more_entries=3, commits=("1a2b Start",), instructions="Use tabs.")
TASK = Task(number=16, title="Fix pagination", body="Page 2 is empty.\n\nAcceptance criteria: all pages.")


def _fences(text: str) -> list[str]:
    """The insides of all top-level fences, as Markdown reads them."""
    found: list[str] = []
    fence: str | None = None
    inside: list[str] = []
    for line in text.split("\n"):
        if fence is None and (opening := re.match(r"(`{3,})", line)):
            fence = opening[1]
            inside = []
        elif fence is not None and re.fullmatch(rf"`{{{len(fence)},}}", line.strip()):
            found.append("\n".join(inside))
            fence = None
        elif fence is not None:
            inside.append(line)
    assert fence is None, "a fence stays open"
    return found


def test_it_has_the_issue_the_code_the_instructions_and_the_repository() -> None:
    code = AnchoredCode(16, "src/pages.py", 3, 4, "def page():\n    pass", "moved")
    text = prompt.write(Brief(TASK, CONTEXT, code=code, verify=("pytest",)))
    for words in (
        "Task #16",
        "Fix pagination",
        "Page 2 is empty.",
        "src/pages.py`, lines 3-4",
        "It has moved",
        "Use tabs.",
        "... and 3 more",
        "1a2b Start",
    ):
        assert words in text
    assert "Afterwards these must pass: pytest." in text


def test_a_sprints_changes_and_earlier_failures_are_told() -> None:
    failure = Verified(name="lint", ok=False, code=1, output="line 3 is too long")
    text = prompt.write(Brief(TASK, CONTEXT, sprint="Sprint 1", sprint_diff="+added\n", failures=(failure,)))
    assert "of the sprint 'Sprint 1'" in text and "+added" in text
    assert "lint (exited with 1)" in text and "line 3 is too long" in text


@given(st.text(alphabet=st.sampled_from("`~ab\n# "), max_size=200), st.text(alphabet=st.sampled_from("`a\n"), max_size=50))
def test_no_text_of_a_tracker_leaves_its_fence(body: str, comment: str) -> None:
    task = TASK.model_copy(update={"title": "T" + body.replace("\n", " "), "body": body + "\nEND-OF-BODY"})
    text = prompt.write(Brief(task, CONTEXT, comments=(Comment(author="ann", body=comment + "END-OF-COMMENT", at="now"),)))
    issue, said, *_ = _fences(text)
    assert issue.rstrip().endswith("END-OF-BODY") and said.rstrip().endswith("END-OF-COMMENT")


def test_our_own_comments_are_not_fed_back() -> None:
    ours = Comment(author="locus", body="Locus finished\n\n<!-- locus:done run-1 1 1 -->", at="now")
    assert "Locus finished" not in prompt.write(Brief(TASK, CONTEXT, comments=(ours,)))


def test_every_part_is_bounded_and_says_so() -> None:
    huge = "x" * 1_000_000
    task = TASK.model_copy(update={"body": huge})
    code = AnchoredCode(16, "a.py", 1, 9, huge, "exact")
    brief = Brief(
        task,
        CONTEXT,
        comments=(Comment(author="ann", body=huge, at="now"),),
        code=code,
        sprint_diff=huge,
        failures=(Verified(name="test", ok=False, code=1, output=huge),),
    )
    text = prompt.write(brief)
    assert len(text) < 160_000
    assert text.count("[... cut after") == 4


def test_the_same_session_is_told_the_problems_first_then_the_end_of_the_output() -> None:
    problem = VerifyProblem(check="lint", file="src/pages.py", line=3, column=7, code="F401", message="unused\nimport ```")
    failure = Verified(name="lint", ok=False, code=1, output="x" * 100_000 + "\nlast line", problems=(problem,) * 50, more_problems=7)
    text = prompt.follow_up([failure, Verified(name="tests", ok=False, output="[still running after 9 s, ended]")])
    listed, output, timed_out = _fences(text)
    assert listed.splitlines()[0] == "src/pages.py:3:7: error: unused import ``` [F401]"
    assert len(listed.splitlines()) == 50 and "... and 7 more" in text
    assert output.endswith("last line") and timed_out == "[still running after 9 s, ended]"
    assert text.index("lint (exited with 1)") < text.index("tests (did not come to an end)")
    assert len(text) < 16_000 and "Task #" not in text
    assert text.rstrip() in prompt.write(
        Brief(TASK, CONTEXT, failures=(failure, Verified(name="tests", ok=False, output="[still running after 9 s, ended]")))
    )


def test_many_failures_share_the_room() -> None:
    failures = [Verified(name=f"check {at}", ok=False, code=1, output="y" * 20_000) for at in range(40)]
    text = prompt.follow_up(failures)
    assert len(text) < 60_000 and "check 39" in text
