"""A scripted model that speaks Google's Gemini API on loopback, for the real Gemini CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.models.server import Json, Reply, ScriptedModel, Stream, Whole

_USAGE = {"promptTokenCount": 1000, "candidatesTokenCount": 25, "totalTokenCount": 1025}


@dataclass(frozen=True)
class Step:
    """One answer of the model: `says`, then the `calls` of tools, each with its arguments. `status`: an HTTP error in place of it."""

    says: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any]]] = field(default_factory=tuple)
    status: int | None = None


class Gemini:
    """The dialect."""

    def step_of(self, path: str, body: Json) -> int | None:
        if "enerateContent" not in path or not body.get("tools"):  # without tools: a summary, a choice of model
            return None
        return sum(any("functionResponse" in part for part in content.get("parts", ())) for content in body["contents"])

    def aside(self, path: str, body: Json) -> Whole:
        if path.endswith(":countTokens"):
            return Whole(200, {"totalTokens": 1000})
        return Whole(200, _answer([{"text": "{}"}]))

    def reply(self, step: Step, body: Json, time: int) -> Reply:
        if step.status is not None:
            return Whole(step.status, {"error": {"code": step.status, "message": "refused by the test", "status": "FAILED"}})
        calls = [{"functionCall": {"name": name, "args": dict(arguments)}} for name, arguments in step.calls]
        return Stream([_answer([*([{"text": step.says}] if step.says else []), *calls])])


def _answer(parts: list[Json]) -> Json:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": _USAGE, "modelVersion": "scripted"}


def gemini_server() -> ScriptedModel[Step]:
    return ScriptedModel(Gemini())
