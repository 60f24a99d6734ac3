"""The recommendation: policy applied to what was proven. Pure; no model has a say in it, and a person decides.

- What escalates is a proven event held against the subject in an adverse role, weighed by ``severity``.
- The reader's own findings are a floor: where they weigh more than the draft, they count as if the draft had made them.
  An obeyed instruction and an honest correction look alike, so a person tells them apart.
- Planted text lowers nothing: then neither the source, nor age, nor clearing, nor identity speaks for the subject.
- Closing needs a draft by a model and the absence of every doubt in ``_find_doubts``; each doubt is a reason code.
- What cannot be read cannot be assessed, and is never "nothing found".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from agent.domain.reading import Finding, MarkKind, Reading, SubjectBasis
from agent.domain.record import Grounding, Omission, Recommendation
from agent.domain.summary import Event, Party, RiskSummary
from agent.domain.taxonomy import (
    ADVERSE_ROLES,
    CLEARING_STAGES,
    CounterEvidenceKind,
    FeatureVerdict,
    IdentityVerdict,
    RecommendationValue,
    Role,
    Stage,
)
from agent.reading.places import LANGUAGES
from agent.triage.names import match_read_parties
from agent.triage.policy import Policy
from agent.triage.severity import AdverseClaim, Level, Weighing, escalation_level

LLM_DRAFTER: Final = "llm"
"""The only drafter whose drafts may be recommended for closing."""

PLANTED: Final = frozenset(
    {
        MarkKind.INSTRUCTION,
        MarkKind.ROLE_TAG,
        MarkKind.FAKE_ANSWER,
        MarkKind.FAKE_DECISION,
        MarkKind.ENCODED,
        MarkKind.HIDDEN_CHARACTERS,
    }
)
"""Marks of text aimed at software or hidden from the eye. The other marks forbid a close and do no more."""

_NEEDS_OFFENCE: Final = frozenset({Stage.ALLEGATION, Stage.APPEAL, Stage.UNDETERMINED, Stage.TRIAL, Stage.SETTLED})
"""Stages whose words alone accuse nobody of anything."""
_MOST_REASONS: Final = 40
_MOST_OMISSIONS: Final = 10
_SOUND: Final = frozenset({"subject_inferred", "no_evidence", "unsupported", "lowered"})
"""Doubts that do not shake a reading which found no adverse cue."""
_PROVEN_IDENTITY: Final = frozenset({IdentityVerdict.CONFIRMED, IdentityVerdict.PROBABLE})


@dataclass(frozen=True, slots=True)
class _Case:
    """One recommendation's inputs, and the subject among the summary's parties."""

    summary: RiskSummary
    grounding: Grounding
    omissions: Sequence[Omission]
    reading: Reading
    drafter: str
    as_of: date
    policy: Policy
    subjects: tuple[Party, ...]

    @property
    def planted(self) -> bool:
        """Whether the article carries text aimed at software, or hidden from the eye."""
        return any(mark.kind in PLANTED for mark in self.reading.marks)

    def weigh(self, claims: Iterable[AdverseClaim]) -> Weighing:
        credibility = self.policy.credibility[self.reading.source_kind]
        return escalation_level(claims, self.policy, credibility, self.as_of, lenient=not self.planted)


def recommend(
    summary: RiskSummary,
    grounding: Grounding,
    omissions: Sequence[Omission],
    reading: Reading,
    drafter: str,
    as_of: date,
    policy: Policy,
) -> Recommendation:
    """What the policy recommends for a grounded summary with its identity filled in, and why, in reason codes.

    ``as_of`` is the article's date (or the day it was received); findings are as old as it makes them.
    """
    subjects = _find_subjects(summary, reading)
    case = _Case(summary, grounding, omissions, reading, drafter, as_of, policy, subjects)
    if not reading.readable:
        return _recommend_unread(case)
    drafted = case.weigh(_drafted_claims(case))
    read = _weigh_reading(case)
    doubts = _find_doubts(case)
    level, reasons = drafted.level, list(drafted.reasons)
    if read.level > drafted.level:
        reasons += [f"reader:{reason}" for reason in read.reasons]
        level = max(read.level, Level.REVIEW)
    mismatch = summary.identity.verdict is IdentityVerdict.MISMATCH and not case.planted
    if mismatch:
        return _recommend_mismatch(case, reasons, doubts)
    if level is Level.ESCALATE:
        return _conclude(RecommendationValue.ESCALATE, reasons + doubts)
    if level is Level.REVIEW:
        return _conclude(RecommendationValue.REVIEW, reasons + doubts)
    return _recommend_without_finding(case, reasons, doubts)


def _conclude(value: RecommendationValue, reasons: Sequence[str]) -> Recommendation:
    return Recommendation(value=value, reasons=tuple(dict.fromkeys(reasons))[:_MOST_REASONS])


def _recommend_unread(case: _Case) -> Recommendation:
    """No reader, no floor: a model's proven adverse claims go to a person, everything else cannot be assessed."""
    reason = "no_usable_text" if case.reading.language in LANGUAGES else "unread_language"
    proven = any(map(_has_evidence, case.summary.events))
    value = RecommendationValue.REVIEW if case.drafter == LLM_DRAFTER and proven else RecommendationValue.CANNOT_ASSESS
    return _conclude(value, [reason, *_mark_codes(case.reading)])


