"""Cost against R: how dear a missed alert must be before a run stops being worth its reading."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Final

from evals.cases.gold import Truth
from evals.reporting.report import CostCurve
from evals.scoring.breakdown import epoch_weights
from evals.scoring.disposition import cost_of
from evals.scoring.measure import Ending, SampleScore

WORTHS: Final = tuple(10.0 ** (1 + place / 20) for place in range(21))
"""R from 10 to 100 in steps of equal ratio."""


def trace_costs(
    scores: Sequence[SampleScore], undecided_cost: float, worths: Sequence[float] = WORTHS
) -> CostCurve | None:
    """The run's mean cost at each R beside that of one answer for all alerts; None where every truth is open.

    Unit: false escalations an alert. ``undecided_cost`` is that of a review, an abstention or a failure.
    """
    decided = [score for score in scores if score.truth is not Truth.OPEN]
    if not decided:
        return None
    weights = epoch_weights(decided)
    truths = {score.case_id: score.truth for score in decided}

    def spend(worth: float) -> float:
        costs = (
            weights[score.case_id] * cost_of(score.truth, score.ending, worth, undecided_cost) for score in decided
        )
        return sum(costs) / len(truths)

    def answer_all(ending: Ending, worth: float) -> float:
        return fmean(cost_of(truth, ending, worth, undecided_cost) for truth in truths.values())

    return CostCurve(
        worths=tuple(worths),
        drafted=tuple(spend(worth) for worth in worths),
        close_all=tuple(answer_all(Ending.CLOSE, worth) for worth in worths),
        escalate_all=answer_all(Ending.ESCALATE, 0.0),
        review_all=undecided_cost,
        alerts=len(truths),
    )
