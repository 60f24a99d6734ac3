"""Whether the article's party is the alert's subject, attribute by attribute. An unknown never counts for a match.

The subject is held against the party as the alert has it, and once more completed by each profile that bears its name
and does not contradict it: by one at a time, so that two people's attributes never meet in one. Rules, strongest first:

- No subject, and no profile of the name that fits: ``unknown_subject``. A text that nobody read: ``cannot_assess``.
- The subject's name is not in the article, or is another name: ``mismatch``.
- At most ``possible``: a name that two people of the article share or that only a weak alias meets, a person against an
  organisation, somebody who died before what is told, profiles of the name that contradict each other.
- Birth date or year contradict: ``mismatch``, or ``possible`` when it is near or another strong attribute agrees. Where
  only a profile's birth contradicts, it adds nothing else, and it is a ``mismatch`` only when it is the one profile of
  the name and something beside the name ties it to the subject.
- Name and an identifier or the full birth date: ``confirmed``; with no more of the name than initials or the surname:
  ``probable``, and ``possible`` without them.
- Name and one strong attribute (birth year, age, employer), or two others: ``probable``; nationality or country
  contradict: ``possible``. The name alone: ``possible``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agent.domain.alert import Subject
from agent.domain.reading import Reading, ReadParty
from agent.domain.reference import ProfileMatch
from agent.domain.summary import Identity, IdentityFeature
from agent.domain.taxonomy import CounterEvidenceKind, FeatureName, FeatureVerdict, IdentityVerdict
from agent.triage.attributes import Held, hold_against
from agent.triage.known import Known, complete, contradict, dates_agree, know_profile, know_subject, tied
from agent.triage.names import compare_best, compare_names, kind_of, names_meet

_NEAR_YEARS: Final = 2
"""Birth years this close may be a slip of the pen: possible, not a mismatch."""
_BIRTH: Final = frozenset({FeatureName.BIRTH_DATE, FeatureName.BIRTH_YEAR, FeatureName.AGE})
_STRONG: Final = _BIRTH | {FeatureName.EMPLOYER, FeatureName.IDENTIFIER}
_MOST_FEATURES: Final = 20
_SAME, _VARIANT = FeatureVerdict.SAME, FeatureVerdict.VARIANT
_CONFLICT, _UNKNOWN = FeatureVerdict.CONFLICT, FeatureVerdict.UNKNOWN
_CEILING: Final = IdentityVerdict.POSSIBLE
VERDICTS_RISING: Final = (
    IdentityVerdict.MISMATCH,
    IdentityVerdict.UNKNOWN_SUBJECT,
    IdentityVerdict.CANNOT_ASSESS,
    IdentityVerdict.POSSIBLE,
    IdentityVerdict.PROBABLE,
    IdentityVerdict.CONFIRMED,
)
"""From what speaks least for one identity to what speaks most."""


@dataclass(frozen=True, slots=True)
class _View:
    """One way to know the subject, held against the party."""

    known: Known
    held: Held
    verdict: IdentityVerdict

    @property
    def rank(self) -> tuple[int, int]:
        return VERDICTS_RISING.index(self.verdict), len(self.held.features)


def compare_identity(
    subject: Subject | None,
    party: ReadParty | None,
    profiles: Sequence[ProfileMatch] = (),
    as_of: date | None = None,
    ambiguous_names: Sequence[str] = (),
    *,
    readable: bool = True,
    told_of: str | None = None,
) -> Identity:
    """Compare the alert's subject with the article's party, whose names must be the article's own.

    ``as_of`` is the article's date: a stated age means nothing without it. ``ambiguous_names`` are names that two
    people of the article share. ``readable`` is the reading's: without it nothing can be compared. ``told_of`` is the
    (partial) date from which on the article tells of the party.
    """
    if not readable:
        return Identity(verdict=IdentityVerdict.CANNOT_ASSESS)
    if party is None:
        if subject is None:
            return Identity(verdict=IdentityVerdict.UNKNOWN_SUBJECT)
        absent = IdentityFeature(name=FeatureName.NAME, given=subject.name[:200], verdict=_CONFLICT)
        return Identity(verdict=IdentityVerdict.MISMATCH, features=(absent,))
    known = know_profiles(profiles)

    def view(one: Known) -> _View:
        held = hold_against(one, party, as_of, told_of)
        return _View(one, held, judge(held, unclear=shares_name((*one.names, party.name), ambiguous_names)))

    if subject is None:
        return _identify_unnamed([view(one) for one in known])
    own = know_subject(subject)
    bearers = [one for one in known if bears_name(one, own.names) and not contradict(own, one)]
    return _identify_subject(view(own), [(one, view(complete(own, one))) for one in bearers])


def know_profiles(matches: Iterable[ProfileMatch]) -> list[Known]:
    """Each matched profile once, under all of its names that were met, in the order given."""
    grouped: dict[str, list[ProfileMatch]] = {}
    for match in matches:
        grouped.setdefault(match.profile.profile_id, []).append(match)
    return [
        know_profile(
            group[0].profile,
            [match.matched_name for match in group if not match.weak],
            [match.matched_name for match in group if match.weak],
        )
        for group in grouped.values()
    ]


def bears_name(known: Known, names: Sequence[str]) -> bool:
    """Whether an identity bears one of the names; a weak alias, an initial and a bare surname do not tell."""
    return names_meet(compare_best(known.names, names, kind_of(known.kind)), surely=True)


def shares_name(names: Sequence[str], ambiguous_names: Sequence[str]) -> bool:
    """Whether one of the names is one that two people of the article share; a family's surname is not its members'."""
    return any(compare_names([name], names) is _SAME for name in ambiguous_names)


def count_people(known: Sequence[Known]) -> int:
    """How many people at least bear the name: identities that contradict each other are two."""
    apart: list[Known] = []
    for one in known:
        if all(contradict(one, other) for other in apart):
            apart.append(one)
    return len(apart)


def judge(held: Held, *, unclear: bool = False) -> IdentityVerdict:
    """The verdict on one identity held against one party; ``unclear`` says that the name does not tell who is meant."""
    verdicts = {(feature.name, feature.verdict) for feature in held.features}
    if (FeatureName.NAME, _CONFLICT) in verdicts:
        return IdentityVerdict.MISMATCH
    strong = [f for f in held.features if f.name in _STRONG and f.verdict in (_SAME, _VARIANT)]
    weak = [f for f in held.features if f.name not in _STRONG | {FeatureName.NAME} and f.verdict is _SAME]
    if births_conflict(held):
        return _CEILING if unclear or held.years_apart <= _NEAR_YEARS or strong else IdentityVerdict.MISMATCH
    unnamed = (FeatureName.NAME, _UNKNOWN) in verdicts
    if unclear or unnamed or held.weak or held.kinds_differ or held.dead_before:
        return _CEILING
    surely = names_meet(held.name, surely=True)
    if {(FeatureName.IDENTIFIER, _SAME), (FeatureName.BIRTH_DATE, _SAME)} & verdicts:
        return IdentityVerdict.CONFIRMED if surely else IdentityVerdict.PROBABLE
    elsewhere = {(FeatureName.NATIONALITY, _CONFLICT), (FeatureName.COUNTRY, _CONFLICT)} & verdicts
    if surely and (strong or len(weak) > 1) and not elsewhere:
        return IdentityVerdict.PROBABLE
    return _CEILING


def births_conflict(held: Held) -> bool:
    """Whether a birth date, birth year or age contradicts."""
    return any(feature.name in _BIRTH and feature.verdict is _CONFLICT for feature in held.features)


def date_told(reading: Reading, party: ReadParty, as_of: date | None) -> str | None:
    """From when on the article tells of a party: its first dated event, else the article's date.

    None where the article itself says that the party is dead.
    """
    if any(
        counter.kind is CounterEvidenceKind.DECEASED and party.id in counter.parties
        for counter in reading.counter_findings
    ):
        return None
    held = [finding for finding in reading.findings if party.id in finding.parties]
    dates = [written.iso for finding in held for written in finding.dates if written.iso]
    return min(dates) if dates else as_of.isoformat() if as_of is not None else None


def _identify_unnamed(views: Sequence[_View]) -> Identity:
    """Without a subject the question is which profile the party is; one that does not fit is forced on nobody."""
    named = [view for view in views if view.held.features[0].verdict is not _CONFLICT]
    fitting = [view for view in named if view.verdict is not IdentityVerdict.MISMATCH]
    if not fitting:
        nearest = max(named, key=lambda view: view.rank, default=None)
        features = nearest.held.features if nearest is not None else ()
        return Identity(verdict=IdentityVerdict.UNKNOWN_SUBJECT, features=features)
    best = max(fitting, key=lambda view: view.rank)
    several = count_people([view.known for view in fitting]) > 1
    return Identity(verdict=_at_most_possible(best.verdict) if several else best.verdict, features=best.held.features)


def _identify_subject(alone: _View, completed: Sequence[tuple[Known, _View]]) -> Identity:
    """The best of the subject alone and completed by each profile; what the profiles contradict holds it back."""
    against = [] if births_conflict(alone.held) else [pair for pair in completed if births_conflict(pair[1].held)]
    if len(completed) == len(against) == 1 and tied(alone.known, completed[0][0]):
        view = completed[0][1]
        return Identity(verdict=view.verdict, features=view.held.features)
    fitting = [*(pair[1] for pair in completed if pair not in against), alone]
    best = max(fitting, key=lambda view: view.rank)
    several = count_people([known for known, _ in completed]) > 1
    unclear = bool(against) or (several and alone.verdict is not IdentityVerdict.CONFIRMED)
    births = [
        feature
        for _, view in completed
        if view.known.birth and not (best.known.birth and dates_agree(view.known.birth, best.known.birth))
        for feature in view.held.features
        if feature.name in _BIRTH
    ]
    return Identity(
        verdict=_at_most_possible(best.verdict) if unclear else best.verdict,
        features=tuple(dict.fromkeys((*best.held.features, *births)))[:_MOST_FEATURES],
    )


def _at_most_possible(verdict: IdentityVerdict) -> IdentityVerdict:
    return min(verdict, _CEILING, key=VERDICTS_RISING.index)
