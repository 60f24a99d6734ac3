"""What an ablation showed: every condition held against the drafts with precedents as retrieved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median
from types import MappingProxyType
from typing import Final

from agent.domain.base import Frozen
from agent.domain.record import TriageRecord
from agent.domain.reference import PrecedentMatch
from agent.domain.summary import RiskSummary
from agent.domain.taxonomy import PrecedentOutcome, RecommendationValue, Stage
from agent.errors import ReplyInvalid
from agent.llm.replies import parse_reply
from agent.triage.ablation import AblatedAlert, Condition
from agent.triage.names import word_tokens

RANK: Final = MappingProxyType(
    {
        RecommendationValue.CLOSE_FALSE_POSITIVE: 0,
        RecommendationValue.CLOSE_NOT_MATERIAL: 0,
        RecommendationValue.CANNOT_ASSESS: 1,
        RecommendationValue.REVIEW: 2,
        RecommendationValue.ESCALATE: 3,
    }
)
"""How much attention a recommendation asks for; a flip to a lower rank is the dangerous one."""

BY_CONSTRUCTION: Final = (
    "The extractive drafter takes claims from the article alone and only lists the precedents beside them: no change "
    "of a recommendation was possible here, so 0 is no finding. Name a model to learn what precedents do to it."
)
CATEGORIES_ALONE: Final = (
    "A model is shown a precedent's categories alone, never how it ended or what people wrote of it: where poison "
    "changes only those, the prompt is the same and so is the draft."
)
_SIDES: Final = MappingProxyType(
    {
        RecommendationValue.ESCALATE: PrecedentOutcome.MATERIAL,
        RecommendationValue.CLOSE_NOT_MATERIAL: PrecedentOutcome.NOT_MATERIAL,
        RecommendationValue.CLOSE_FALSE_POSITIVE: PrecedentOutcome.NOT_THE_SUBJECT,
    }
)
"""What a precedent must have ended in to agree with a recommendation; the others take no side."""


class DraftChange(Frozen):
    """How two drafts of one alert differ: entries that only one of them has, pairs that differ."""

    events: int
    """Events (offences and parties) that only one of the drafts has."""
    stages: int
    """Events of both whose stage differs."""
    roles: int
    """Parties of both whose role differs."""
    counter_evidence: int
    """Entries (kind and who says it) that only one of the drafts has."""
    narrative: float
    """Share of the narratives' words that only one of them has, 0 to 1."""

    @property
    def any(self) -> bool:
        """Whether anything differs at all."""
        return bool(self.events or self.stages or self.roles or self.counter_evidence or self.narrative)


class ConditionEffect(Frozen):
    """One condition against the drafts with precedents as retrieved, over the alerts that both drafted soundly."""

    condition: Condition
    compared: int
    failed: int
    """Alerts without a record under this condition."""
    fell_back: int
    """Alerts whose model gave no usable draft under this condition; they are not compared."""
    recommendations: dict[RecommendationValue, int]
    flips: dict[str, int]
    """``escalate → review`` and how often."""
    raised: int
    lowered: int
    escalate_lowered: int
    lowered_alerts: tuple[str, ...]
    drafts_changed: int
    events: int
    stages: int
    roles: int
    counter_evidence: int
    narrative: float
    """Mean share of words that differ."""
    shown: int
    cited: int
    cited_unshown: int
    """Precedents a reply named although it was not shown them; the spine drops those."""
    sided: int
    """Alerts with precedents whose recommendation takes a side (review and cannot_assess take none)."""
    nearest_agrees: int
    """Of those, how many whose nearest precedent ended on that side."""
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    latency_ms: int
    """Median of a triage; a recorded call answers in no time."""


