"""A repository's template for issues: Markdown with a head of `key: value` lines between two `---`, as GitHub keeps it in
`.github/ISSUE_TEMPLATE/*.md`. Of the head only what an issue takes from it is read: name, title and labels. Of a form (`*.yml`) those too,
and its fields' labels, which become the headings that GitHub makes of them; the rest of YAML is not understood here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from locus.model.task import TaskType

_HEAD = re.compile(r"\A---[ \t]*\n(?P<head>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^[ \t]+label:[ \t]*(?P<label>[^\s>|&*!].*?)[ \t]*$", re.MULTILINE)
"""Of a form. What can be ticked off stands in a list: `- label: ...`."""
_FORM = (".yml", ".yaml")
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
    if file.endswith(_FORM):
        return _form(file, _values(text), text)
    found = _HEAD.match(text)
    head = _values(found["head"]) if found else {}
    body = found["body"] if found else text
    return _template(file, head, body.strip())


def _form(file: str, head: dict[str, list[str]], text: str) -> IssueTemplate:
    return _template(file, head, "\n\n".join(f"### {_bare(field['label'])}" for field in _FIELD.finditer(text)))


def _template(file: str, head: dict[str, list[str]], body: str) -> IssueTemplate:
    name, title = " ".join(head.get("name", ())), "".join(head.get("title", ())[:1])
    return IssueTemplate(file, name, title, tuple(head.get("labels", ())), body)


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
