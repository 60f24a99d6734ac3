"""One known identity held against what the article states of a party, attribute by attribute. Unknown is no match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agent.domain.reading import ReadParty
from agent.domain.summary import IdentityFeature
from agent.domain.taxonomy import FeatureName, FeatureVerdict, PartyKind
from agent.reading.places import country_codes
from agent.triage.known import Known, dates_agree, plain_number
from agent.triage.names import compare_best, kind_of, names_meet, similar_words
from retrieval.names.comparison import NameComparison

_PHRASE: Final = 200
_MOST_FEATURES: Final = 20
_SAME, _VARIANT = FeatureVerdict.SAME, FeatureVerdict.VARIANT
_CONFLICT, _UNKNOWN = FeatureVerdict.CONFLICT, FeatureVerdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Held:
    """The outcome of holding one identity against a party."""

    features: tuple[IdentityFeature, ...]
    name: NameComparison
    weak: bool
    """Whether the names meet only through a weak alias."""
    years_apart: int
    """The widest gap between known and stated birth years; 0 when either is not there."""
    kinds_differ: bool
    """A person against an organisation."""
    dead_before: str | None
    """The known date of death, where what the article tells of the party came after it."""


def hold_against(known: Known, party: ReadParty, as_of: date | None, told_of: str | None = None) -> Held:
    """Compare an identity with a party, whose names must be the article's own.

    ``as_of`` is the article's date: a stated age means nothing without it. ``told_of`` is the (partial) date from
    which on the article tells of the party, for a known date of death.
    """
    stated_names = (party.name, *party.aliases)
    kind = kind_of(known.kind, party.kind)
    name = compare_best(known.names, stated_names, kind)
    weak = False
    if not names_meet(name) and known.weak_names:
        by_weak = compare_best(known.weak_names, stated_names, kind)
        if names_meet(by_weak):
            name, weak = by_weak, True
    features = (
        _feature(FeatureName.NAME, known.names[0], party.name, _VARIANT if weak else name.verdict),
        *_compare_births(known.birth, party, as_of),
        *_compare_places(known, party),
        *_compare_words(FeatureName.OCCUPATION, known.occupations, party),
        *_compare_words(FeatureName.EMPLOYER, known.employers, party),
        *_compare_identifiers(known, party),
    )
    return Held(
        features=features[:_MOST_FEATURES],
        name=name,
        weak=weak,
        years_apart=_years_apart(known.birth, party, as_of),
        kinds_differ={known.kind, party.kind} == {PartyKind.PERSON, PartyKind.ORGANISATION},
        dead_before=known.death if known.death and told_of and _later(told_of, known.death) else None,
    )


def _stated(party: ReadParty, name: FeatureName) -> list[str]:
    return list(dict.fromkeys(part.value for part in party.attributes if part.name is name))


def _feature(name: FeatureName, given: str | None, stated: str | None, verdict: FeatureVerdict) -> IdentityFeature:
    return IdentityFeature(
        name=name,
        given=given[:_PHRASE] if given else None,
        stated=stated[:_PHRASE] if stated else None,
        verdict=verdict,
    )


def _compare_births(birth: str | None, party: ReadParty, as_of: date | None) -> list[IdentityFeature]:
    if birth is None:
        return []
    features: list[IdentityFeature] = []
    for stated in _stated(party, FeatureName.BIRTH_DATE):
        features.append(_feature(FeatureName.BIRTH_DATE, birth, stated, _compare_dates(birth, stated)))
    for stated in _stated(party, FeatureName.BIRTH_YEAR):
        year = _year_in(stated)
        verdict = _UNKNOWN if year is None else _SAME if year == int(birth[:4]) else _CONFLICT
        features.append(_feature(FeatureName.BIRTH_YEAR, birth[:4], stated, verdict))
    for stated in _stated(party, FeatureName.AGE):
        apart = _age_apart(birth, stated, as_of)
        verdict = _UNKNOWN if apart is None else _SAME if apart <= 1 else _CONFLICT
        features.append(_feature(FeatureName.BIRTH_YEAR, birth[:4], stated, verdict))
    return features or [_feature(FeatureName.BIRTH_DATE, birth, None, _UNKNOWN)]


def _compare_dates(given: str, stated: str) -> FeatureVerdict:
    """Partial ISO dates agree as far as both go; a stated date in words is read for its year alone."""
    if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", stated) is None:
        year = _year_in(stated)
        return _UNKNOWN if year is None else _VARIANT if year == int(given[:4]) else _CONFLICT
    if not dates_agree(given, stated):
        return _CONFLICT
    return _SAME if min(len(given), len(stated)) == len("1970-01-01") else _VARIANT


def _later(one: str, other: str) -> bool:
    """Whether a partial ISO date is after another as far as both go."""
    shared = min(len(one), len(other))
    return one[:shared] > other[:shared]


def _year_in(text: str) -> int | None:
    years = re.findall(r"(?<!\d)(?:18|19|20)\d\d(?!\d)", text)
    return int(years[0]) if len(set(years)) == 1 else None


def _age_apart(birth: str, stated: str, as_of: date | None) -> int | None:
    """Years between the stated age and the one the birth year gives: 0 and 1 both fit, the birthday is not known."""
    ages = re.findall(r"(?<!\d)\d{1,3}(?!\d)", stated)
    if as_of is None or len(ages) != 1:
        return None
    return abs(as_of.year - int(birth[:4]) - int(ages[0]))


def _years_apart(birth: str | None, party: ReadParty, as_of: date | None) -> int:
    if birth is None:
        return 0
    stated = [*_stated(party, FeatureName.BIRTH_DATE), *_stated(party, FeatureName.BIRTH_YEAR)]
    gaps = [abs(year - int(birth[:4])) for text in stated if (year := _year_in(text)) is not None]
    ages = [_age_apart(birth, text, as_of) for text in _stated(party, FeatureName.AGE)]
    return max([0, *gaps, *(apart for apart in ages if apart is not None)])


def _compare_places(known: Known, party: ReadParty) -> list[IdentityFeature]:
    features = []
    for name, codes in ((FeatureName.NATIONALITY, known.nationalities), (FeatureName.COUNTRY, known.countries)):
        shown = ", ".join(sorted(codes)) or None
        stated = _stated(party, name)
        found = {code for text in stated for code in _codes_of(text)}
        verdict = _UNKNOWN if not codes or not found else _SAME if codes & found else _CONFLICT
        if shown or stated:
            features.append(_feature(name, shown, ", ".join(stated) or None, verdict))
    return features


def _codes_of(text: str) -> frozenset[str]:
    if re.fullmatch(r"[A-Z]{2}", text):
        return frozenset({text})
    return country_codes(text[:1].upper() + text[1:]) or frozenset().union(
        *(country_codes(text, language) for language in ("es", "fr", "de", "pt", "ru"))
    )


def _compare_words(name: FeatureName, given: Sequence[str], party: ReadParty) -> list[IdentityFeature]:
    """Occupations and employers: people have several, so another one is unknown, never a contradiction."""
    stated = _stated(party, name)
    pairs = [(known, text) for known in given for text in stated if similar_words(known, text)]
    if pairs:
        return [_feature(name, *pairs[0], _SAME)]
    if given or stated:
        return [_feature(name, given[0] if given else None, stated[0] if stated else None, _UNKNOWN)]
    return []


def _compare_identifiers(known: Known, party: ReadParty) -> list[IdentityFeature]:
    numbers = {plain_number(value): value for _, value in known.identifiers}
    features = []
    for stated in _stated(party, FeatureName.IDENTIFIER):
        match = numbers.get(plain_number(stated))
        features.append(_feature(FeatureName.IDENTIFIER, match, stated, _SAME if match else _UNKNOWN))
    return features
