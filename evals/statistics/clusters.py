"""Standard errors, intervals and resamples of figures whose alerts come in subjects (clusters)."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy import special

from evals.statistics.proportions import limit_share, sum_shares
from evals.statistics.sums import Clusters, Floats, StatisticsInvalid, Values, ratio_error, sum_clusters


class Interval(NamedTuple):
    """A figure with its confidence limits, and how many units and clusters they rest on."""

    value: float
    low: float
    high: float
    units: int
    clusters: int


def cluster_se(d: Values, clusters: Clusters) -> tuple[float, int]:
    """Standard error of the mean of ``d`` where units of one cluster move together, and the number of clusters.

    d, clusters: one entry a unit. The estimator is that of ``evals.statistics.sums.ratio_error``.
    Raises: StatisticsInvalid as ``sum_clusters``, and where there are fewer than two clusters.
    """
    sizes, sums = sum_clusters(clusters, d)
    _need_two(sizes)
    return ratio_error(sums, sizes).se, len(sizes)


def ratio_interval(
    amounts: Values, wholes: Values, clusters: Clusters, level: float = 0.95, most: float | None = 1.0
) -> Interval:
    """Interval of sum(amounts) / sum(wholes), as of a share of quotes, a miss rate or a cost an alert.

    amounts, wholes, clusters: one entry a unit (alert), epochs summed beforehand; units of whole 0 are left out.
    most: the largest amount that a whole of 1 can have: 1 for a share, R for a cost that rises to R. The limits are
    those of ``limit_share``: exact where each cluster is one 0/1 alert, and over clusters at 0 and at all. None:
    an amount without bounds, as seconds; the limits are symmetric, by Student's t.
    Raises: StatisticsInvalid as ``sum_clusters``; for amounts outside 0 to most * whole; where no whole is above 0; for
    an amount without bounds in one cluster alone.
    """
    tail = (1.0 - level) / 2.0
    units = int((np.asarray(wholes) > 0).sum())
    if most is None:
        applies = np.asarray(wholes) > 0
        _, sums, sizes = sum_clusters(
            np.asarray(clusters)[applies], np.asarray(amounts)[applies], np.asarray(wholes)[applies]
        )
        _need_two(sizes)
        mean, se, df = ratio_error(sums, sizes)
        half = float(special.stdtrit(df, 1.0 - tail)) * se
        return Interval(mean, mean - half, mean + half, units, len(sizes))
    shares = sum_shares(amounts, wholes, clusters, most)
    low, high = limit_share(shares, tail)
    value = float(shares.parts.sum() / shares.wholes.sum())
    return Interval(most * value, most * low, most * high, units, len(shares.wholes))


def cluster_bootstrap(
    d: Values, clusters: Clusters, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Bootstrap interval (low, high) of the mean of ``d``, whole clusters being drawn with replacement.

    The percentiles are taken further out than the level asks, by t and sqrt(C/(C-1)), because resamples of few clusters
    vary too little: Hesterberg, What Teachers Should Know About the Bootstrap, Am. Stat. 69 (2015) 371-386.
    Raises: StatisticsInvalid as ``sum_clusters``, and where there are fewer than two clusters.
    """
    sizes, sums = sum_clusters(clusters, d)
    _need_two(sizes)
    count = len(sizes)
    draws = draw_clusters(count, resamples, seed)
    means = (draws @ sums) / (draws @ sizes)
    tail = special.ndtr(sqrt(count / (count - 1)) * special.stdtrit(count - 1, (1.0 - level) / 2.0))
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)


@lru_cache(maxsize=2)
def draw_clusters(count: int, resamples: int, seed: int) -> Floats:
    """How often each of ``count`` clusters is in each resample, shape (resamples, count).

    Kept between calls, as all measures of a run ask for the same; not to be written to.
    """
    shares = np.full(count, 1.0 / count)
    draws = np.random.default_rng(seed).multinomial(count, shares, size=resamples).astype(np.float64)
    draws.flags.writeable = False
    return draws


def _need_two(sizes: Floats) -> None:
    if len(sizes) < 2:
        raise StatisticsInvalid("One subject alone shows no spread: a standard error needs alerts of two or more.")
