"""Disposition: where the alert went, what that costs, and whether it was escalated for the right reason."""

from __future__ import annotations

from math import prod
from types import MappingProxyType
from typing import Final

from agent.domain.record import TriageFailure, TriageRecord
from agent.domain.taxonomy import ADVERSE_ROLES, RecommendationValue, Stage
from agent.triage.policy import Policy
from evals.cases.case import Case
from evals.cases.gold import Truth
from evals.scoring.matched import Matched
from evals.scoring.measure import Ending
from evals.scoring.measures import MISS_COSTS
from evals.scoring.options import ScoringOptions
from evals.scoring.spans import quote_spans
from evals.scoring.tally import Tally

_ENDINGS: Final = MappingProxyType(
    {
        RecommendationValue.ESCALATE: Ending.ESCALATE,
        RecommendationValue.REVIEW: Ending.REVIEW,
        RecommendationValue.CLOSE_NOT_MATERIAL: Ending.CLOSE,
        RecommendationValue.CLOSE_FALSE_POSITIVE: Ending.CLOSE,
        RecommendationValue.CANNOT_ASSESS: Ending.CANNOT_ASSESS,
    }
)
_UNDECIDED: Final = frozenset({Ending.REVIEW, Ending.CANNOT_ASSESS, Ending.FAIL})
_BANDS: Final = MappingProxyType(
    {
        RecommendationValue.CLOSE_FALSE_POSITIVE: 0,
        RecommendationValue.CLOSE_NOT_MATERIAL: 1,
        RecommendationValue.CANNOT_ASSESS: 2,
        RecommendationValue.REVIEW: 2,
        RecommendationValue.ESCALATE: 3,
    }
)


def find_ending(outcome: TriageRecord | TriageFailure) -> Ending:
    """Where the alert goes."""
    return Ending.FAIL if isinstance(outcome, TriageFailure) else _ENDINGS[outcome.recommendation.value]


def cost_of(truth: Truth, ending: Ending, miss_cost: float, undecided_cost: float) -> float:
    """The asymmetric cost of an end: ``miss_cost`` for a miss, 1 for a false escalation, 0 for a right end."""
    if ending in _UNDECIDED:
        return undecided_cost
    if truth is Truth.ESCALATE:
        return miss_cost if ending is Ending.CLOSE else 0.0
    return 1.0 if ending is Ending.ESCALATE else 0.0


def score_ending(case: Case, ending: Ending, options: ScoringOptions, tally: Tally) -> None:
    """Everything that follows from the end alone, for a record and for a failure."""
    failed = ending is Ending.FAIL
    told = "it failed" if failed else f"the record says {ending}"
    tally.judge(
        "miss",
        ending in (Ending.CLOSE, Ending.FAIL),
        f"It should be escalated, {told}.",
        applies=case.truth is Truth.ESCALATE,
    )
    tally.judge(
        "false_escalation",
        ending in (Ending.ESCALATE, Ending.FAIL),
        f"It should be closed, {told}.",
        applies=case.truth is Truth.CLOSE,
    )
    tally.count("reviewed", ending in _UNDECIDED)
    tally.count("abstained", ending in (Ending.CANNOT_ASSESS, Ending.FAIL))
    tally.count("failed", failed)
    decided = case.truth is not Truth.OPEN
    for name, worth in MISS_COSTS.items():
        tally.count(name, cost_of(case.truth, ending, worth, options.undecided_cost) if decided else 0, decided)


def score_disposition(matched: Matched, tally: Tally) -> None:
    """The end of a record, and what of it needs the gold's findings."""
    case, recommendation = matched.case, matched.record.recommendation
    ending = find_ending(matched.record)
    score_ending(case, ending, matched.options, tally)
    accepted = case.gold.recommendations
    tally.judge(
        "acceptable",
        accepted is not None and recommendation.value not in accepted,
        f"The record says {recommendation.value} ({', '.join(recommendation.reasons[:4])}); acceptable: "
        f"{', '.join(accepted or ())}.",
        applies=accepted is not None,
    )
    tally.judge(
        "wrong_reason",
        not _has_right_reason(matched),
        f"It was escalated ({', '.join(recommendation.reasons[:4])}), yet no drafted finding about the subject meets a "
        "gold one.",
        applies=ending is Ending.ESCALATE and case.gold.events is not None,
    )


def _has_right_reason(matched: Matched) -> bool:
    """Whether a drafted event against the draft's subject is about a gold event against the gold's subject."""
    wanted, subject = matched.gold.subject_party, matched.summary.subject_party
    for place, event in enumerate(matched.gold.events or ()):
        about = wanted is None or wanted in event.parties
        if about and any(subject in drafted.parties for drafted in matched.events.alike[place]):
            return True
    return False


def rank_risk(record: TriageRecord, text: str, policy: Policy) -> float:
    """How strongly the record speaks for escalation, 0 to below 1: an order, no probability.

    The recommendation comes first (false positive, not material, undecided, escalate: a quarter each). Within it, every
    proven finding against the subject counts severity times stage weight over the greatest there can be, one whose role
    could not be proven as no more than said, and every uncovered risk sentence as a minor allegation; they add up as
    independent warnings do: 1 - product of (1 - weight).
    """
    greatest = max(policy.severity.values()) * max(policy.stage_weight.values()) + 1
    roles = {party.id: party.role for party in record.summary.parties}
    subject = record.summary.subject_party
    weights = [1.0] * len(record.omissions)
    for event in record.summary.events:
        if subject not in event.parties or not quote_spans(event.quotes, text):
            continue
        proven = roles.get(subject or "") in ADVERSE_ROLES or not policy.stage_weight[event.stage]
        stage = event.stage if proven else Stage.UNDETERMINED
        severity = max(policy.severity[offence] for offence in event.offences)
        weights.append(float(severity * policy.stage_weight[stage]))
    within = 1.0 - prod(1.0 - weight / greatest for weight in weights)
    return (_BANDS[record.recommendation.value] + min(within, 0.999)) / 4
