"""A reference source in memory: the profiles of a test, compared as the index compares them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.domain.reference import PrecedentMatch, PrecedentQuery, Profile, ProfileMatch
from agent.domain.taxonomy import PrecedentOutcome
from retrieval.names.matches import match_profile, take_turns


class KnownPeople:
    """Finds profiles by name; ``fails`` maps the name of a method to the error it raises instead of answering."""

    def __init__(
        self,
        profiles: Iterable[Profile] = (),
        *,
        counts: dict[PrecedentOutcome, int] | None = None,
        fails: dict[str, Exception] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.notes = tuple(notes)
        self.asked: list[str] = []
        self._profiles = tuple(profiles)
        self._counts = counts or {}
        self._fails = fails or {}

    def find_profiles(self, names: Sequence[str], limit: int) -> list[ProfileMatch]:
        self._answer("find_profiles")
        self.asked += names
        met = [[match for one in self._profiles if (match := match_profile(name, one))] for name in names]
        return take_turns([sorted(found, key=lambda match: (-match.score, match.weak)) for found in met])[:limit]

    def detect_names(self, text: str) -> list[str]:
        self._answer("detect_names")
        names = [name for one in self._profiles for name in (one.name, *one.aliases)]
        return sorted({name for name in names if name in text}, key=text.index)

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        self._answer("find_precedents")
        return []

    def outcome_counts(self) -> dict[PrecedentOutcome, int]:
        self._answer("outcome_counts")
        return self._counts

    def _answer(self, method: str) -> None:
        if method in self._fails:
            raise self._fails[method]
