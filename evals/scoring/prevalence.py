"""Prevalence: the cost an alert would have in production, where fewer alerts matter than in a case set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evals.cases.gold import Truth
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES, MISS_COSTS
from evals.scoring.summary import CaseMeasure, Figure, average_epochs, summarise_cases

PREVALENCES: Final = (0.01, 0.05, 0.1, 0.3)
"""Shares of alerts that should be escalated for which costs are usually restated."""


@dataclass(frozen=True, slots=True)
class RestatedCost:
    """A cost measure as it would be at another share of alerts to escalate."""

    measure: str
    prevalence: float
    figure: Figure
    relative: float | None
    """Over the cheaper of escalating everything and closing everything: below 1 the drafts are of use."""


def restate_cost(scores: Sequence[SampleScore], prevalence: float, measure: str = "cost") -> RestatedCost:
    """Prevalence times the mean cost of alerts to escalate, plus the rest times that of alerts to close.

    No figure where the cases lack one of the two. Raises KeyError for a measure that is no cost.
    """
    worth = MISS_COSTS[measure]
    truths = {score.case_id: score.truth for score in scores}
    cases = average_epochs(scores, lambda score: score.measures.get(measure))
    grave = sum(truths[case.case_id] is Truth.ESCALATE for case in cases)
    shares = {Truth.ESCALATE: (prevalence, grave), Truth.CLOSE: (1 - prevalence, len(cases) - grave)}
    if not grave or grave == len(cases):
        return RestatedCost(measure, prevalence, summarise_cases(measure, ()), None)
    weighted = []
    for case in cases:
        share, count = shares[truths[case.case_id]]
        weight = share * len(cases) / count
        weighted.append(CaseMeasure(case.case_id, case.subject, weight * case.amount, weight * case.of))
    figure = summarise_cases(measure, weighted, MEASURES[measure].most)
    cheapest = min(1 - prevalence, prevalence * worth)
    relative = figure.value / cheapest if figure.value is not None and cheapest else None
    return RestatedCost(measure, prevalence, figure, relative)
