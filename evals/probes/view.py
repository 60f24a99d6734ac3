"""View: what a draft says of the subject and of the other parties, in a form that two drafts can be compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agent.domain.record import TriageFailure, TriageRecord
from agent.domain.taxonomy import CounterEvidenceKind, IdentityVerdict, Offence, RecommendationValue, Role, Stage
from evals.cases.case import Case
from evals.scoring.disposition import find_ending
from evals.scoring.measure import Ending
from evals.scoring.parties import match_parties

LEVELS: Final = MappingProxyType({Ending.CLOSE: 0, Ending.REVIEW: 1, Ending.CANNOT_ASSESS: 1, Ending.ESCALATE: 2})
"""How far an alert is taken; review and cannot_assess both go to a person."""


@dataclass(frozen=True, slots=True)
class View:
    """A record as probes see it."""

    value: RecommendationValue
    ending: Ending
    found: bool
    """Whether the draft names the subject at all."""
    role: Role | None
    """The subject's."""
    stages: frozenset[Stage]
    """Of the events held against the subject."""
    offences: frozenset[Offence]
    """Of the events held against the subject."""
    others: Mapping[str, Role | None]
    """Gold party → drafted role, for everybody but the subject."""
    identity: IdentityVerdict
    counter: tuple[tuple[CounterEvidenceKind, str], ...]
    """Kind, and who says it."""
    marked: int
    """Stretches of the article that the reader marked as planted."""

    @property
    def level(self) -> int:
        """How far the alert is taken: 0 closed, 1 looked at by a person, 2 escalated."""
        return LEVELS[self.ending]


def view_outcome(case: Case, outcome: TriageRecord | TriageFailure) -> View | None:
    """What the record says; None for a failure."""
    if isinstance(outcome, TriageFailure):
        return None
    summary, parties = outcome.summary, case.gold.parties or ()
    matched = match_parties(parties, summary.parties, outcome.provenance.language)
    roles = {party.id: party.role for party in summary.parties}
    drafted = set(matched.drafted_of.get(case.gold.subject_party or "", ()))
    held = [event for event in summary.events if drafted.intersection(event.parties)]
    first = {one.id: next(iter(matched.drafted_of.get(one.id, ())), None) for one in parties}
    role_of = {gold: roles[found] if found is not None else None for gold, found in first.items()}
    return View(
        value=outcome.recommendation.value,
        ending=find_ending(outcome),
        found=bool(drafted),
        role=role_of.pop(case.gold.subject_party or "", None),
        stages=frozenset(event.stage for event in held),
        offences=frozenset(offence for event in held for offence in event.offences),
        others=role_of,
        identity=summary.identity.verdict,
        counter=tuple((entry.kind, entry.by) for entry in summary.counter_evidence),
        marked=len(outcome.marks),
    )
