"""What an agent's work on one task has cost. Agents report it as a sum over their session, which may go on in a later turn."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class _Sum:
    tokens: int | None = None
    cost_usd: float | None = None

    def raised(self, tokens: int | None, cost_usd: float | None) -> None:
        """The same report may come twice, from the agent's stream and from the journal, and in any order."""
        if tokens is not None:
            self.tokens = max(self.tokens or 0, tokens)
        if cost_usd is not None:
            self.cost_usd = max(self.cost_usd or 0.0, cost_usd)


@dataclass
class Spending:
    sessions: dict[str, _Sum] = field(default_factory=dict)
    _told: dict[str, _Sum] = field(default_factory=dict)
    """Per session what its turns so far have come to."""
    _of_turn: dict[int, str] = field(default_factory=dict)

    @property
    def tokens(self) -> int | None:
        known = [each.tokens for each in self.sessions.values() if each.tokens is not None]
        return sum(known) if known else None

    @property
    def cost_usd(self) -> float | None:
        known = [each.cost_usd for each in self.sessions.values() if each.cost_usd is not None]
        return sum(known) if known else None

    def begins(self, session: str | None, turn: int) -> None:
        """A session without a name is one turn's."""
        self._of_turn[turn] = session or f"turn {turn}"

    def reported(self, turn: int, tokens: int | None, cost_usd: float | None) -> None:
        self._sum(turn).raised(tokens, cost_usd)

    def ended(self, session: str | None, turn: int, tokens: int | None, cost_usd: float | None) -> tuple[int | None, float | None]:
        """What this turn alone has come to; `tokens` and `cost_usd` are sums over its session."""
        self.begins(session, turn)
        self._sum(turn).raised(tokens, cost_usd)
        before = self._told.setdefault(self._of_turn[turn], _Sum())
        own = (
            None if tokens is None else max(0, tokens - (before.tokens or 0)),
            None if cost_usd is None else max(0.0, cost_usd - (before.cost_usd or 0.0)),
        )
        before.raised(tokens, cost_usd)
        return own

    def of_turn(self, turn: int) -> tuple[int | None, float | None]:
        """The sum over the session of this turn, as last reported."""
        found = self.sessions.get(self._of_turn.get(turn, f"turn {turn}"))
        return (found.tokens, found.cost_usd) if found is not None else (None, None)

    def of_session(self, session: str | None) -> float:
        """US dollars, as last reported."""
        found = self.sessions.get(session) if session is not None else None
        return (found.cost_usd or 0.0) if found is not None else 0.0

    def _sum(self, turn: int) -> _Sum:
        return self.sessions.setdefault(self._of_turn.get(turn, f"turn {turn}"), _Sum())
