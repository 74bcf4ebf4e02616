"""What the person in the demonstration asks for. The scripted agent (agent.py) carries these sentences out word by word."""

from __future__ import annotations

from dataclasses import dataclass

SELECTED_FILE = "server/locus/model/run.py"
SELECTED_LINES = ("def done(self) -> int:", "return sum(")
"""How the first and the last selected line begin."""

SPRINT = "Durations"


@dataclass(frozen=True)
class Wish:
    title: str
    body: str
    type: str
    priority: str | None = None


FROM_SELECTION = Wish(
    title="Say what `done` counts",
    body=f"- In `{SELECTED_FILE}` document `done`: How many of its tasks have succeeded.",
    type="docs",
    priority="low",
)

GLOSSARY = Wish(
    title="Give newcomers a glossary",
    body="\n".join(
        (
            "- In `docs/glossary.md` add the line: # Glossary",
            "- In `docs/glossary.md` add the line: ",
            "- In `docs/glossary.md` add the line: **Task**: an issue that an agent works on, in a worktree of its own.",
            "- In `docs/glossary.md` add the line: **Sprint**: tasks in order on one branch, each building on the one before.",
        )
    ),
    type="docs",
    priority="high",
)

SPRINT_TASKS = (
    Wish(
        title="Say a duration as people do",
        body="\n".join(
            (
                "- Create `server/locus/model/duration.py`: Durations, as people say them.",
                "- In `server/locus/model/duration.py` write the function `spoken(seconds: float) -> str`, which returns "
                '`f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"`: Seconds below a minute, minutes above.',
            )
        ),
        type="feature",
    ),
    Wish(
        title="Test the durations",
        body="\n".join(
            (
                '- In `tests/model/test_duration.py` test `spoken` of `locus.model.duration`: `spoken(40)` is `"40 s"`.',
                '- In `tests/model/test_duration.py` test `spoken` of `locus.model.duration`: `spoken(90)` is `"2 min"`.',
            )
        ),
        type="chore",
    ),
    Wish(
        title="Say how long something took",
        body="\n".join(
            (
                "- In `server/locus/model/duration.py` write the function `took(start: float, end: float) -> str`, which returns "
                '`f"took {spoken(end - start)}"`: What a line of a log says.',
                "- In `CHANGELOG.md` add the line: - Logs say how long something took.",
            )
        ),
        type="feature",
    ),
)
"""The second needs the file that the first one makes; the third goes on in it."""
