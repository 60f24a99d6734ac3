"""Past cases about invented people, held in memory as a reference source."""

from __future__ import annotations

from collections.abc import Sequence

from agent.domain.reference import PrecedentMatch, PrecedentQuery, ProfileMatch
from agent.domain.taxonomy import PrecedentOutcome
from tests.contract.retrieval_examples import precedent

EACH = 2
"""Cases of each outcome that a query gets: retrieval shows equal numbers."""


class MemorySource:
    """Balanced past cases, other ones for each alert; ``asked`` keeps the queries."""

    notes: tuple[str, ...] = ("kept in memory",)

    def __init__(self, *, empty_for: Sequence[str] = ()) -> None:
        self.asked: list[PrecedentQuery] = []
        self._empty_for = set(empty_for)
        self._firsts: dict[str, int] = {}

    def find_profiles(self, names: Sequence[str], limit: int) -> list[ProfileMatch]:
        return []

    def detect_names(self, text: str) -> list[str]:
        return []

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        self.asked.append(query)
        alert_id = query.exclude_alert_id
        if alert_id in self._empty_for:
            return []
        first = self._firsts.setdefault(alert_id, 100 * len(self._firsts))
        outcomes = [outcome for outcome in PrecedentOutcome for _ in range(EACH)]
        return [
            PrecedentMatch(
                precedent=precedent(first + place, outcome), similarity=0.9 - place / 100, alike=("the offence",)
            )
            for place, outcome in enumerate(outcomes)
        ][:limit]

    def outcome_counts(self) -> dict[PrecedentOutcome, int]:
        return dict.fromkeys(PrecedentOutcome, 40)
