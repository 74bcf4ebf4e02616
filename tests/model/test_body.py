from hypothesis import given
from hypothesis import strategies as st

from locus.model.body import acceptance, closes
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
