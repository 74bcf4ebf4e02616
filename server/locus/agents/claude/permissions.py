"""`can_use_tool`: what Claude Code asks before it acts, and its own questions to a person; and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from locus.agents.claude import tools
from locus.agents.protocol import Decision
from locus.model.agent import PermissionOption, PermissionRequest

Json = dict[str, Any]

_QUESTION = "AskUserQuestion"


class Asked:
    """One request that waits. It is several to a person where Claude puts several questions at once."""

    def __init__(self, id: str, request: Mapping[str, Any]) -> None:
        self.id = id
        self._tool = str(request.get("tool_name", ""))
        self._input: Json = dict(tools.mapping(request.get("input")))
        why = request.get("decision_reason")
        self._why = why if isinstance(why, str) and "requires approval" not in why else ""  # which is known, as it asks
        self._suggestions = [each for each in tools.listed(request.get("permission_suggestions")) if isinstance(each, Mapping)]
        self._questions: dict[str, Json] = {}
        if self._tool == _QUESTION:
            questions = filter(None, map(tools.mapping, tools.listed(self._input.get("questions"))))
            self._questions = {f"{id}/{number}": dict(question) for number, question in enumerate(questions)}
        self._answers: dict[str, Decision] = {}

    def requests(self, worktree: PurePath, read: Callable[[str], str | None]) -> list[PermissionRequest]:
        if self._questions:
            return [_as_question(id, question) for id, question in self._questions.items()]
        title = tools.title(self._tool, self._input, worktree)
        return [
            PermissionRequest(
                id=self.id,
                tool=tools.kind(self._tool),
                name=self._tool,
                title=f"{title} ({self._why[:1].lower()}{self._why[1:]})" if self._why else title,
                command=tools.command_of(self._tool, self._input),
                locations=tools.locations(self._input),
                diff=tools.proposed_diff(self._tool, self._input, worktree, read),
                input=self._input,
                editable=True,
                options=tuple(PermissionOption(id="always", label=label, kind="allow_always") for label in self._always()),
            )
        ]

    @property
    def ids(self) -> list[str]:
        return list(self._questions) or [self.id]

    def answer(self, id: str, decision: Decision) -> Json | None:
        """What Claude is told; None while other questions of the same request wait."""
        if self._questions:
            return self._answer_to_questions(id, decision)
        if not decision.allow:
            return {"behavior": "deny", "message": decision.message or "A person has refused this."}
        changed = {"updatedInput": dict(decision.input) if decision.input is not None else self._input}
        return {"behavior": "allow", **changed, **({"updatedPermissions": self._for_this_session()} if decision.always else {})}

    def _answer_to_questions(self, id: str, decision: Decision) -> Json | None:
        """Each has been put to a person, who may leave one without an answer: the others still wait for theirs."""
        self._answers[id] = decision
        if len(self._answers) < len(self._questions):
            return None
        given = {
            str(self._questions[id].get("question")): said.message for id, said in self._answers.items() if said.allow and said.message
        }
        if given:
            return {"behavior": "allow", "updatedInput": {**self._input, "answers": given}}
        why = next((said.message for said in self._answers.values() if said.message), None)
        return {"behavior": "deny", "message": why or "Nobody has answered this: decide it yourself, and say what you have assumed."}

    def _for_this_session(self) -> list[Json]:
        """Claude would have some of it written into the repository's settings, which no answer given here may do."""
        return [{**suggestion, "destination": "session"} for suggestion in self._suggestions]

    def _always(self) -> list[str]:
        words = [word for suggestion in self._suggestions for word in _in_words(suggestion)]
        return ["always, in this session: " + "; ".join(words)] if words else []


def _as_question(id: str, question: Json) -> PermissionRequest:
    options = [option for option in tools.listed(question.get("options")) if isinstance(option, Mapping)]
    lines = [str(question.get("question", ""))]
    lines += [f"{option.get('label')}: {option['description']}" for option in options if option.get("description")]
    if question.get("multiSelect"):
        lines.append("Several may be given, separated by commas.")
    return PermissionRequest(
        id=id,
        name=_QUESTION,
        title="\n".join(lines),
        input=question,
        choices=tuple(str(option["label"]) for option in options if option.get("label")),
    )


def _in_words(suggestion: Mapping[str, Any]) -> list[str]:
    match suggestion:
        case {"type": "setMode", "mode": "acceptEdits"}:
            return ["edit files in the worktree"]
        case {"type": "setMode", "mode": mode}:
            return [f"the mode {mode}"]
        case {"type": "addDirectories", "directories": [*folders]}:
            return [f"work in {', '.join(map(str, folders))}"]
        case {"type": "addRules", "rules": [*rules]}:
            return [f"{rule.get('toolName')} {rule.get('ruleContent') or ''}".strip() for rule in rules if isinstance(rule, Mapping)]
        case _:
            return []
