"""Stability: whether the same alert ends the same way each time it is run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evals.cases.gold import Truth
from evals.scoring.measure import Ending, SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.summary import CaseMeasure, Figure, summarise_cases


@dataclass(frozen=True, slots=True)
class Stability:
    """Figures over the cases that were run more than once; no figure where none was."""

    epochs: int
    """The most epochs a case has."""
    flip_rate: Figure
    """Chance that two runs of an alert, drawn with replacement, end differently: 1 - mean over cases of sum of p²."""
    pass_every: Figure
    """Share of cases that end acceptably in every epoch (pass^K); one failure or one slip is enough to lose it."""
    worst_cost: Figure
    """Mean over cases of the dearest epoch's cost (R = 20)."""
    flips: tuple[tuple[str, tuple[tuple[Ending, int], ...]], ...]
    """Cases that ended in more than one way, with how often each, the commonest first."""


def assess_stability(scores: Sequence[SampleScore]) -> Stability:
    """Stability of a run's endings over its epochs."""
    cases: dict[str, list[SampleScore]] = defaultdict(list)
    for score in scores:
        cases[score.case_id].append(score)
    repeated = {case_id: group for case_id, group in cases.items() if len(group) > 1}
    endings = {case_id: Counter(score.ending for score in group) for case_id, group in repeated.items()}
    flips = [
        CaseMeasure(case_id, group[0].subject, 1 - sum((n / len(group)) ** 2 for n in endings[case_id].values()), 1.0)
        for case_id, group in repeated.items()
    ]
    passes = [
        CaseMeasure(case_id, group[0].subject, float(all(map(_is_right, group))), 1.0)
        for case_id, group in repeated.items()
        if group[0].measures["acceptable"].of or group[0].truth is not Truth.OPEN
    ]
    costs = [
        CaseMeasure(case_id, group[0].subject, max(score.measures["cost"].amount for score in group), 1.0)
        for case_id, group in repeated.items()
        if group[0].truth is not Truth.OPEN
    ]
    return Stability(
        epochs=max(map(len, cases.values()), default=0),
        flip_rate=summarise_cases("flip_rate", flips),
        pass_every=summarise_cases("pass_every", passes),
        worst_cost=summarise_cases("worst_cost", costs, MEASURES["cost"].most),
        flips=tuple((case_id, tuple(ends.most_common())) for case_id, ends in sorted(endings.items()) if len(ends) > 1),
    )


def _is_right(score: SampleScore) -> bool:
    """Acceptable where that was labelled, else the end that costs nothing."""
    acceptable = score.measures["acceptable"]
    return acceptable.amount > 0 if acceptable.of else score.measures["cost"].amount == 0
