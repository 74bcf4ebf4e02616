"""What a pull request says: our part between hidden marks; around it the repository's template, or what a person has written there.

An update writes our part anew and nothing else. A body without our marks is a person's: it only gets what a merge has to close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from locus.engine.messages import run_marker
from locus.model.body import closes, disarmed
from locus.model.events import Accepted
from locus.model.task import Task

LIMIT = 65536
"""Characters of one body; GitHub's."""
_SUMMARY = 4000
_BESIDE = 200
"""What else may stand in a sprint's part."""
_BEGIN = "<!-- locus:begin (each run writes this part anew; what stands above or below it stays) -->"
_BRIEF = "<!-- locus:begin closing (each run writes this part anew; what stands above or below it stays) -->"
_END = "<!-- locus:end -->"
_OURS = re.compile(r"<!-- locus:begin(?P<brief> closing)?\b[^>]*-->(?:(?!<!-- locus:begin).)*?<!-- locus:end -->", re.DOTALL)
_ENTRY = re.compile(r"^- Closes #(?P<number>[0-9]+):.*(?:\n  .*)*", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A finished task and what is known of it; `accepted` is None where another run has finished it."""

    number: int
    title: str
    agent: str
    accepted: Accepted | None


@dataclass(frozen=True)
class Part:
    """Of one task, or with a `heading` of a sprint's."""

    run_id: str
    entries: tuple[Entry, ...]
    heading: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(entry.number for entry in self.entries)

    def fresh(self, template: str | None) -> str:
        """The body of a new pull request: the template as it is, but for numbers of issues that it would close."""
        ours = self._whole("")
        if template is None or len(template) + len(ours) > LIMIT - 100:
            return ours
        return f"{disarmed(template).strip()}\n\n{ours}"

    def into(self, present: str) -> str:
        """`present` with our part in it brought up to date."""
        text = present.replace("\r\n", "\n")
        found = _OURS.search(text)
        if found is None:
            return f"{text.rstrip()}\n\n{self._brief(text)}".lstrip()
        before, after = text[: found.start()], _OURS.sub("", text[found.end() :])
        ours = self._brief(before + after) if found["brief"] else self._whole(found[0], LIMIT - len(before) - len(after))
        return f"{before}{ours}{after}"

    def _whole(self, before: str, room: int = LIMIT) -> str:
        around = len("\n\n".join([_BEGIN, "", run_marker(self.run_id), _END]))
        said = _sprint(self.heading, self.entries, before, room - around) if self.heading is not None else _standalone(self.entries[0])
        return "\n\n".join([_BEGIN, said, run_marker(self.run_id), _END])

    def _brief(self, others: str) -> str:
        closing = [f"Closes #{number}" for number in self.numbers if number not in closes(others)]
        return "\n\n".join([_BRIEF, *(["\n".join(closing)] if closing else []), run_marker(self.run_id), _END])


def of_task(run_id: str, task: Task, accepted: Accepted, agent: str) -> Part:
    return Part(run_id, (Entry(task.number, task.title, agent, accepted),))


def _standalone(entry: Entry) -> str:
    accepted = entry.accepted
    summary = _said(accepted.summary) if accepted is not None and accepted.summary else ""
    facts = "\n".join(f"- {fact}" for fact in _facts(entry.agent, accepted))
    return "\n\n".join(part for part in (f"Closes #{entry.number}", summary, facts) if part)


def _sprint(heading: str, entries: Sequence[Entry], before: str, room: int) -> str:
    """What an earlier run has said of its tasks in the part `before` stays said. In at most `room` characters, as far as that goes: of many
    tasks first the facts are left out, then the titles. What a merge closes never is.
    """
    known = {int(match["number"]): match[0] for match in _ENTRY.finditer(before)}
    short = [f"- Closes #{entry.number}: {disarmed(' '.join(entry.title.split()))}" for entry in entries]
    lines = []
    for entry, line in zip(entries, short, strict=True):
        facts = f"{line}\n  {' '.join(_facts(entry.agent, entry.accepted))}" if entry.accepted is not None else None
        lines.append(facts or known.get(entry.number, line))
    parts = [f"## {heading}"]
    for fewer in (short, [f"- Closes #{entry.number}" for entry in entries]):
        if sum(len(line) + 1 for line in lines) > room - len(parts[0]) - _BESIDE:
            lines = fewer
    parts.append("\n".join(lines))
    ours = [entry.accepted for entry in entries if entry.accepted is not None]
    if len(ours) == len(entries) > 1 and all(each.tokens is not None or each.cost_usd is not None for each in ours):
        tokens = [each.tokens for each in ours if each.tokens is not None]
        costs = [each.cost_usd for each in ours if each.cost_usd is not None]
        parts.append(f"Cost of all: {cost(sum(tokens) if tokens else None, sum(costs) if costs else None)}.")
    return "\n\n".join(parts)


def _facts(agent: str, accepted: Accepted | None) -> list[str]:
    """Sentences: what was verified, by whom the work was done, at what cost."""
    if accepted is None:
        return []
    if accepted.verified:
        mended = [name for name in accepted.verified if name in accepted.mended]
        after = f" ({', '.join(mended)} failed at first and was mended)" if mended else ""
        checks = f"Verified: {', '.join(accepted.verified)}{after}."
    else:
        checks = "No verification commands are configured."
    about = ", ".join(word for word in (accepted.agent_kind, accepted.model) if word)
    tries = f" in {accepted.attempt} attempts" if accepted.attempt > 1 else ""
    done = f"Work done by the agent `{accepted.agent or agent}`{f' ({about})' if about else ''}{tries}, committed by Locus."
    spent = cost(accepted.tokens, accepted.cost_usd)
    return [checks, done, *([f"Cost: {spent}."] if spent else [])]


def cost(tokens: int | None, usd: float | None) -> str:
    """Empty where the agent said nothing of it."""
    words = [f"{tokens:,} tokens"] if tokens is not None else []
    return ", ".join([*words, f"${usd:.2f}"] if usd is not None else words)


def _said(summary: str) -> str:
    """An agent's words: they close no issue, and hide nothing that would read as ours."""
    text = summary.strip()
    text = text if len(text) <= _SUMMARY else f"{text[:_SUMMARY].rstrip()}…"
    return disarmed(text).replace("<!--", "&lt;!--")
