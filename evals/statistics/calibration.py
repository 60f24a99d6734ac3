"""Whether a stated probability of escalation means what it says, and how to make it do so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from evals.statistics.clusters import draw_clusters
from evals.statistics.proportions import clopper_pearson
from evals.statistics.sums import Clusters, Floats, StatisticsInvalid, Values, check_numbers

Places = NDArray[np.intp]


class ReliabilityBin(NamedTuple):
    """Units of like probability: what was stated, and what share came true with its exact limits."""

    lowest: float
    highest: float
    stated: float
    share: float
    low: float
    high: float
    units: int


class CalibrationError(NamedTuple):
    """Expected calibration error with bootstrap limits."""

    value: float
    low: float
    high: float
    floor: float
    """What probabilities that are exactly right would show on as many units by chance alone."""


class IsotonicMap(NamedTuple):
    """A rising map from scores to probabilities: knots, straight lines between them, flat beyond."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def map_scores(self, scores: Values) -> Floats:
        """The probabilities of the scores, shape (N,)."""
        return np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.probabilities).astype(np.float64)


def brier(stated: Values, outcomes: Values) -> float:
    """Mean squared distance of stated probability and outcome (0 or 1): 0 is perfect.

    Raises (all functions here): StatisticsInvalid for nothing, differing lengths, or numbers outside 0 to 1.
    """
    p, y = _checked(stated, outcomes)
    return float(np.mean((p - y) ** 2))


def brier_skill(stated: Values, outcomes: Values) -> float:
    """1 - Brier score / Brier score of always stating the base rate: above 0 tells more than the base rate does.

    0.0 where all outcomes are alike: the base rate is then perfect and nothing can be told.
    """
    p, y = _checked(stated, outcomes)
    base = float(np.mean((y.mean() - y) ** 2))
    return 1.0 - brier(p, y) / base if base > 0 else 0.0


def log_loss(stated: Values, outcomes: Values, clip: float = 0.01) -> float:
    """Mean -log of the probability given to what happened, in nats, probabilities kept within clip and 1 - clip."""
    p, y = _checked(stated, outcomes)
    p = np.clip(p, clip, 1.0 - clip)
    return float(-np.mean(y * np.log(p) + (1.0 - y) * np.log(1.0 - p)))


def reliability_table(stated: Values, outcomes: Values, bins: int = 10) -> list[ReliabilityBin]:
    """Bins of about equal numbers of units, equal probabilities never parted; so at most ``bins``, in rising order."""
    p, y = _checked(stated, outcomes)
    places = _bin_places(p, bins)
    rows = []
    for place in range(int(places.max()) + 1):
        here, came = p[places == place], y[places == place]
        low, high = clopper_pearson(float(came.sum()), len(came))
        rows.append(
            ReliabilityBin(
                float(here.min()), float(here.max()), float(here.mean()), float(came.mean()), low, high, len(came)
            )
        )
    return rows


def ece(
    stated: Values,
    outcomes: Values,
    clusters: Clusters | None = None,
    bins: int = 10,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> CalibrationError:
    """Expected calibration error: mean distance of stated and true share over ``bins`` bins of equal mass.

    Naeini et al., AAAI 2015. Limits: bootstrap over clusters (each unit its own if None), reflected about the value, as
    the error of a resample is too large by the noise added to it; from 0 on where the value could be chance alone.
    """
    p, y = _checked(stated, outcomes)
    places = _bin_places(p, bins)
    names = np.arange(len(p)) if clusters is None else np.asarray(clusters)
    if len(names) != len(p):
        raise StatisticsInvalid(f"{len(p)} probabilities do not fit {len(names)} cluster names: pass one name each.")
    _, groups = np.unique(names, return_inverse=True)
    gaps = np.zeros((int(groups.max()) + 1, int(places.max()) + 1))
    np.add.at(gaps, (groups, places), p - y)
    sizes = np.bincount(groups).astype(np.float64)
    value = float(np.abs(gaps.sum(axis=0)).sum() / len(p))
    draws = draw_clusters(len(sizes), resamples, seed)
    drawn = np.abs(draws @ gaps).sum(axis=1) / (draws @ sizes)
    tail = (1.0 - level) / 2.0
    nearest, furthest = np.quantile(drawn, [tail, 1.0 - tail])
    chance = _chance_errors(p, places, seed)
    beyond_chance = value > float(np.quantile(chance, 1.0 - tail))
    low = max(2.0 * value - float(furthest), 0.0) if beyond_chance else 0.0
    high = min(max(2.0 * value - float(nearest), value), 1.0)
    return CalibrationError(value, low, high, float(chance.mean()))


def fit_isotonic(scores: Values, outcomes: Values) -> IsotonicMap:
    """The rising map from scores to probabilities that fits the outcomes best (least squares, pool adjacent violators).

    scores: any finite numbers, more meaning likelier; outcomes: 0 or 1. Fit on dev alone, never on holdout.
    """
    x = np.asarray(scores, dtype=np.float64)
    y = check_numbers(outcomes, x.size)
    x = check_numbers(x, y.size)
    if not x.size:
        raise StatisticsInvalid("No map can be fitted to no scores: check that some alert has one.")
    knots, places, counts = np.unique(x, return_inverse=True, return_counts=True)
    means = np.bincount(places, weights=y) / counts
    fitted = optimize.isotonic_regression(means, weights=counts.astype(np.float64)).x
    return IsotonicMap(tuple(float(one) for one in knots), tuple(float(one) for one in fitted))


def _checked(stated: Values, outcomes: Values) -> tuple[Floats, Floats]:
    p = np.asarray(stated, dtype=np.float64)
    y = check_numbers(outcomes, p.size)
    p = check_numbers(p, y.size)
    if not p.size or p.min() < 0 or p.max() > 1 or y.min() < 0 or y.max() > 1:
        raise StatisticsInvalid("Probabilities and outcomes lie between 0 and 1, and there is at least one of each.")
    return p, y


def _bin_places(p: Floats, bins: int) -> Places:
    """Bin number of each unit by its middle rank, so that equal probabilities share a bin; bins without units close."""
    _, places, counts = np.unique(p, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2.0)[places]
    _, closed = np.unique(np.minimum((middle * bins / len(p)).astype(np.intp), bins - 1), return_inverse=True)
    return closed.astype(np.intp)


def _chance_errors(p: Floats, places: Places, seed: int, draws: int = 500) -> Floats:
    """Calibration errors, shape (draws,), where outcomes are drawn from the very probabilities stated."""
    gaps = p - (np.random.default_rng(seed).random((draws, len(p))) < p)
    member = np.eye(int(places.max()) + 1)[places]
    return np.asarray(np.abs(gaps @ member).sum(axis=1) / len(p))