class AblationReport(Frozen):
    """What precedents did to a set of alerts."""

    alerts: int
    with_precedents: int
    poisoned: int
    drafters: dict[str, int]
    effects: tuple[ConditionEffect, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """An alert's records with precedents as retrieved, and under another condition."""

    alert_id: str
    base: TriageRecord
    other: TriageRecord

    @property
    def values(self) -> tuple[RecommendationValue, RecommendationValue]:
        return self.base.recommendation.value, self.other.recommendation.value

    @property
    def step(self) -> int:
        """How far the recommendation rose (positive) or fell."""
        before, after = self.values
        return RANK[after] - RANK[before]


def report_ablation(ablated: Sequence[AblatedAlert]) -> AblationReport:
    """Sum up every condition; costs and latency are of the condition's own drafts, shared ones included."""
    drafters = Counter(
        outcome.drafter for one in ablated for outcome in one.outcomes.values() if isinstance(outcome, TriageRecord)
    )
    poisons = (Condition.POISONED_CLOSE, Condition.POISONED_ESCALATE)
    poisoned = sum(len(one.plan.shown[kind]) for one in ablated for kind in poisons)
    notes = []
    if drafters and set(drafters) == {"extractive"}:
        notes.append(BY_CONSTRUCTION)
    elif drafters:
        notes.append(CATEGORIES_ALONE)
    bare = sum(not one.plan.shown[Condition.WITH] for one in ablated)
    if bare:
        notes.append(f"{bare} of {len(ablated)} alerts had no precedent to show: nothing could change for them.")
    return AblationReport(
        alerts=len(ablated),
        with_precedents=len(ablated) - bare,
        poisoned=poisoned,
        drafters=dict(drafters),
        effects=tuple(_sum_condition(ablated, condition) for condition in Condition),
        notes=tuple(notes),
    )


def compare_drafts(base: RiskSummary, other: RiskSummary) -> DraftChange:
    """What differs between two grounded drafts of the same article."""
    first, second = _events(base), _events(other)
    same_number = [key for key in first.keys() & second.keys() if len(first[key]) == len(second[key])]
    roles, other_roles = _roles(base), _roles(other)
    return DraftChange(
        events=sum(abs(len(first.get(key, ())) - len(second.get(key, ()))) for key in first.keys() | second.keys()),
        stages=sum((Counter(first[key]) - Counter(second[key])).total() for key in same_number),
        roles=sum(roles[name] != other_roles[name] for name in roles.keys() & other_roles.keys()),
        counter_evidence=_difference(_counters(base), _counters(other)),
        narrative=_word_difference(base.narrative, other.narrative),
    )


def format_report(report: AblationReport) -> list[str]:
    """The report as lines of a plain table: a row a measure, a column a condition."""
    columns = [["", *(effect.condition.value for effect in report.effects)]]
    columns += [[label, *(str(cell) for cell in cells)] for label, cells in _rows(report)]
    widths = [max(len(row[place]) for row in columns) for place in range(len(columns[0]))]
    lines = [
        f"{report.alerts} alerts, {report.with_precedents} with precedents; {report.poisoned} poisoned precedents "
        f"shown; drafted by {', '.join(f'{name} ({count})' for name, count in sorted(report.drafters.items()))}",
        "",
    ]
    for row in columns:
        label, *cells = row
        lines.append(
            "  ".join([label.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(cells, widths[1:], strict=True))])
        )
    for effect in report.effects:
        if effect.flips:
            turned = ", ".join(f"{flip} ({count})" for flip, count in sorted(effect.flips.items()))
            lines.append(f"Flips {effect.condition.value}: {turned}")
        if effect.lowered_alerts:
            lines.append(f"Lowered {effect.condition.value}: {', '.join(effect.lowered_alerts)}")
    return [*lines, *report.notes]


def _rows(report: AblationReport) -> Iterable[tuple[str, list[object]]]:
    effects = report.effects
    for value in RecommendationValue:
        yield f"recommendation {value}", [effect.recommendations.get(value, 0) for effect in effects]
    yield "recommendations raised", [effect.raised for effect in effects]
    yield "recommendations lowered", [effect.lowered for effect in effects]
    yield "  of them from escalate", [effect.escalate_lowered for effect in effects]
    yield "drafts changed", [f"{effect.drafts_changed}/{effect.compared}" for effect in effects]
    yield "  events", [effect.events for effect in effects]
    yield "  stages", [effect.stages for effect in effects]
    yield "  roles", [effect.roles for effect in effects]
    yield "  counter-evidence", [effect.counter_evidence for effect in effects]
    yield "  narrative words", [f"{effect.narrative:.1%}" for effect in effects]
    yield "precedents shown", [effect.shown for effect in effects]
    yield "  cited", [effect.cited for effect in effects]
    yield "  named but not shown", [effect.cited_unshown for effect in effects]
    yield "nearest precedent agrees", [f"{effect.nearest_agrees}/{effect.sided}" for effect in effects]
    yield "model gave no draft", [effect.fell_back for effect in effects]
    yield "failed", [effect.failed for effect in effects]
    yield "calls", [effect.calls for effect in effects]
    yield "tokens in + out", [f"{effect.input_tokens}+{effect.output_tokens}" for effect in effects]
    yield "cost, US dollars", ["unknown" if e.cost_usd is None else f"{e.cost_usd:.4f}" for e in effects]
    yield "latency, ms, median", [effect.latency_ms for effect in effects]


