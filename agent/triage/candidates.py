"""Who of the article's people can be the alert's subject, each held against the profiles that bear their name.

Where the alert names somebody, those are the parties of that name, and those of a name that a profile gives the same
person. Where it names nobody, they are all against whom the article holds something. A namesake stays a party of its
own, a profile that contradicts is shown as such, and nobody is given a profile for want of a better one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from agent.domain.alert import Alert
from agent.domain.candidate import ProfileCandidate, SubjectCandidate
from agent.domain.reading import Reading, ReadParty, SubjectBasis
from agent.domain.reference import ProfileMatch
from agent.domain.taxonomy import ADVERSE_ROLES, STAGE_CHAIN, FeatureVerdict, IdentityVerdict, PartyKind, Role, Stage
from agent.triage.attributes import Held, hold_against
from agent.triage.explanation import explain_profile
from agent.triage.identity import VERDICTS_RISING, births_conflict, count_people, date_told, judge, shares_name
from agent.triage.known import Known, know_match, know_subject
from agent.triage.names import as_written, compare_best, kind_of, name_tokens, names_meet
from retrieval.names.comparison import SAME_NAME, NameComparison

NO_PROFILE: Final = "no reference profile found"
NOT_SEARCHED: Final = "reference profiles could not be looked up"
_MOST_CANDIDATES: Final = 20
_MOST_PROFILES: Final = 10
_NO_PART: Final = frozenset({Role.MENTIONED, Role.UNDETERMINED})
_NOBODY: Final = "none"
"""Stands for the id of a party where a name of the text is none of the reader's."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """One profile held against one party."""

    match: ProfileMatch
    known: Known
    held: Held
    verdict: IdentityVerdict


@dataclass(frozen=True, slots=True)
class _Standing:
    """A party under the article's names, and the profiles that bear one of them."""

    party: ReadParty
    reason: str
    fits: tuple[_Fit, ...]

    @property
    def named(self) -> bool:
        """Whether the article gives a name, and not only a description."""
        return _is_named(self.party)

    @property
    def fitting(self) -> list[_Fit]:
        """The profiles that do not contradict it."""
        return [
            fit
            for fit in self.fits
            if not (fit.verdict is IdentityVerdict.MISMATCH or fit.held.kinds_differ or births_conflict(fit.held))
        ]


def rank_candidates(
    alert: Alert, reading: Reading, matches: Sequence[ProfileMatch] | None, as_of: date | None
) -> tuple[SubjectCandidate, ...]:
    """The candidates, likeliest first; ``matches`` is None where profiles could not be looked up.

    ``as_of`` is the article's date.
    """
    found = _hold_all(alert, reading, matches or (), as_of)
    ranked = (
        _rank_named(alert, reading, matches or (), found)
        if alert.subject is not None
        else _rank_unnamed(reading, found)
    )
    subject = know_subject(alert.subject) if alert.subject is not None else None
    return tuple(_describe(one, subject, searched=matches is not None) for one in ranked[:_MOST_CANDIDATES])


def find_bearer(
    alert: Alert, reading: Reading, matches: Sequence[ProfileMatch], as_of: date | None
) -> ReadParty | None:
    """The one party that bears the subject's name in other letters or another form, or a name that a profile gives it.

    For a name that the reader did not find: it compares within one script, and knows no profiles. None where two could
    be meant, or none.
    """
    given = _given_names(alert)
    found = [one for one in _hold_all(alert, reading, matches, as_of) if one.named and one.party.id != _NOBODY]
    compared = [(_meet_subject(alert, given, one.party), one.party) for one in found]
    same = [party for name, party in compared if name.verdict is FeatureVerdict.SAME]
    alike = [party for name, party in compared if names_meet(name, surely=True)]
    linked = [one.party for one in found if _links(one, _profiles_of_subject(alert, matches), fitting=True)]
    bearers = same or alike or linked
    return bearers[0] if len(bearers) == 1 else None


