"""What this set of cases could show of a change, before anything is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from evals.reporting.report import Detectable
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.summary import average_epochs
from evals.statistics.power import design_effect, detectable_difference, paired_spread

DISCORDANCES: Final = (0.02, 0.05, 0.1, 0.2)
"""Shares of alerts that a change scores otherwise."""
ICC: Final = 0.3
"""Correlation assumed of a subject's alerts."""
POWER: Final = 0.8
ALPHA: Final = 0.05
"""Two-sided."""


def tell_detectable(scores: Sequence[SampleScore], measures: Iterable[str]) -> tuple[Detectable, ...]:
    """One row a measure that applies to some case.

    A share of d changed alerts spreads the paired differences by most * sqrt(d), ``most`` being the largest amount of
    the measure; and moves the mean by most * d at the utmost. The cluster size of the design effect is the mean over
    alerts of how many their subject has (Kish).
    """
    rows = (_tell(scores, name) for name in measures)
    return tuple(row for row in rows if row is not None)


def _tell(scores: Sequence[SampleScore], name: str) -> Detectable | None:
    cases = average_epochs(scores, lambda score: score.measures.get(name))
    if not cases:
        return None
    sizes = Counter(case.subject for case in cases)
    size = sum(count**2 for count in sizes.values()) / len(cases)
    most = MEASURES[name].most

    def smallest(share: float) -> float | None:
        spread = most * paired_spread(share)
        found = detectable_difference(len(cases), spread, cluster_size=size, icc=ICC, alpha=ALPHA, power=POWER)
        return found if found <= most * share else None

    return Detectable(
        measure=name,
        alerts=len(cases),
        subjects=len(sizes),
        effect=design_effect(size, ICC),
        differences=tuple(map(smallest, DISCORDANCES)),
    )
