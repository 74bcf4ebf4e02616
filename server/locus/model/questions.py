"""What people are asked in a run: the questions, what the journal records of them, and what is open and allowed in consequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from locus.model.base import Recorded
from locus.model.permissions import Rule


class Option(Recorded):
    id: str
    label: str
    kind: str = "choice"


class Question(Recorded):
    id: str
    task: int | None = None
    kind: Literal["permission", "choice", "base", "trust"]
    title: str
    detail: str = ""
    options: tuple[Option, ...]
    """Of the kinds allow_once, allow_always, reject_once, choice, or text: the answer is the message that comes with it."""
    asked_at: str
    expires_at: str | None = None
    """Until then the agent waits. Later the question is still open: its task is blocked, and an answer takes it up again."""
    input: dict[str, Any] | None = None
    """What the agent's tool would be given, where an answer may change it."""


class QuestionAsked(Recorded):
    kind: Literal["question.asked"] = "question.asked"
    question: Question
    subject: str | None = None
    """A digest of the tool and what it would be given: an agent that is taken up again asks once more."""
    rules: tuple[Rule, ...] = ()
    """What is allowed for the run by an answer of the kind allow_always."""


class QuestionAnswered(Recorded):
    """`option` is None when it was withdrawn, or nobody answered in time."""

    kind: Literal["question.answered"] = "question.answered"
    id: str
    option: str | None = None
    message: str | None = None
    input: dict[str, Any] | None = None
    late: bool | None = None
    """The agent did not wait any more: it is told when it asks again."""


class AnswerUsed(Recorded):
    """A late answer has been given to the agent: it counts once."""

    kind: Literal["question.used"] = "question.used"
    id: str


@dataclass
class Questions:
    open: dict[str, Question] = field(default_factory=dict)
    """Those of a task stay open while it is blocked, also when the run has ended."""
    asked: dict[str, QuestionAsked] = field(default_factory=dict)
    """All there have been."""
    rules: list[Rule] = field(default_factory=list)
    """What a person has allowed for the rest of the run."""
    late: dict[str, QuestionAnswered] = field(default_factory=dict)
    """Answers that no agent has been given yet."""

    @property
    def closed(self) -> set[str]:
        return self.asked.keys() - self.open.keys()

    def ask(self, event: QuestionAsked) -> None:
        self.asked[event.question.id] = event
        self.open[event.question.id] = event.question

    def answer(self, event: QuestionAnswered) -> None:
        self.open.pop(event.id, None)
        asked = self.asked.get(event.id)
        if asked is None or event.option is None:
            return
        kind = next((option.kind for option in asked.question.options if option.id == event.option), None)
        if kind == "allow_always":
            self.rules += asked.rules
        if event.late and asked.question.task is not None:
            self.late[event.id] = event

    def close(self, which: Callable[[Question], bool]) -> None:
        self.open = {id: question for id, question in self.open.items() if not which(question)}