def _hold_all(alert: Alert, reading: Reading, matches: Sequence[ProfileMatch], as_of: date | None) -> list[_Standing]:
    """Every named party with the profiles that bear its name, then the met names that are no party's."""
    parties = [as_written(party, alert.article.text) for party in reading.parties]
    standings, taken = [], set()
    for party in parties:
        fits = _hold_profiles(party, reading, matches, as_of)
        taken |= {fit.match.mention for fit in fits}
        standings.append(_Standing(party, _reason_for(party, reading), fits))
    given = {name_tokens(name) for name in _given_names(alert)}
    for mention in dict.fromkeys(match.mention for match in matches):
        if mention in taken or name_tokens(mention) in given or _is_partys(mention, parties):
            continue
        bearer = ReadParty(id=_NOBODY, name=mention, role=Role.MENTIONED)
        own = [match for match in matches if match.mention == mention]
        fits = _hold_profiles(bearer, reading, own, as_of)
        if fits:
            standings.append(_Standing(bearer, "the name of a known profile in the text", fits))
    return standings


def _hold_profiles(
    party: ReadParty, reading: Reading, matches: Sequence[ProfileMatch], as_of: date | None
) -> tuple[_Fit, ...]:
    """The profiles of the party's name, each by the name of it that meets best, likeliest first."""
    told_of = date_told(reading, party, as_of)
    unclear = shares_name([party.name], reading.ambiguous_names)
    fits: dict[str, _Fit] = {}
    for match in matches if _is_named(party) else ():
        known = know_match(match)
        held = hold_against(known, party, as_of, told_of)
        if not names_meet(held.name) or (held.kinds_differ and held.name.verdict is not FeatureVerdict.SAME):
            continue
        fit = _Fit(match, known, held, judge(held, unclear=unclear))
        best = fits.get(match.profile.profile_id)
        if best is None or held.name.score > best.held.name.score:
            fits[match.profile.profile_id] = fit
    return tuple(sorted(fits.values(), key=_by_likelihood))


def _by_likelihood(fit: _Fit) -> tuple[int, float, str]:
    return -VERDICTS_RISING.index(fit.verdict), -fit.held.name.score, fit.match.profile.profile_id


def _rank_named(
    alert: Alert, reading: Reading, matches: Sequence[ProfileMatch], found: Sequence[_Standing]
) -> list[_Standing]:
    """Parties of the subject's name, the reader's first, then those whom a profile of the subject gives it."""
    given, profiles = _given_names(alert), _profiles_of_subject(alert, matches)
    ranked: list[tuple[float, _Standing]] = []
    unread: list[tuple[float, _Standing]] = []
    for one in found:
        name = _meet_subject(alert, given, one.party)
        linked = _links(one, profiles)
        if one.party.id == reading.subject and reading.subject_basis is SubjectBasis.HEADER:
            met = name.verdict is not FeatureVerdict.CONFLICT
            ranked.append((0, replace(one, reason="named in the alert" if met else "of the alert's surname alone")))
        elif names_meet(name) and one.named:
            like = "the same name as the alert's" if name.verdict is FeatureVerdict.SAME else "a name like the alert's"
            ranked.append((1, replace(one, reason=like)))
        elif linked:
            reason = f"a name that profile {linked[0]} has beside the alert's"
            ranked.append((2, replace(one, reason=reason[:200])))
        elif name.verdict is FeatureVerdict.UNKNOWN and one.named:
            unread.append((-name.score, replace(one, reason="a name that cannot be compared with the alert's")))
    # What cannot be compared is neither the subject nor somebody else: it stands where nobody better does.
    return [one for _, one in sorted(ranked or unread, key=lambda pair: pair[0])]


def _profiles_of_subject(alert: Alert, matches: Sequence[ProfileMatch]) -> set[str]:
    """The ids of the profiles that surely bear a name of the alert."""
    folded = {name_tokens(name) for name in _given_names(alert)}
    return {
        match.profile.profile_id
        for match in matches
        if name_tokens(match.mention) in folded and not match.weak and match.score >= SAME_NAME
    }


