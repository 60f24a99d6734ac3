"""What is known of one identity: the alert's subject, one profile, or the subject completed by one profile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.domain.alert import Subject
from agent.domain.reference import Profile, ProfileMatch
from agent.domain.taxonomy import PartyKind
from agent.triage.names import similar_words


@dataclass(frozen=True, slots=True)
class Known:
    """One identity, and never two people's attributes in one."""

    names: tuple[str, ...]
    weak_names: tuple[str, ...] = ()
    kind: PartyKind = PartyKind.UNKNOWN
    birth: str | None = None
    death: str | None = None
    nationalities: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    occupations: tuple[str, ...] = ()
    employers: tuple[str, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    """Kind of number and number, as given."""


def know_subject(subject: Subject) -> Known:
    """The subject as the alert has it."""
    return Known(
        names=_distinct((subject.name, *subject.aliases)),
        kind=subject.kind,
        birth=subject.birth_date,
        nationalities=frozenset(subject.nationalities),
        countries=frozenset(subject.countries),
        occupations=_distinct([subject.occupation]),
        employers=_distinct([subject.employer]),
        identifiers=tuple(subject.identifiers.items()),
    )


def know_profile(profile: Profile, names: Iterable[str] = (), weak_names: Iterable[str] = ()) -> Known:
    """A profile under its main name and those of its other names that were met."""
    strong = _distinct((profile.name, *names))
    return Known(
        names=strong,
        weak_names=tuple(name for name in _distinct(weak_names) if name not in strong),
        kind=profile.kind,
        birth=profile.birth_date,
        death=profile.death_date,
        nationalities=frozenset(profile.nationalities),
        countries=frozenset(profile.countries),
        occupations=profile.positions,
        employers=_distinct([profile.employer]),
        identifiers=tuple(profile.identifiers.items()),
    )


def know_match(match: ProfileMatch) -> Known:
    """The profile of a match under its main name and the one that was met."""
    met = [match.matched_name]
    return know_profile(match.profile, [] if match.weak else met, met if match.weak else [])


def complete(subject: Known, profile: Known) -> Known:
    """The subject completed by one profile that does not contradict it."""
    births = [birth for birth in (subject.birth, profile.birth) if birth]
    return Known(
        names=_distinct((*subject.names, *profile.names)),
        weak_names=profile.weak_names,
        kind=subject.kind if subject.kind is not PartyKind.UNKNOWN else profile.kind,
        birth=max(births, key=len) if births else None,
        death=profile.death,
        nationalities=subject.nationalities | profile.nationalities,
        countries=subject.countries | profile.countries,
        occupations=_distinct((*subject.occupations, *profile.occupations)),
        employers=_distinct((*subject.employers, *profile.employers)),
        identifiers=(*subject.identifiers, *profile.identifiers),
    )


def contradict(left: Known, right: Known) -> bool:
    """Whether two identities cannot be one: birth, sort of party, or nationality; what one lacks says nothing."""
    kinds = {left.kind, right.kind}
    return (
        bool(left.birth and right.birth and not dates_agree(left.birth, right.birth))
        or kinds == {PartyKind.PERSON, PartyKind.ORGANISATION}
        or bool(left.nationalities and right.nationalities and not left.nationalities & right.nationalities)
    )


def tied(left: Known, right: Known) -> bool:
    """Whether anything beside the name speaks for two identities being one."""
    numbers = [{plain_number(value) for _, value in known.identifiers} for known in (left, right)]
    return (
        bool(left.birth and right.birth and dates_agree(left.birth, right.birth))
        or bool(numbers[0] & numbers[1])
        or bool(left.nationalities & right.nationalities)
        or bool(left.countries & right.countries)
        or any(similar_words(one, other) for one in left.employers for other in right.employers)
        or any(similar_words(one, other) for one in left.occupations for other in right.occupations)
    )


def dates_agree(left: str, right: str) -> bool:
    """Whether two partial ISO dates agree as far as both go."""
    shorter, longer = sorted((left, right), key=len)
    return longer.startswith(shorter)


def plain_number(value: str) -> str:
    """A number of a document as it is compared: letters and digits."""
    return re.sub(r"\W", "", value).casefold()


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
