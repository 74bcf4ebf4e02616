"""How a turn of Codex has ended, as people need to know it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from locus.model.agent import Retry, TurnEnd

LOGIN: Final = (
    "run `codex login`, or `codex login --with-api-key` with a key of OpenAI's on stdin; "
    "for another model provider, mend the variable that its `env_key` names"
)
_FULL: Final = 100  # per cent
_BUSY: Final = ("rateLimitExceeded", "serverOverloaded", "internalServerError", "flexUnavailable")
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")
_LOGGED: Final = re.compile(r"\S+Z\s+(?:ERROR|WARN)\s+[\w:]+:\s+")


def of_turn(
    turn: Mapping[str, Any], *, interrupted: bool, denials: Sequence[str], summary: str | None, limits: Mapping[str, Any], now: datetime
) -> TurnEnd:
    """`limits`: what is known of the account's; `now` is local time, as Codex speaks of it."""
    status = turn.get("status")
    if interrupted or status == "interrupted":
        return TurnEnd(outcome="cancelled", reason="it was interrupted", summary=summary, denials=tuple(denials))
    if status == "completed":
        return TurnEnd(outcome="denied" if denials else "ok", summary=summary, denials=tuple(denials))
    return _failed(turn.get("error") or {}, limits, now).model_copy(update={"denials": tuple(denials), "summary": summary})


def no_credentials(error: Mapping[str, Any]) -> TurnEnd:
    return TurnEnd(outcome="credentials", reason=f"the model's provider does not accept the login: {_words(error)}", hint=LOGIN)


def wants_login(error: Mapping[str, Any]) -> bool:
    return error.get("codexErrorInfo") == "unauthorized" or status_of(error) == 401


def retry(error: Mapping[str, Any]) -> Retry:
    """Codex counts in its words: `Reconnecting... 2/5`."""
    count = re.search(r"(\d+)/\d+", str(error.get("message")))
    return Retry(attempt=int(count[1]) if count else 1, status=status_of(error))


def status_of(error: Mapping[str, Any]) -> int | None:
    """The HTTP status behind an error, where it names one."""
    info = error.get("codexErrorInfo")
    for detail in info.values() if isinstance(info, Mapping) else ():
        if isinstance(detail, Mapping) and isinstance(status := detail.get("httpStatusCode"), int):
            return status
    found = re.search(r"status:? (\d{3})\b", _words(error))
    return int(found[1]) if found else None


def without_result(code: int, errors: Sequence[str]) -> TurnEnd:
    what = f"was ended by signal {code - 128}" if code > 128 else f"exited with {code}"
    words = [line for line in map(plain, errors) if line]
    starts = [number for number, line in enumerate(words) if line.startswith("Error:")]
    last = " ".join(words[starts[-1] if starts else -1 :])
    return TurnEnd(outcome="failed", reason=f"Codex {what} in the middle of its turn" + (f": {last}" if last else ""))


def plain(line: str) -> str:
    """A line of Codex' stderr without its colours, and a log's line without time and place."""
    return _LOGGED.sub("", _ANSI.sub("", line)).strip()


def _failed(error: Mapping[str, Any], limits: Mapping[str, Any], now: datetime) -> TurnEnd:
    info, words = error.get("codexErrorInfo"), _words(error)
    if wants_login(error):
        return no_credentials(error)
    if words.startswith("Missing environment variable"):
        return TurnEnd(outcome="credentials", reason=words, hint=LOGIN)
    status = status_of(error)
    resets_at = _resets_at(words, limits, now)
    if info in ("usageLimitExceeded", "sessionBudgetExceeded") or (resets_at and (info == "rateLimitExceeded" or status == 429)):
        return TurnEnd(outcome="limit", reason=words, resets_at=resets_at)
    if info in _BUSY or (status is not None and (status == 429 or status >= 500)):
        return TurnEnd(outcome="busy", reason=words)
    hint = {
        "contextWindowExceeded": "split the issue, or run it again from the start",
        "modelNotFound": "choose another model in `ai.model`, or remove it for Codex' own choice",
    }.get(str(info))
    return TurnEnd(outcome="failed", reason=words, hint=hint)


def _words(error: Mapping[str, Any]) -> str:
    """What the error says; some providers' answers come as they are, in JSON."""
    words = str(error.get("additionalDetails") or error.get("message") or "Codex does not say why")
    words = re.sub(r", url: \S+", "", words)
    try:
        body = json.loads(words)
    except ValueError:
        return words
    inner = body.get("error", body) if isinstance(body, dict) else None
    return str(inner["message"]) if isinstance(inner, dict) and inner.get("message") else words


def _resets_at(words: str, limits: Mapping[str, Any], now: datetime) -> str | None:
    """When the last of the account's full windows is over; else the time that the words name."""
    windows = [limits.get("primary"), limits.get("secondary")]
    ends = [
        window["resetsAt"]
        for window in windows
        if isinstance(window, Mapping) and isinstance(window.get("resetsAt"), int) and window.get("usedPercent", 0) >= _FULL
    ]
    when = datetime.fromtimestamp(max(ends), UTC) if ends else _named(words, now)
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if when else None


def _named(words: str, now: datetime) -> datetime | None:
    """`try again at 10:46 PM.`, and with a date where that is not today: `Nov 26th, 2026 10:46 PM`. Local time, to the minute."""
    found = re.search(r"try again at (?:([A-Z][a-z]{2} \d{1,2})(?:st|nd|rd|th), (\d{4}) )?(\d{1,2}:\d{2} [AP]M)", words)
    if found is None:
        return None
    day = datetime.strptime(f"{found[1]} {found[2]}", "%b %d %Y") if found[1] else now
    time = datetime.strptime(found[3], "%I:%M %p")
    when = now.replace(year=day.year, month=day.month, day=day.day, hour=time.hour, minute=time.minute, second=0, microsecond=0)
    return when + timedelta(minutes=1)  # the minute that is named has not begun to count seconds