def _recommend_mismatch(case: _Case, reasons: list[str], doubts: list[str]) -> Recommendation:
    """The article is about somebody else: closed only for attributes the policy accepts, else for a person to see."""
    contradicted = [
        f"conflict:{feature.name}"
        for feature in case.summary.identity.features
        if feature.verdict is FeatureVerdict.CONFLICT and feature.name in case.policy.closing.contradicting_features
    ]
    if contradicted and not doubts and case.drafter == LLM_DRAFTER and case.policy.closing.false_positive:
        return _conclude(RecommendationValue.CLOSE_FALSE_POSITIVE, ["identity:mismatch", *contradicted])
    return _conclude(RecommendationValue.REVIEW, ["identity:mismatch", *contradicted, *reasons, *doubts])


def _recommend_without_finding(case: _Case, reasons: list[str], doubts: list[str]) -> Recommendation:
    """Nothing is held against the subject, or only what the policy lets be closed."""
    if case.drafter != LLM_DRAFTER:
        if not reasons and case.reading.risk_sentences:
            reasons = ["adverse_cue_unplaced"]
        elif not reasons and _SOUND.issuperset(doubts):
            reasons = ["no_adverse_cue"]
        return _conclude(RecommendationValue.REVIEW, [*reasons, *doubts])
    open_points = list(doubts)
    if case.summary.identity.verdict not in _PROVEN_IDENTITY:
        open_points.append(f"identity:{case.summary.identity.verdict}")
    grounds = reasons or _harmless_grounds(case)
    if not grounds:
        open_points.append("role_unproven")
    if open_points or not case.policy.closing.not_material:
        return _conclude(RecommendationValue.REVIEW, [*reasons, *(open_points or ["closing_off"])])
    return _conclude(RecommendationValue.CLOSE_NOT_MATERIAL, grounds)


def _harmless_grounds(case: _Case) -> list[str]:
    """The subject's proven role, where the policy calls it harmless and the reader does not contradict it."""
    roles = {party.role for party in case.subjects}
    proven = all(any(quote.start is not None for quote in party.quotes) for party in case.subjects)
    harmless = roles and roles <= set(case.policy.closing.harmless_roles)
    return sorted(f"role:{role}" for role in roles) if proven and harmless else []


def _match_subject(summary: RiskSummary, reading: Reading) -> list[Party]:
    """The summary's parties that answer to the name of the reader's subject."""
    read = reading.party(reading.subject) if reading.subject else None
    return [party for party in summary.parties if read is not None and read in match_read_parties(party, reading)]


def _find_subjects(summary: RiskSummary, reading: Reading) -> tuple[Party, ...]:
    """The summary's parties that are the subject: by the reader's finding, and by the drafter's word.

    Where the alert names the subject and the summary has that name, the drafter's word does not count.
    """
    matched = _match_subject(summary, reading)
    drafted = [party for party in summary.parties if party.id == summary.subject_party]
    if matched and reading.subject_basis is SubjectBasis.HEADER:
        drafted = []
    return tuple({party.id: party for party in [*matched, *drafted]}.values())


def _has_evidence(event: Event) -> bool:
    return any(quote.start is not None for quote in event.quotes)


def _drafted_claims(case: _Case) -> list[AdverseClaim]:
    """Proven events held against the subject; one whose role could not be proven counts as no more than said."""
    claims = []
    roles = {party.id: party.role for party in case.subjects}
    for event in case.summary.events:
        held = {roles[party_id] for party_id in event.parties if party_id in roles}
        if not held or not _has_evidence(event):
            continue
        cleared = case.policy.stage_weight[event.stage] == 0
        stage = event.stage if held & ADVERSE_ROLES or cleared else Stage.UNDETERMINED
        claims.append(AdverseClaim(event.offences, stage, event.date.iso if event.date else None))
    return claims


