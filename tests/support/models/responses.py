"""A scripted model that speaks OpenAI's Responses API on loopback, for the real Codex."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.models.server import Json, Midway, Reply, Request, ScriptedModel, Stream, Whole

_OWN = ("reasoning", "function_call", "custom_tool_call")


@dataclass(frozen=True)
class Refusal:
    """An HTTP error in place of an answer; with `times`, only the first so many. `more` goes into the error's body."""

    status: int
    message: str = "refused by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Json = field(default_factory=dict)
    times: int | None = None


@dataclass(frozen=True)
class Step:
    """One answer of the model: reasoning, then text, then calls made by `patch`, `new_file`, `shell` or `function`."""

    text: str = ""
    reasoning: str = ""
    calls: Sequence[Json] = ()
    refusal: Refusal | None = None
    failed: Json | None = None
    """`response.failed` with this error in place of the end."""
    midway: Midway | None = None
    """What happens in the middle of the text."""
    times: int | None = None
    """How often `midway` does."""
    tokens: int = 1000


def patch(body: str) -> Json:
    """The tool by which Codex changes files; `body` is what stands between the markers."""
    return {"type": "custom_tool_call", "name": "apply_patch", "input": f"*** Begin Patch\n{body}*** End Patch\n"}


def new_file(path: str, content: str) -> Json:
    return patch(f"*** Add File: {path}\n" + "".join(f"+{line}\n" for line in content.splitlines()))


def shell(command: str, **more: Any) -> Json:
    return function("exec_command", cmd=command, **more)


def function(name: str, **arguments: Any) -> Json:
    return {"type": "function_call", "name": name, "arguments": json.dumps(arguments)}


class Responses:
    """The dialect."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def step_of(self, path: str, body: Json) -> int | None:
        return turns_in(body.get("input") or []) if path == "/v1/responses" else None

    def aside(self, path: str, body: Json) -> Whole:
        return Whole(404, {"error": {"message": f"nothing at {path}"}})

    def reply(self, step: Step, body: Json, time: int) -> Reply:
        refusal = step.refusal
        if refusal is not None and (refusal.times is None or time <= refusal.times):
            error = {"message": refusal.message, "type": "scripted", "code": None, **refusal.more}
            return Whole(refusal.status, {"error": error}, refusal.headers)
        midway = step.midway if step.times is None or time <= step.times else None
        return Stream(self._numbered(self._events(step, midway)))

    def _numbered(self, events: Iterator[Json | Midway]) -> Iterator[Json | Midway]:
        for number, event in enumerate(events):
            yield {**event, "sequence_number": number} if isinstance(event, dict) else event

    def _events(self, step: Step, midway: Midway | None) -> Iterator[Json | Midway]:
        response: Json = {"id": self._id("resp"), "object": "response", "status": "in_progress", "output": [], "usage": None}
        yield {"type": "response.created", "response": response}
        output: list[Json] = []
        if step.reasoning:
            yield from self._reasoning(step.reasoning, output)
        if step.text:
            yield from self._message(step.text, output, midway)
        for call in step.calls:
            item = {"id": self._id("item"), "call_id": self._id("call"), **call}
            yield _added({**item, "status": "in_progress"}, output)
            yield _done({**item, "status": "completed"}, output)
        if step.failed is not None:
            yield {"type": "response.failed", "response": {**response, "status": "failed", "error": step.failed}}
            return
        usage = {
            "input_tokens": step.tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 25,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": step.tokens + 25,
        }
        yield {"type": "response.completed", "response": {**response, "status": "completed", "output": output, "usage": usage}}

    def _reasoning(self, words: str, output: list[Json]) -> Iterator[Json]:
        item: Json = {"id": self._id("rs"), "type": "reasoning", "summary": []}
        where = {"item_id": item["id"], "output_index": len(output), "summary_index": 0}
        part = {"type": "summary_text", "text": words}
        yield _added(item, output)
        yield {"type": "response.reasoning_summary_part.added", **where, "part": {**part, "text": ""}}
        yield {"type": "response.reasoning_summary_text.delta", **where, "delta": words}
        yield {"type": "response.reasoning_summary_text.done", **where, "text": words}
        yield _done({**item, "summary": [part]}, output)

    def _message(self, words: str, output: list[Json], midway: Midway | None) -> Iterator[Json | Midway]:
        item: Json = {"id": self._id("msg"), "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        where = {"item_id": item["id"], "output_index": len(output), "content_index": 0}
        part = {"type": "output_text", "text": words, "annotations": []}
        yield _added(item, output)
        yield {"type": "response.content_part.added", **where, "part": {**part, "text": ""}}
        pieces = re.findall(r"\S+\s*|\s+", words)
        for number, piece in enumerate(pieces):
            if number == len(pieces) // 2 and midway is not None:
                yield midway
            yield {"type": "response.output_text.delta", **where, "delta": piece}
        yield {"type": "response.output_text.done", **where, "text": words}
        yield {"type": "response.content_part.done", **where, "part": part}
        yield _done({**item, "status": "completed", "content": [part]}, output)

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._ids)}"


def responses_server(scenarios: Mapping[str, Sequence[Step]] | None = None) -> ScriptedModel[Step]:
    return ScriptedModel(Responses(), scenarios)


def turns_in(items: Sequence[Json]) -> int:
    """How many answers of the model a conversation contains: runs of items that are its own."""
    count, inside = 0, False
    for item in items:
        own = item.get("type") in _OWN or (item.get("type", "message") == "message" and item.get("role") == "assistant")
        count += own and not inside
        inside = own
    return count


def tool_outputs(request: Request) -> list[str]:
    """What the tools said, as the model reads it."""
    outputs = [item["output"] for item in request.body["input"] if str(item.get("type", "")).endswith("_output")]
    return [output if isinstance(output, str) else json.dumps(output) for output in outputs]


def _added(item: Json, output: list[Json]) -> Json:
    return {"type": "response.output_item.added", "output_index": len(output), "item": item}


def _done(item: Json, output: list[Json]) -> Json:
    output.append(item)
    return {"type": "response.output_item.done", "output_index": len(output) - 1, "item": item}
