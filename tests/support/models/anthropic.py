"""A scripted model that speaks Anthropic's Messages API on loopback, for the real Claude Code."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.models.server import Dropped, Json, Midway, Pause, Reply, Request, ScriptedModel, Stream, Whole


@dataclass(frozen=True)
class Refusal:
    """An HTTP error in place of an answer; with `times`, only the first so many."""

    status: int
    kind: str = "api_error"
    message: str = "refused by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = None


@dataclass(frozen=True)
class Step:
    """One answer of the model: `blocks` are made by `text`, `thinking` and `tool`. In their strings `{cwd}` is the agent's folder."""

    blocks: Sequence[Json] = ()
    refusal: Refusal | None = None
    midway: Midway | None = None
    """What happens after half of the events, to a streamed answer."""
    dropped: int = 0
    """So many times the connection ends before there is any answer."""
    pace: float = 0.0
    """Seconds between two events."""
    stop: str | None = None
    input_tokens: int = 1000


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def thinking(words: str) -> Json:
    return {"type": "thinking", "thinking": words, "signature": "scripted"}


def tool(name: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "name": name, "input": arguments}


def says(words: str, **more: Any) -> Step:
    return Step((text(words),), **more)


def uses(name: str, **arguments: Any) -> Step:
    return Step((tool(name, **arguments),))


class Messages:
    """The dialect."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def step_of(self, path: str, body: Json) -> int | None:
        if path != "/v1/messages" or not body.get("tools"):  # without tools: a title, a probe
            return None
        return [message["role"] for message in body["messages"]].count("assistant")

    def aside(self, path: str, body: Json) -> Whole:
        if path.endswith("/count_tokens"):
            return Whole(200, {"input_tokens": 1000})
        if path == "/v1/messages":
            return Whole(200, {**self._message(body), "content": [text('{"title": "A title"}')], "stop_reason": "end_turn"})
        return Whole(200, {"data": [], "has_more": False})

    def reply(self, step: Step, body: Json, time: int) -> Reply:
        refusal = step.refusal
        if refusal is not None and (refusal.times is None or time <= refusal.times):
            error = {"type": "error", "error": {"type": refusal.kind, "message": refusal.message}}
            return Whole(refusal.status, error, refusal.headers)
        if time <= step.dropped:
            return Dropped.DROPPED
        blocks = [self._block(block, body) for block in step.blocks]
        calls = any(block["type"] == "tool_use" for block in blocks)
        stop = step.stop or ("tool_use" if calls else "end_turn")
        message = self._message(body, step.input_tokens)
        if not body.get("stream"):
            return Whole(200, {**message, "content": blocks, "stop_reason": stop})
        events = list(_events(message, blocks, stop))
        return Stream(_played(events, step))

    def _message(self, body: Json, input_tokens: int = 10) -> Json:
        usage = {"input_tokens": input_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 25}
        return {
            "id": f"msg_{next(self._ids)}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }

    def _block(self, block: Json, body: Json) -> Json:
        if block["type"] != "tool_use":
            return block
        folder = re.search(r"(?:Primary w|W)orking directory:? (/[^\s\"<]+)", _told(body))
        filled = _filled(block, folder[1] if folder else "")
        return {"id": f"toolu_{next(self._ids)}", **filled}


def messages_server(scenarios: Mapping[str, Sequence[Step]] | None = None) -> ScriptedModel[Step]:
    return ScriptedModel(Messages(), scenarios)


def tool_results(request: Request) -> list[str]:
    """What the tools said in the last message, as the model reads it."""
    content = request.body["messages"][-1]["content"]
    results = [block["content"] for block in content if isinstance(block, dict) and block.get("type") == "tool_result"]
    return [result if isinstance(result, str) else json.dumps(result) for result in results]


def _told(body: Json) -> str:
    parts: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, str):
            parts.append(value)
        else:
            for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
                gather(inner)

    gather([body.get("system"), body.get("messages")])
    return "\n".join(parts)


def _filled(value: Any, folder: str) -> Any:
    if isinstance(value, str):
        return value.replace("{cwd}", folder)
    if isinstance(value, dict):
        return {name: _filled(inner, folder) for name, inner in value.items()}
    return [_filled(inner, folder) for inner in value] if isinstance(value, list) else value


def _played(events: list[Json], step: Step) -> Iterator[Json | Midway | Pause]:
    for number, event in enumerate(events):
        if number == len(events) // 2 and step.midway is not None:
            yield step.midway
        yield event
        if step.pace:
            yield Pause(step.pace)


def _events(message: Json, blocks: list[Json], stop: str) -> Iterator[Json]:
    yield {"type": "message_start", "message": {**message, "usage": {**message["usage"], "output_tokens": 1}}}
    for index, block in enumerate(blocks):
        empty, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {"output_tokens": message["usage"]["output_tokens"]},
    }
    yield {"type": "message_stop"}


def _pieces(block: Json) -> tuple[Json, list[Json]]:
    """How a block begins, and what it grows by."""
    if block["type"] == "text":
        words = re.findall(r"\S+\s*|\s+", block["text"])
        return {**block, "text": ""}, [{"type": "text_delta", "text": word} for word in words]
    if block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": block["thinking"]}, {"type": "signature_delta", "signature": block["signature"]}]
        return {**block, "thinking": "", "signature": ""}, deltas
    whole = json.dumps(block["input"])
    half = len(whole) // 2
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in (whole[:half], whole[half:])]
