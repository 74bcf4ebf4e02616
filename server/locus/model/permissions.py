"""What an agent may do without asking: rules as people write them, `execute: npm test*`, and how they are matched."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from locus.model.agent import ToolKind
from locus.model.base import Recorded

Deed = Literal["read", "edit", "execute", "fetch", "other"]
"""What a tool does, in fewer words than agents have: `edit` is any change to a file, `fetch` anything on the network."""

_DEEDS: dict[str, Deed] = {"read": "read", "search": "read", "edit": "edit", "delete": "edit", "move": "edit", "execute": "execute"}


def deed_of(tool: ToolKind) -> Deed:
    return "fetch" if tool == "fetch" else _DEEDS.get(tool, "other")


class Rule(Recorded):
    """`deed` is `*` for any. Without a pattern it is about all of them. In a pattern `*` stands for any characters."""

    deed: Literal["read", "edit", "execute", "fetch", "other", "*"]
    pattern: str | None = None
    exact: bool = False
    """The pattern is a text, and `*` in it a mere star."""

    def about(self, deed: Deed) -> bool:
        return self.deed in ("*", deed)

    def matches(self, text: str, *, loosely: bool = False) -> bool:
        """`loosely`: whatever the case of letters, as a file system may see it."""
        if self.pattern is None:
            return True
        pattern = self.pattern
        if loosely:
            text, pattern = text.casefold(), pattern.casefold()
        if self.exact or text == pattern:
            return text == pattern
        return _expression(pattern).fullmatch(text) is not None or (pattern.endswith(" *") and text == pattern[:-2])

    def __str__(self) -> str:
        return self.deed if self.pattern is None else f"{self.deed}: {self.pattern}"


def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def parse_rule(text: str) -> Rule:
    """Raises ValueError that says what is wrong."""
    deed, colon, pattern = text.partition(":")
    deed, pattern = deed.strip(), pattern.strip()
    known = get_args(Rule.model_fields["deed"].annotation)
    if deed not in known:
        raise ValueError(f"{deed or text!r} is none of {', '.join(known)}")
    if colon and not pattern:
        raise ValueError(f"{text!r} has no pattern after its colon")
    return Rule.model_validate({"deed": deed, "pattern": pattern or None})


def _checked(text: str) -> str:
    parse_rule(text)
    return text


RuleText = Annotated[str, AfterValidator(_checked)]