def _links(one: _Standing, profiles: set[str], *, fitting: bool = False) -> list[str]:
    """Those of the profiles that surely bear the party's name too; ``fitting`` leaves out what contradicts it."""
    return [
        fit.match.profile.profile_id
        for fit in (one.fitting if fitting else one.fits)
        if fit.match.profile.profile_id in profiles and names_meet(fit.held.name, surely=True) and not fit.held.weak
    ]


def _meet_subject(alert: Alert, given: Sequence[str], party: ReadParty) -> NameComparison:
    kind = alert.subject.kind if alert.subject is not None else PartyKind.UNKNOWN
    return compare_best(given, (party.name, *party.aliases), kind_of(kind, party.kind))


def _rank_unnamed(reading: Reading, found: Sequence[_Standing]) -> list[_Standing]:
    """All against whom the article holds something; last, the merely mentioned of whom there is a profile."""
    ranked = []
    for one in found:
        if one.party.role in ADVERSE_ROLES:
            tier = 0
        elif one.party.role is Role.EXONERATED or _offences_held(one.party.id, reading) is not None:
            tier = 1
        elif one.party.role in _NO_PART and one.fits:
            tier = 2
        else:
            continue
        ranked.append(((tier, not one.fitting), one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _offences_held(party_id: str, reading: Reading) -> list[str] | None:
    """The offences of the findings against a party; None when nothing is held against it."""
    held = [
        finding
        for finding in reading.findings
        if party_id in finding.parties
        and not finding.negated
        and (finding.offences or STAGE_CHAIN.get(finding.stage, 0) > STAGE_CHAIN[Stage.ALLEGATION])
    ]
    return list(dict.fromkeys(offence for finding in held for offence in finding.offences)) if held else None


def _reason_for(party: ReadParty, reading: Reading) -> str:
    """``accused: fraud``; the part the article gives and what it holds against the party."""
    offences = ", ".join(_offences_held(party.id, reading) or ()).replace("_", " ")
    return f"{party.role}: {offences}"[:200] if offences else party.role.value


def _given_names(alert: Alert) -> tuple[str, ...]:
    return know_subject(alert.subject).names if alert.subject is not None else ()


def _is_named(party: ReadParty) -> bool:
    return party.id == _NOBODY or any(mention.by_name for mention in party.mentions)


def _is_partys(mention: str, parties: Sequence[ReadParty]) -> bool:
    return any(
        names_meet(compare_best([mention], (party.name, *party.aliases), kind_of(party.kind)))
        for party in parties
        if _is_named(party)
    )


def _describe(one: _Standing, subject: Known | None, *, searched: bool) -> SubjectCandidate:
    return SubjectCandidate(
        party=None if one.party.id == _NOBODY else one.party.id,
        name=one.party.name,
        role=one.party.role,
        reason=one.reason,
        profiles=tuple(
            ProfileCandidate(
                profile_id=fit.match.profile.profile_id,
                name=fit.match.profile.name,
                matched_name=fit.match.matched_name,
                score=fit.held.name.score,
                parts=fit.held.name.parts,
                features=fit.held.features,
                verdict=fit.verdict,
                explanation=explain_profile(fit.held, fit.known, subject),
            )
            for fit in one.fits[:_MOST_PROFILES]
        ),
        note=_note_on(one, searched=searched),
    )


def _note_on(one: _Standing, *, searched: bool) -> str:
    if not one.fits:
        if not one.named:
            return "the article does not name them, so no profile can be looked up"
        return NO_PROFILE if searched else NOT_SEARCHED
    notes = []
    if not one.fitting:
        notes.append("every reference profile of this name contradicts the article")
    people = count_people([fit.known for fit in one.fits])
    if people > 1:
        same = all(fit.held.name.verdict is FeatureVerdict.SAME for fit in one.fits)
        notes.append(f"{people} people bear this name{'' if same else ' or one like it'}")
    return "; ".join(notes)