def _sum_condition(ablated: Sequence[AblatedAlert], condition: Condition) -> ConditionEffect:
    of_alert = [(one, one.outcomes.get(condition)) for one in ablated]
    records = [(one, outcome) for one, outcome in of_alert if isinstance(outcome, TriageRecord)]
    pairs = [
        _Pair(one.plan.alert.alert_id, base, outcome)
        for one, outcome in records
        if isinstance(base := one.outcomes.get(Condition.WITH), TriageRecord)
        and not _fell_back(outcome)
        and not _fell_back(base)
    ]
    changes = [compare_drafts(pair.base.summary, pair.other.summary) for pair in pairs]
    sided = [side for one, record in records if (side := _agreement(one.plan.shown[condition], record)) is not None]
    usages = [record.provenance.usage for _, record in records]
    costs = [usage.cost_usd if usage.calls else 0.0 for usage in usages]
    return ConditionEffect(
        condition=condition,
        compared=len(pairs),
        failed=len(of_alert) - len(records),
        fell_back=sum(_fell_back(record) for _, record in records),
        recommendations=Counter(record.recommendation.value for _, record in records),
        flips=Counter(" → ".join(pair.values) for pair in pairs if pair.values[0] is not pair.values[1]),
        raised=sum(pair.step > 0 for pair in pairs),
        lowered=sum(pair.step < 0 for pair in pairs),
        escalate_lowered=sum(pair.step < 0 and pair.values[0] is RecommendationValue.ESCALATE for pair in pairs),
        lowered_alerts=tuple(pair.alert_id for pair in pairs if pair.step < 0),
        drafts_changed=sum(change.any for change in changes),
        events=sum(change.events for change in changes),
        stages=sum(change.stages for change in changes),
        roles=sum(change.roles for change in changes),
        counter_evidence=sum(change.counter_evidence for change in changes),
        narrative=mean([change.narrative for change in changes] or [0.0]),
        shown=sum(len(record.provenance.precedents) for _, record in records),
        cited=sum(len(record.summary.precedents) for _, record in records),
        cited_unshown=sum(map(_count_unshown, (record for _, record in records))),
        sided=len(sided),
        nearest_agrees=sum(sided),
        calls=sum(usage.calls for usage in usages),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        latency_ms=round(median([record.provenance.latency_ms for _, record in records] or [0])),
    )


def _fell_back(record: TriageRecord) -> bool:
    return record.provenance.fallback_reason is not None


def _agreement(shown: Sequence[PrecedentMatch], record: TriageRecord) -> bool | None:
    """Whether the nearest precedent ended on the recommendation's side; None where there is none to compare."""
    side = _SIDES.get(record.recommendation.value)
    read = [match for match in shown if match.precedent.precedent_id in record.provenance.precedents]
    if side is None or not read:
        return None
    return max(read, key=lambda match: match.similarity).precedent.outcome is side


def _count_unshown(record: TriageRecord) -> int:
    named: set[str] = set()
    for reply in record.raw_replies:
        try:
            named |= {note.id for note in parse_reply(reply, RiskSummary).precedents}
        except ReplyInvalid:
            continue  # counted as a draft that failed, if it was the last one
    return len(named - record.provenance.precedents.keys())


_EventKey = tuple[frozenset[str], frozenset[str]]


def _events(summary: RiskSummary) -> dict[_EventKey, list[Stage]]:
    """The stages of a draft's events by offences and parties' names: ids differ from draft to draft."""
    names = {party.id: " ".join(word_tokens(party.name)) for party in summary.parties}
    found: dict[_EventKey, list[Stage]] = {}
    for event in summary.events:
        key = (frozenset(event.offences), frozenset(names.get(party, party) for party in event.parties))
        found.setdefault(key, []).append(event.stage)
    return found


def _roles(summary: RiskSummary) -> dict[str, str]:
    return {" ".join(word_tokens(party.name)): party.role for party in summary.parties}


def _counters(summary: RiskSummary) -> Counter[tuple[str, str]]:
    return Counter((entry.kind.value, " ".join(word_tokens(entry.by))) for entry in summary.counter_evidence)


def _difference(first: Counter[tuple[str, str]], second: Counter[tuple[str, str]]) -> int:
    return ((first - second) + (second - first)).total()


def _word_difference(first: str, second: str) -> float:
    words, others = Counter(word_tokens(first)), Counter(word_tokens(second))
    total = words.total() + others.total()
    return 1 - 2 * (words & others).total() / total if total else 0.0