def _weigh_reading(case: _Case) -> Weighing:
    """What the reader's findings about the subject weigh; an adverse role without a finding is for review."""
    reading = case.reading
    if reading.subject is None:
        return Weighing(Level.NONE)
    about = [
        finding
        for finding in reading.findings
        if reading.subject in finding.parties and not finding.negated and _is_adverse(finding)
    ]
    claims = [
        AdverseClaim(finding.offences, finding.stage, finding.dates[0].iso if len(finding.dates) == 1 else None)
        for finding in about
    ]
    # "acquitted on appeal, overturning a conviction": one sentence, one finding, and it undoes the conviction too
    undone = {
        counter.sentence
        for counter in reading.counter_findings
        if counter.kind is CounterEvidenceKind.OVERTURNED and reading.subject in counter.parties
    }
    claims += [
        AdverseClaim(finding.offences, Stage.OVERTURNED)
        for finding in about
        if finding.stage in CLEARING_STAGES and finding.sentence in undone
    ]
    weighed = case.weigh(claims)
    party = reading.party(reading.subject)
    if weighed.level is Level.NONE and party is not None and party.role in ADVERSE_ROLES:
        return Weighing(Level.REVIEW, (f"role:{party.role}",))
    return weighed


def _is_adverse(finding: Finding) -> bool:
    """Whether a finding holds something against its parties: an appeal or a trial of nobody knows what does not."""
    return bool(finding.offences) or finding.stage not in _NEEDS_OFFENCE


def _mark_codes(reading: Reading) -> list[str]:
    return sorted({f"mark:{mark.kind}" for mark in reading.marks})


def _find_doubts(case: _Case) -> list[str]:
    """Everything that forbids a close, as reason codes in a fixed order."""
    reading, grounding = case.reading, case.grounding
    doubts = _mark_codes(reading)
    doubts += [f"omission:{omission.sentence}".lower() for omission in case.omissions[:_MOST_OMISSIONS]]
    if case.drafter == LLM_DRAFTER:  # no other draft can be closed, and there it would say nothing new
        doubts += [f"unplaced:{sentence}".lower() for sentence in _find_unplaced(case)[:_MOST_OMISSIONS]]
    unproven = any(not _has_evidence(event) for event in case.summary.events)
    if grounding.ungrounded or grounding.found < grounding.quotes or unproven:
        doubts.append("ungrounded")
    if not grounding.found:
        doubts.append("no_evidence")
    if grounding.unsupported:
        doubts.append("unsupported")
    if grounding.lowered:
        doubts.append("lowered")
    if not reading.complete:
        doubts.append("incomplete_reading")
    if case.policy.credibility[reading.source_kind] == 0:
        doubts.append(f"source:{reading.source_kind}")
    return doubts + _find_subject_doubts(case)


def _find_unplaced(case: _Case) -> list[str]:
    """Sentences that hold something against nobody the reader could name, and that no proven event holds to anybody."""
    placed = {quote.sentence for event in case.summary.events if event.parties for quote in event.quotes}
    placed |= {omission.sentence for omission in case.omissions}
    return list(
        dict.fromkeys(
            finding.sentence
            for finding in case.reading.findings
            if not (finding.parties or finding.victims or finding.negated or finding.sentence in placed)
            and finding.stage not in CLEARING_STAGES
            and _is_adverse(finding)
        )
    )


def _find_subject_doubts(case: _Case) -> list[str]:
    reading, drafted = case.reading, case.summary.subject_party
    if reading.subject_basis in (SubjectBasis.UNDETERMINED, SubjectBasis.NOT_IN_TEXT):
        return [f"subject_{reading.subject_basis}"]
    doubts = ["subject_inferred"] if reading.subject_basis is SubjectBasis.INFERRED else []
    matched = {party.id for party in _match_subject(case.summary, reading)}
    if drafted is None:
        doubts.append("subject_undetermined")
    elif matched != {drafted}:
        doubts.append("subject_disagreement")
    read = reading.party(reading.subject) if reading.subject else None
    others = {party.role for party in case.subjects} - ADVERSE_ROLES - {Role.EXONERATED}
    if read is not None and read.role in ADVERSE_ROLES and others:
        doubts.append("role_disagreement")
    return doubts
