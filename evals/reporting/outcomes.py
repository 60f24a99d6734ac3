"""Cases in the order of the harm they do, with the words of those that may be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from agent.domain.record import TriageFailure, TriageRecord
from agent.domain.summary import Quotes, RiskSummary
from evals.cases.case import Case
from evals.reporting.report import CaseOutcome, CaseText, Claim
from evals.running.runs import Run
from evals.running.selection import is_wrong
from evals.scoring.measure import Ending, Measure, SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.spans import stands

_UNRANKED: Final = frozenset({"cost_10", "cost_50", "cost_100", "reviewed", "abstained"})
"""Measures that say again what another says, or say nothing of right and wrong."""


def list_outcomes(scores: Sequence[SampleScore]) -> tuple[CaseOutcome, ...]:
    """One outcome a case, by id. What remarks may say has been settled before."""
    cases: dict[str, list[SampleScore]] = defaultdict(list)
    for score in scores:
        cases[score.case_id].append(score)
    return tuple(_sum_up(sorted(cases[case_id], key=lambda score: score.epoch)) for case_id in sorted(cases))


def rank_worst(
    outcomes: Iterable[CaseOutcome], scores: Sequence[SampleScore], strict: Sequence[str], count: int
) -> tuple[CaseOutcome, ...]:
    """The worst cases in which anything fell short, the worst first.

    In order: a must-not-miss alert closed, the cost of the end, the shares lost in the ``strict`` measures (primaries
    and guards), the shares lost in all, the id. Worst epochs are compared.
    """
    worst = {(score.case_id, score.epoch): score for score in scores}

    def harm(outcome: CaseOutcome) -> tuple[bool, float, float, float]:
        return _weigh(worst[outcome.case_id, outcome.epoch], strict)

    wrong = (outcome for outcome in outcomes if outcome.wrong)
    ordered = sorted(wrong, key=lambda outcome: (*(-one for one in harm(outcome)), outcome.case_id))
    return tuple(ordered[:count])


def tell_texts(outcomes: Iterable[CaseOutcome], run: Run, cases: Mapping[str, Case]) -> tuple[CaseOutcome, ...]:
    """The outcomes with what the alert, the gold and the draft say; for told cases alone."""
    drafts = {(sample.case_id, sample.epoch): sample.outcome for sample in run.samples}
    return tuple(
        replace(outcome, text=_tell(outcome, drafts[outcome.case_id, outcome.epoch], cases[outcome.case_id]))
        for outcome in outcomes
    )


def _sum_up(scores: Sequence[SampleScore]) -> CaseOutcome:
    first = scores[0]
    worst = max(scores, key=lambda score: (_weigh(score, tuple(MEASURES)), -score.epoch))
    return CaseOutcome(
        case_id=first.case_id,
        split=first.split,
        slices=first.slices,
        truth=first.truth,
        must_not_miss=first.must_not_miss,
        endings=tuple(score.ending for score in scores),
        epoch=worst.epoch,
        seconds=sum(score.seconds for score in scores),
        wrong=tuple(
            name
            for name in MEASURES
            if name not in _UNRANKED and any(_lost(name, score.measures.get(name)) for score in scores)
        ),
        failing=any(map(is_wrong, scores)),
        remarks=tuple(dict.fromkeys(remark for score in scores for remark in score.remarks)),
        text=None,
    )


def _weigh(score: SampleScore, strict: Sequence[str]) -> tuple[bool, float, float, float]:
    grave = score.must_not_miss and score.ending in {Ending.CLOSE, Ending.FAIL}
    lost = {name: _lost(name, one) for name, one in score.measures.items() if name not in _UNRANKED}
    cost = score.measures.get("cost", Measure(0.0, 0.0)).amount
    return grave, cost, sum(lost.get(name, 0.0) for name in strict), sum(lost.values())


def _lost(name: str, measure: Measure | None) -> float:
    """How much of the best is lost, 0 to 1; nothing where the measure does not apply."""
    value = measure.value if measure is not None else None
    if value is None:
        return 0.0
    share = value / MEASURES[name].most
    return 1.0 - share if MEASURES[name].better == "higher" else share


def _tell(outcome: CaseOutcome, drafted: TriageRecord | TriageFailure, case: Case) -> CaseText:
    subject = case.alert.subject
    text = CaseText(
        note=case.entry.note,
        headline=case.alert.article.title or "",
        screened=subject.name if subject is not None else "",
        outcome="",
        narrative="",
        remarks=outcome.remarks,
        claims=(),
    )
    if isinstance(drafted, TriageFailure):
        failure = drafted.failure
        return replace(text, outcome=f"failed at the step {failure.stage} with {failure.error}: {failure.message}")
    advice = drafted.recommendation
    reasons = f" ({', '.join(advice.reasons)})" if advice.reasons else ""
    return replace(
        text,
        outcome=f"{advice.value}{reasons}",
        narrative=drafted.summary.narrative or "",
        claims=tuple(_list_claims(drafted.summary, case.alert.article.text)),
    )


def _list_claims(summary: RiskSummary, article: str) -> Iterator[Claim]:
    names = {party.id: party.name for party in summary.parties}
    for event in summary.events:
        flags = [flag for flag, on in (("in absentia", event.in_absentia), ("final", event.final)) if on]
        against = ", ".join(names.get(one, one) for one in event.parties) or "nobody named"
        what = ", ".join([*event.offences, *flags])
        yield Claim(f"{event.stage}: {what}; against {against}", event.claim, _check(event.quotes, article))
    for entry in summary.counter_evidence:
        yield Claim(f"counter-evidence, {entry.kind}; by {entry.by}", entry.claim, _check(entry.quotes, article))
    for party in summary.parties:
        mark = ", the draft's subject" if party.id == summary.subject_party else ""
        yield Claim(f"party {party.name}: {party.role}{mark}", "", _check(party.quotes, article))


def _check(quotes: Quotes, article: str) -> tuple[tuple[str, bool], ...]:
    return tuple((quote.text, stands(quote, article)) for quote in quotes)
