"""Closing without a person only where it is sure enough: what that costs, and which threshold can be vouched for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evals.statistics.proportions import alerts_needed, effective_upper
from evals.statistics.sums import Clusters, Floats, StatisticsInvalid, Values, check_numbers


class RiskCoverage(NamedTuple):
    """What accepting more and more alerts costs, surest first; one entry a distinct certainty, falling."""

    thresholds: Floats
    """Alerts at least this sure are accepted."""
    coverage: Floats
    """Share of all alerts accepted."""
    risk: Floats
    """Share of the accepted that are wrong."""


class ThresholdChoice(NamedTuple):
    """A threshold with what was shown for it, or none where nothing could be shown."""

    threshold: float | None
    coverage: float
    """Share of all alerts at least as sure; 0 where there is no threshold."""
    wrong: int
    accepted: int
    upper: float
    """Upper limit of the share of wrong ones: at the threshold, or, without one, of the first that was tried."""
    tried: int


def risk_coverage(certainty: Values, wrong: Values) -> RiskCoverage:
    """Coverage and risk at every threshold. certainty: finite numbers, more is surer; wrong: 0 or 1, one an alert.

    Raises (all functions here): StatisticsInvalid for nothing, differing lengths, or other outcomes than 0 and 1.
    """
    sure, bad = _checked(certainty, wrong)
    thresholds, places, counts = np.unique(-sure, return_inverse=True, return_counts=True)
    accepted = np.cumsum(counts)
    lost = np.cumsum(np.bincount(places, weights=bad))
    return RiskCoverage(-thresholds, accepted / len(sure), lost / accepted)


def aurc(certainty: Values, wrong: Values) -> float:
    """Area under the risk-coverage curve: mean over ranks of the risk so far, alerts of one certainty in mixed order.

    Geifman and El-Yaniv, NeurIPS 2017. 0 is perfect; the overall share of wrong ones is what a random order gives.
    """
    sure, bad = _checked(certainty, wrong)
    _, places, counts = np.unique(-sure, return_inverse=True, return_counts=True)
    shares = (np.bincount(places, weights=bad) / counts)[np.sort(places)]
    return float(np.mean(np.cumsum(shares) / np.arange(1, len(sure) + 1)))


def choose_threshold(
    certainty: Values, wrong: Values, clusters: Clusters, target: float, level: float = 0.95, steps: int = 20
) -> ThresholdChoice:
    """The loosest threshold under which the share of wrong ones is ``target`` at most, with confidence ``level``.

    Fixed-sequence testing: thresholds from strict to loose, stopping before the first whose upper limit
    (``effective_upper``, subjects as clusters) exceeds the target, so that the error of the whole search is 1 - level
    (Bauer, Stat. Med. 10 (1991) 871-890; Angelopoulos et al., Learn then Test, 2021). The sequence is set by the
    certainties alone: it starts where enough subjects are accepted that one wrong one among them would do (none, where
    there are too few for that), and goes on in ``steps`` equal steps of accepted alerts. Choose on the calibration
    split, confirm on holdout.
    """
    sure, bad = _checked(certainty, wrong)
    names = np.asarray(clusters)
    if len(names) != len(sure):
        raise StatisticsInvalid(f"{len(sure)} certainties do not fit {len(names)} cluster names: pass one name each.")
    order = np.argsort(-sure, kind="stable")
    sure, bad, names = sure[order], bad[order], names[order]
    chosen = ThresholdChoice(None, 0.0, 0, 0, 1.0, 0)
    starts = (_first_certifiable(names, alerts_needed(target, misses, level)) for misses in (1, 0))
    first = next((start for start in starts if start is not None), None)
    if first is None:
        return chosen
    sequence = dict.fromkeys(_tie_ends(sure, np.linspace(first, len(sure), steps + 1)))
    for tried, accepted in enumerate(sequence, start=1):
        upper = effective_upper(bad[:accepted], np.ones(accepted), names[:accepted], level)
        if upper > target:
            return chosen._replace(tried=tried, upper=chosen.upper if chosen.accepted else upper)
        chosen = ThresholdChoice(
            float(sure[accepted - 1]), accepted / len(sure), int(bad[:accepted].sum()), accepted, upper, tried
        )
    return chosen


def _checked(certainty: Values, wrong: Values) -> tuple[Floats, Floats]:
    sure = np.asarray(certainty, dtype=np.float64)
    bad = check_numbers(wrong, sure.size)
    sure = check_numbers(sure, bad.size)
    if not sure.size or not np.isin(bad, (0.0, 1.0)).all():
        raise StatisticsInvalid("Risk needs at least one alert, and outcomes of 0 (right) and 1 (wrong) alone.")
    return sure, bad


def _first_certifiable(names: Floats, needed: int) -> int | None:
    """Fewest of the alerts, in order, that come from ``needed`` subjects; None where all of them come from fewer."""
    _, firsts = np.unique(names, return_index=True)
    return int(np.sort(firsts)[needed - 1]) + 1 if len(firsts) >= needed else None


def _tie_ends(sure: Floats, wanted: Floats) -> list[int]:
    """The numbers of accepted alerts wanted, each raised to the end of its run of equal certainties."""
    return [int(np.searchsorted(-sure, -sure[int(np.ceil(one)) - 1], side="right")) for one in wanted]
