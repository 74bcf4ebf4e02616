from __future__ import annotations

import pytest

from locus.model.references import renumbered

NUMBERS = {1: 41, 2: 42, 3: None}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("See #1, (#2) and #1.", "See #41, (#42) and #41."),
        ("#1", "#41"),
        ("Closes #2\nFixes: #1\r\n", "Closes #42\nFixes: #41\r\n"),
        ("#3 has no number there", "`#3` has no number there"),
        ("#9 is nobody's, #10 neither", "#9 is nobody's, #10 neither"),
        ("a#1 octo/demo#1 &#1; /#1 ##1 #1a #1-2 page.html#2", "a#1 octo/demo#1 &#1; /#1 ##1 #1a #1-2 page.html#2"),
        ("`#1` and ``a ` #1`` but #1", "`#1` and ``a ` #1`` but #41"),
        ("`#1 is never closed, #2", "`#1 is never closed, #42"),
        ("```\n#1\n```\n#1", "```\n#1\n```\n#41"),
        ('<!-- locus:anchor {"path":"a #1.py"} -->\n#1', '<!-- locus:anchor {"path":"a #1.py"} -->\n#41'),
        ("", ""),
    ],
)
def test_numbers_in_prose_become_the_present_ones(before: str, after: str) -> None:
    assert renumbered(before, NUMBERS) == after
