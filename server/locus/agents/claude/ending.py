"""How a turn of Claude Code has ended. Neither its exit code nor the result's `subtype` can be trusted alone: an interrupted turn exits
with 0, and a refused API call is a `success`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from locus.agents.claude import tools
from locus.model.agent import TurnEnd, Usage

_SUMMARY = 500
_DENIALS = 20
_NOT_LOGGED_IN = ("authentication_failed", "oauth_org_not_allowed", "account_on_hold", "verification_required")
_USED_UP = ("rate_limit", "billing_error")
_LOST = "No conversation found"
LOG_IN = "run `claude` in a terminal and log in with /login, or set ANTHROPIC_API_KEY to a key that is valid; then `locus run --resume`"


def of_result(
    result: Mapping[str, Any], worktree: PurePath, *, error: str | None, resets_at: int | None, budget_usd: float | None
) -> TurnEnd:
    """`error`: the kind of the API's last error, as Claude names it; `resets_at`: when the provider's limit ends, in seconds since 1970."""
    said = _words(result)
    if not failed(result):
        denials = denied(tools.listed(result.get("permission_denials")), worktree)
        return TurnEnd(outcome="denied" if denials else "ok", summary=tools.clipped(said, _SUMMARY) or None, denials=denials)
    status, why = result.get("api_error_status"), f"{result.get('subtype')} {result.get('terminal_reason')}"
    if _LOST in said:
        return lost()
    if "budget" in why:
        return TurnEnd(
            outcome="limit",
            reason="the budget" + (f" of ${budget_usd:g}" if budget_usd is not None else "") + " of this task is used up",
            hint="raise `limits.budgetUsd` of the agent, then `locus run --resume`",
        )
    if "max_turns" in why:
        return TurnEnd(outcome="limit", reason=said or "the agent has reached its number of turns", hint="raise --max-turns in its `argv`")
    if "aborted" in why:
        return TurnEnd(outcome="cancelled", reason="it was interrupted")
    if error in _NOT_LOGGED_IN or status in (401, 403):
        return no_credentials(said)
    if error in _USED_UP or status == 429:
        if error != "billing_error" and resets_at is None:
            return TurnEnd(outcome="busy", reason=f"Claude's provider gives no more for now: {said}")
        advice = "add credit to the account" if error == "billing_error" else "wait for the limit to end, then `locus run --resume`"
        return TurnEnd(outcome="limit", reason=f"Claude's provider gives no more: {said}", hint=advice, resets_at=_time(resets_at))
    if error == "overloaded" or (isinstance(status, int) and status >= 500):
        return TurnEnd(outcome="busy", reason=f"Claude's provider has trouble: {said or status}")
    unknown = error == "model_not_found" or status == 404
    hint = "choose another model: `ai.model`, or `model` of the agent" if unknown else None
    return TurnEnd(outcome="failed", reason=said or f"Claude Code ended with {why.strip()}", hint=hint)


def failed(result: Mapping[str, Any]) -> bool:
    return bool(result.get("is_error")) or str(result.get("subtype")).startswith("error")


def without_result(code: int, errors: Sequence[str]) -> TurnEnd:
    """It has ended and not said how."""
    if any(_LOST in line for line in errors):
        return lost()
    what = f"was ended by signal {code - 128}" if code > 128 else f"exited with {code}"
    last = next((line.strip() for line in reversed(errors) if line.strip()), "")
    return TurnEnd(outcome="failed", reason=f"Claude Code {what} without a result" + (f": {last}" if last else ""), hint=_hint(last))


def no_credentials(said: str = "") -> TurnEnd:
    return TurnEnd(
        outcome="credentials", reason="Claude Code is not logged in, or its key is refused" + (f": {said}" if said else ""), hint=LOG_IN
    )


def interrupted() -> TurnEnd:
    return TurnEnd(outcome="cancelled", reason="it was interrupted")


def lost() -> TurnEnd:
    return TurnEnd(outcome="lost", reason="Claude Code does not have the session any more that was to go on")


def usage(result: Mapping[str, Any]) -> Usage | None:
    """Both figures are of the whole session, the turns in earlier processes too."""
    models = result.get("modelUsage")
    cost = result.get("total_cost_usd")
    if not isinstance(models, Mapping) or not models:
        return None
    parts = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    tokens = sum(int(each.get(part) or 0) for each in models.values() for part in parts)
    return Usage(tokens=tokens, cost_usd=float(cost) if isinstance(cost, int | float) else None)


def denied(denials: Sequence[Any], worktree: PurePath) -> tuple[str, ...]:
    known = filter(None, map(tools.mapping, denials))
    titles = [tools.title(str(each.get("tool_name")), tools.mapping(each.get("tool_input")), worktree) for each in known]
    return tuple(dict.fromkeys(titles))[:_DENIALS]


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _words(result: Mapping[str, Any]) -> str:
    said = result.get("result")
    if isinstance(said, str) and said.strip():
        return said.strip()
    errors = [error for error in tools.listed(result.get("errors")) if isinstance(error, str)]
    return "; ".join(error for error in errors if not error.startswith("[ede_diagnostic]"))


def _hint(last: str) -> str | None:
    if "root/sudo" in last:
        return "as root Claude Code does not work without permissions: choose `permissionMode` edits, or another user"
    return None
