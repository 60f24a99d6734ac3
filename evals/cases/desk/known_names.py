"""Which words of a name tell whose it is: no particle, legal form or country, nor what firms and courts are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.taxonomy import PartyKind
from agent.reading.places import find_countries
from evals.cases.desk.name_forms import (
    LEGAL_FORMS,
    PARTICLES,
    PUBLIC_BODIES,
    PUBLIC_WORDS,
    SHORTEST_STEM,
    Word,
    is_common,
)


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name to be replaced, as somebody wrote it."""

    text: str
    kind: PartyKind = PartyKind.UNKNOWN


def choose_words(words: Sequence[Word], name: KnownName, ordinary: frozenset[str]) -> dict[int, bool]:
    """Which words of a name are replaced: index → whether only where a name is known to stand."""
    countries = [(start, end) for start, end, _ in find_countries(name.text)]
    plain = [word.text.casefold() for word in words]
    distinctive: dict[int, bool] = {}
    for index, word in enumerate(words):
        if len(word.key) < 2 or plain[index] in PARTICLES | LEGAL_FORMS or plain[index] in PUBLIC_BODIES:
            continue
        country = any(start <= word.start and word.end <= end for start, end in countries)
        distinctive[index] = country or len(word.key) < SHORTEST_STEM or is_common(word.text)
        if name.kind is PartyKind.ORGANISATION and plain[index] in ordinary:
            distinctive[index] = True
    strong: dict[int, bool] = {index: weak for index, weak in distinctive.items() if not weak}
    if name.kind is PartyKind.ORGANISATION or _is_public(plain, countries):
        if strong:
            return strong
        if _is_public(plain, countries) or len(words) < 2:
            return {}
        return dict(list(distinctive.items())[:1])
    return distinctive


def _is_public(plain: Sequence[str], countries: Sequence[tuple[int, int]]) -> bool:
    """Whether a name is made of what courts, ministries and countries are called."""
    return any(word in PUBLIC_WORDS or word in PUBLIC_BODIES for word in plain) or (len(plain) == 1 and bool(countries))
