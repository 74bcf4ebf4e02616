import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locus.model.body import acceptance, closes, without_comments
from support.properties import modest

BODY = """Some text
- [ ] not a criterion

## Acceptance criteria:

- [ ] It works
- [x] It is fast,
  even with many
* [X] It is *documented*
- no checklist item
    - [ ] a nested one

### Details
1. [ ] numbered

```markdown
## Something else
- [ ] in code
```
- [ ] after the code

## Notes
- [ ] not this one
"""


def test_criteria_are_the_checklist_under_the_heading() -> None:
    expected = ("It works", "It is fast, even with many", "It is *documented*", "a nested one", "numbered", "after the code")
    assert acceptance(BODY) == expected


def test_line_ends_of_a_web_form() -> None:
    assert acceptance(BODY.replace("\n", "\r\n")) == acceptance(BODY)


def test_no_heading_no_criteria() -> None:
    assert acceptance("- [ ] a\n- [ ] b") == ()
    assert acceptance("```\n# Acceptance criteria\n- [ ] a\n```") == ()


def test_what_a_pull_request_closes() -> None:
    body = "Closes #3, fixes: #4 and resolved #3.\n\n```\nCloses #9\n```\nsee #5, discloses #6"
    assert closes(body) == (3, 4)


@modest
@given(st.text(st.sampled_from(list("#-*[]x `~\n\r\tab1.Acceptance criteria"))) | st.text())
def test_no_text_is_too_odd(body: str) -> None:
    acceptance(body)
    closes(body)


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("a <!-- no --> b", "a  b"),
        ("a <!-- no\nno --> b", "a \n b"),
        ("a <!-- yes\n\nstill --> here", "a <!-- yes\n\nstill --> here"),
        ("<!-- no\n\n```\nno\n--> yes\n<!-- -->\nend", " yes\nend"),
        ("<!-- never closed\n\nno", ""),
        ("it fails on `<!--` and ``a ` <!-- b``", "it fails on `<!--` and ``a ` <!-- b``"),
        ("```html\n<!-- code -->\n```\n<!-- no -->", "```html\n<!-- code -->\n```"),
        ("~~~\n<!--\n~~~\nyes", "~~~\n<!--\n~~~\nyes"),
        ("one\n\n\ntwo", "one\n\n\ntwo"),
        ("--> <b>yes</b> <!---->.", "--> <b>yes</b> ."),
    ],
)
def test_comments_are_not_seen(body: str, seen: str) -> None:
    assert without_comments(body) == seen


@given(st.text(alphabet="ab`~<!->\n ", max_size=80))
def test_what_is_not_seen_is_only_left_out(body: str) -> None:
    left = iter(body)
    assert all(character in left for character in without_comments(body))
    if "<!--" not in body:
        assert without_comments(body) == body


@pytest.mark.parametrize(
    "body", ["<!--" * 16_000, "a <!--" * 10_000, "\n" * 65_000, "a <!--\n" * 9000, "`" * 65_000, "` `` " * 13_000, "a `<!-- " * 8000]
)
def test_no_body_takes_long(body: str) -> None:
    began = time.process_time()
    without_comments(body)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("heading", "counts"),
    [
        ("# Acceptance criteria  ##  ", True),
        ("# acceptance criteria:##", True),
        ("#\tAcceptance criteria:", True),
        ("# Acceptance criteria # more", False),
        ("#Acceptance criteria", False),
    ],
)
def test_how_the_heading_may_be_written(heading: str, counts: bool) -> None:
    assert acceptance(f"{heading}\n- [ ] It works") == (("It works",) if counts else ())


@pytest.mark.parametrize(
    "line", ["# a" + " " * 60_000 + "x", "# " + "#" * 60_000 + "x", "# " + "# " * 30_000 + "x"], ids=["blanks", "marks", "both"]
)
def test_a_heading_that_nobody_would_write_is_read_in_a_moment(line: str) -> None:
    """Anybody may write an issue, and every look at the list reads all of them."""
    began = time.process_time()
    assert acceptance(f"{line}\n# Acceptance criteria\n- [ ] It works") == ("It works",)
    assert time.process_time() - began < 1
