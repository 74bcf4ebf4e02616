"""A repository's template for issues: Markdown with a head of `key: value` lines between two `---`, as GitHub keeps it in
`.github/ISSUE_TEMPLATE/*.md`. Of the head only what an issue takes from it is read: name, title and labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from locus.model.task import TaskType

_HEAD = re.compile(r"\A---[ \t]*\n(?P<head>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_WORDS: dict[TaskType, tuple[str, ...]] = {
    TaskType.BUG: ("bug", "defect"),
    TaskType.FEATURE: ("feature", "enhancement", "story"),
    TaskType.DOCS: ("doc",),
    TaskType.REFACTOR: ("refactor",),
    TaskType.CHORE: ("chore", "maintenance", "task"),
}
"""By which the template for a type is known, in its file's name or its own."""


@dataclass(frozen=True)
class IssueTemplate:
    file: str
    name: str
    title: str
    """What a title begins with: `[Bug]: `."""
    labels: tuple[str, ...]
    body: str

    def titled(self, title: str) -> str:
        begins = self.title.strip()
        return title if title.lower().startswith(begins.lower()) else f"{begins} {title}"


def parse(file: str, text: str) -> IssueTemplate:
    found = _HEAD.match(text)
    head = _values(found["head"]) if found else {}
    body = found["body"] if found else text
    name, title = " ".join(head.get("name", ())), "".join(head.get("title", ())[:1])
    return IssueTemplate(file, name, title, tuple(head.get("labels", ())), body.strip())


def choose(templates: Sequence[IssueTemplate], type: TaskType | None) -> IssueTemplate | None:
    """The one for that type; the only one there is, whatever the type. Of several that are for something else, none."""
    if len(templates) == 1:
        return templates[0]
    words = _WORDS.get(type, ()) if type is not None else ()
    return next((each for each in templates if any(word in f"{each.file} {each.name}".lower() for word in words)), None)


def _values(head: str) -> dict[str, list[str]]:
    """Each key's words: of `labels: a, b`, of `labels: [a, "b"]`, or of lines `- a` below it."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in head.splitlines():
        if (entry := re.match(r"\s*-\s+(.+)", line)) and key:
            found[key].append(_bare(entry[1]))
        elif pair := re.match(r"(\w+):\s*(.*?)\s*\Z", line):
            key, value = pair[1].lower(), pair[2]
            if key == "labels":
                inside = value[1:-1] if value.startswith("[") and value.endswith("]") else _bare(value)
                found[key] = [_bare(word) for word in inside.split(",") if _bare(word)]
            else:
                found[key] = [_bare(value)] if _bare(value) else []
    return found


def _bare(value: str) -> str:
    value = value.strip()
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
