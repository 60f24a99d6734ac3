"""Whether the article's party is the alert's subject, attribute by attribute. An unknown never counts for a match.

What is given is the subject as the alert has it, completed by profiles of the same name that do not contradict it;
what is stated is what the article says of the party. Rules, strongest first:

- No subject and no profile of the name: ``unknown_subject``. A text that could not be read: ``cannot_assess``.
- The subject's name is not in the article, or is another name: ``mismatch``.
- A name that two people of the article share, or profiles that contradict each other: at most ``possible``.
- Birth date or year contradict: ``mismatch``, or ``possible`` when it is near or another strong attribute agrees.
- Name and an identifier or the full birth date: ``confirmed``.
- Name and one strong attribute (birth year, age, employer), or two others: ``probable``; nationality or country
  contradict: ``possible``. The name alone: ``possible``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rapidfuzz import fuzz

from agent.domain.alert import Subject
from agent.domain.reading import ReadParty
from agent.domain.reference import ProfileMatch
from agent.domain.summary import Identity, IdentityFeature
from agent.domain.taxonomy import FeatureName, FeatureVerdict, IdentityVerdict
from agent.reading.places import country_codes
from agent.triage.names import compare_names, name_tokens

_SAME_WORDS: Final = 90.0
"""Similarity (rapidfuzz, 0 to 100) from which two occupations or employers count as the same."""
_NEAR_YEARS: Final = 2
"""Birth years this close may be a slip of the pen: possible, not a mismatch."""
_BIRTH: Final = frozenset({FeatureName.BIRTH_DATE, FeatureName.BIRTH_YEAR, FeatureName.AGE})
_STRONG: Final = _BIRTH | {FeatureName.EMPLOYER, FeatureName.IDENTIFIER}
_PHRASE: Final = 200
_MOST_FEATURES: Final = 20
_SAME, _VARIANT = FeatureVerdict.SAME, FeatureVerdict.VARIANT
_CONFLICT, _UNKNOWN = FeatureVerdict.CONFLICT, FeatureVerdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Given:
    """What the bank knows of the subject: each distinct value once."""

    names: tuple[str, ...]
    births: tuple[str, ...]
    nationalities: frozenset[str]
    countries: frozenset[str]
    occupations: tuple[str, ...]
    employers: tuple[str, ...]
    identifiers: tuple[str, ...]


def compare_identity(
    subject: Subject | None,
    reading_party: ReadParty | None,
    profiles: Sequence[ProfileMatch] = (),
    as_of: date | None = None,
    ambiguous_names: Sequence[str] = (),
    *,
    readable: bool = True,
) -> Identity:
    """Compare the alert's subject with the article's party.

    ``as_of`` is the article's date: a stated age means nothing without it. ``ambiguous_names`` are names that two
    people of the article share. ``readable`` is the reading's: without it nothing can be compared.
    """
    if not readable:
        return Identity(verdict=IdentityVerdict.CANNOT_ASSESS)
    if reading_party is None:
        if subject is None:
            return Identity(verdict=IdentityVerdict.UNKNOWN_SUBJECT)
        absent = IdentityFeature(name=FeatureName.NAME, given=subject.name[:_PHRASE], verdict=_CONFLICT)
        return Identity(verdict=IdentityVerdict.MISMATCH, features=(absent,))
    stated_names = (reading_party.name, *reading_party.aliases)
    given = _collect_given(subject, profiles, stated_names)
    if given is None:
        return Identity(verdict=IdentityVerdict.UNKNOWN_SUBJECT)
    features = (
        _compare_name(given, stated_names),
        *_compare_births(given, reading_party, as_of),
        *_compare_places(given, reading_party),
        *_compare_words(FeatureName.OCCUPATION, given.occupations, reading_party),
        *_compare_words(FeatureName.EMPLOYER, given.employers, reading_party),
        *_compare_identifiers(given, reading_party),
    )[:_MOST_FEATURES]
    shared = any(compare_names([name], [*stated_names, *given.names]) is _SAME for name in ambiguous_names)
    unclear = shared or _births_contradict(given.births)
    return Identity(verdict=_judge(features, unclear, _years_apart(given, reading_party, as_of)), features=features)


def _collect_given(
    subject: Subject | None, profiles: Sequence[ProfileMatch], stated_names: Sequence[str]
) -> _Given | None:
    wanted = (subject.name, *subject.aliases) if subject else tuple(stated_names)
    birth = subject.birth_date if subject else None
    known = [
        match.profile
        for match in profiles
        if compare_names(wanted, (match.profile.name, *match.profile.aliases)) in (_SAME, _VARIANT)
        and not (birth and match.profile.birth_date and birth[:4] != match.profile.birth_date[:4])
    ]
    if subject is None and not known:
        return None
    return _Given(
        names=_distinct([subject.name, *subject.aliases] if subject else [], *((p.name, *p.aliases) for p in known)),
        births=_distinct([birth] if birth else [p.birth_date for p in known if p.birth_date]),
        nationalities=frozenset(subject.nationalities if subject else ()).union(*(p.nationalities for p in known)),
        countries=frozenset(subject.countries if subject else ()).union(*(p.countries for p in known)),
        occupations=_distinct([subject.occupation] if subject else [], *(p.positions for p in known)),
        employers=_distinct([subject.employer] if subject else [], [p.employer for p in known]),
        identifiers=_distinct(
            subject.identifiers.values() if subject else [], *(p.identifiers.values() for p in known)
        ),
    )


def _distinct(*groups: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for group in groups for value in group if value))


def _stated(party: ReadParty, name: FeatureName) -> list[str]:
    return list(dict.fromkeys(part.value for part in party.attributes if part.name is name))


def _feature(name: FeatureName, given: str | None, stated: str | None, verdict: FeatureVerdict) -> IdentityFeature:
    return IdentityFeature(
        name=name,
        given=given[:_PHRASE] if given else None,
        stated=stated[:_PHRASE] if stated else None,
        verdict=verdict,
    )


def _compare_name(given: _Given, stated: Sequence[str]) -> IdentityFeature:
    return _feature(FeatureName.NAME, given.names[0], stated[0], compare_names(given.names, stated))


def _compare_births(given: _Given, party: ReadParty, as_of: date | None) -> list[IdentityFeature]:
    features: list[IdentityFeature] = []
    for birth in given.births:
        before = len(features)
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
        if len(features) == before:
            features.append(_feature(FeatureName.BIRTH_DATE, birth, None, _UNKNOWN))
    return features


def _compare_dates(given: str, stated: str) -> FeatureVerdict:
    """Partial ISO dates agree as far as both go; a stated date in words is read for its year alone."""
    match = re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", stated)
    if match is None:
        year = _year_in(stated)
        return _UNKNOWN if year is None else _VARIANT if year == int(given[:4]) else _CONFLICT
    shorter, longer = sorted((given, stated), key=len)
    if not longer.startswith(shorter):
        return _CONFLICT
    return _SAME if len(shorter) == len("1970-01-01") else _VARIANT


def _year_in(text: str) -> int | None:
    years = re.findall(r"(?<!\d)(?:18|19|20)\d\d(?!\d)", text)
    return int(years[0]) if len(set(years)) == 1 else None


def _age_apart(birth: str, stated: str, as_of: date | None) -> int | None:
    """Years between the stated age and the one the birth year gives: 0 and 1 both fit, the birthday is not known."""
    ages = re.findall(r"(?<!\d)\d{1,3}(?!\d)", stated)
    if as_of is None or len(ages) != 1:
        return None
    return abs(as_of.year - int(birth[:4]) - int(ages[0]))


def _years_apart(given: _Given, party: ReadParty, as_of: date | None) -> int:
    """The widest gap between given and stated birth years; 0 when nothing is stated."""
    gaps = [0]
    for birth in given.births:
        stated = [*_stated(party, FeatureName.BIRTH_DATE), *_stated(party, FeatureName.BIRTH_YEAR)]
        gaps += [abs(year - int(birth[:4])) for text in stated if (year := _year_in(text)) is not None]
        ages = [_age_apart(birth, text, as_of) for text in _stated(party, FeatureName.AGE)]
        gaps += [apart for apart in ages if apart is not None]
    return max(gaps)


def _births_contradict(births: Sequence[str]) -> bool:
    return len({birth[:4] for birth in births}) > 1


def _compare_places(given: _Given, party: ReadParty) -> list[IdentityFeature]:
    features = []
    for name, codes in ((FeatureName.NATIONALITY, given.nationalities), (FeatureName.COUNTRY, given.countries)):
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
    pairs = [
        (known, text)
        for known in given
        for text in stated
        if fuzz.token_set_ratio(" ".join(name_tokens(known)), " ".join(name_tokens(text))) >= _SAME_WORDS
    ]
    if pairs:
        return [_feature(name, *pairs[0], _SAME)]
    if given or stated:
        return [_feature(name, given[0] if given else None, stated[0] if stated else None, _UNKNOWN)]
    return []


def _compare_identifiers(given: _Given, party: ReadParty) -> list[IdentityFeature]:
    known = {re.sub(r"\W", "", value).casefold(): value for value in given.identifiers}
    features = []
    for stated in _stated(party, FeatureName.IDENTIFIER):
        match = known.get(re.sub(r"\W", "", stated).casefold())
        features.append(_feature(FeatureName.IDENTIFIER, match, stated, _SAME if match else _UNKNOWN))
    return features


def _judge(features: Sequence[IdentityFeature], unclear: bool, years_apart: int) -> IdentityVerdict:
    verdicts = {(feature.name, feature.verdict) for feature in features}
    if (FeatureName.NAME, _CONFLICT) in verdicts:
        return IdentityVerdict.MISMATCH
    strong = [f for f in features if f.name in _STRONG and f.verdict in (_SAME, _VARIANT)]
    weak = [f for f in features if f.name not in _STRONG | {FeatureName.NAME} and f.verdict is _SAME]
    if any((name, _CONFLICT) in verdicts for name in _BIRTH):
        near = years_apart <= _NEAR_YEARS
        return IdentityVerdict.POSSIBLE if unclear or near or strong else IdentityVerdict.MISMATCH
    named = (FeatureName.NAME, _UNKNOWN) not in verdicts
    if unclear or not named:
        return IdentityVerdict.POSSIBLE
    if {(FeatureName.IDENTIFIER, _SAME), (FeatureName.BIRTH_DATE, _SAME)} & verdicts:
        return IdentityVerdict.CONFIRMED
    elsewhere = {(FeatureName.NATIONALITY, _CONFLICT), (FeatureName.COUNTRY, _CONFLICT)} & verdicts
    if (strong or len(weak) > 1) and not elsewhere:
        return IdentityVerdict.PROBABLE
    return IdentityVerdict.POSSIBLE
