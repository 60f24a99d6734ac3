"""Exact limits of shares: what a count of misses, or none, allows to be claimed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

from evals.statistics.sums import (
    Clusters,
    Floats,
    StatisticsInvalid,
    Values,
    check_numbers,
    ratio_error,
    sum_clusters,
)


def clopper_pearson(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided limits of k of n; fractional k and n (effective counts) are allowed.

    Clopper and Pearson, Biometrika 26 (1934) 404-413, by quantiles of the beta distribution.
    Raises: StatisticsInvalid unless 0 <= k <= n and n > 0.
    """
    tail = (1.0 - level) / 2.0
    high = upper_bound(k, n, 1.0 - tail)
    return (float(special.betaincinv(k, n - k + 1.0, tail)) if k > 0 else 0.0), high


def upper_bound(k: float, n: float, level: float = 0.95) -> float:
    """Exact one-sided upper limit of k of n: the true share lies below it with confidence ``level``.

    Raises: StatisticsInvalid unless 0 <= k <= n and n > 0.
    """
    if not 0 <= k <= n or n <= 0:
        raise StatisticsInvalid(f"{k} of {n} is no share: the count lies between 0 and a number above 0.")
    return float(special.betainccinv(k + 1.0, n - k, 1.0 - level)) if k < n else 1.0


class Shares(NamedTuple):
    """Clustered shares: ``parts`` of ``wholes``, both of shape (C,), 0 <= parts <= wholes."""

    parts: Floats
    wholes: Floats
    counted: bool
    """The parts count 0/1 units, which cannot tell more than as many independent ones."""
    single: bool
    """Each alert is one such unit, or one an epoch: it is missed or not."""


def sum_shares(amounts: Values, wholes: Values, clusters: Clusters, most: float = 1.0) -> Shares:
    """Sums of amounts / most and of wholes over each cluster; alerts of whole 0 are left out.

    Raises: StatisticsInvalid as ``sum_clusters``, for amounts outside 0 to most * whole, or no whole above 0.
    """
    names = np.asarray(clusters)
    parts, totals = check_numbers(amounts, names.size) / most, check_numbers(wholes, names.size)
    if (parts < 0).any() or (parts > totals * (1 + 1e-9)).any():
        raise StatisticsInvalid(f"An amount lies outside 0 to {most} times its whole: pass the true most, or None.")
    applies = totals > 0
    _, sums, sizes = sum_clusters(names[applies], parts[applies], totals[applies])
    counted = bool((parts == np.round(parts)).all()) and most == 1.0
    return Shares(np.minimum(sums, sizes), sizes, counted, counted and bool(np.ptp(totals[applies]) == 0))


def limit_share(shares: Shares, tail: float) -> tuple[float, float]:
    """Limits of sum(parts)/sum(wholes), the truth lying below the first, and above the second, with probability tail.

    Clopper and Pearson's on the count of independent units that would tell as much, n = p(1-p)/se^2, less for few
    clusters: Korn and Graubard, Survey Methodology 24 (1998) 193-201. Where D clusters alone differ from all the others
    the design effect is drawn by 1/(D+1) towards whole clusters that change as one: none missed counts clusters. The
    first missed alerts never narrow what none would allow.
    """
    low, high = clopper_pearson(*_effective_count(shares, tail), 1.0 - 2.0 * tail)
    if shares.single:
        unseen = 1.0 - tail ** (1.0 / len(shares.wholes))
        rare = shares.parts.sum() * 2 <= shares.wholes.sum()
        low, high = (low, max(high, unseen)) if rare else (min(low, 1.0 - unseen), high)
    return low, high


def effective_upper(amounts: Values, wholes: Values, clusters: Clusters, level: float = 0.95) -> float:
    """One-sided upper limit of sum(amounts)/sum(wholes), as of a miss rate, where alerts of one subject move together.

    amounts, wholes, clusters: one entry an alert, 0 <= amount <= whole; alerts of whole 0 are left out.
    Raises: StatisticsInvalid as ``sum_clusters``, for amounts beyond their whole, and where no whole is above 0.
    """
    return limit_share(sum_shares(amounts, wholes, clusters), 1.0 - level)[1]


def _effective_count(shares: Shares, tail: float) -> tuple[float, float]:
    parts, wholes, counted, _ = shares
    count, whole = len(wholes), float(wholes.sum())
    ratio, size = float(parts.sum()) / whole, whole / count
    telling = min(int((parts > 0).sum()), int((parts < wholes).sum()))
    if count < 2 or not telling or (counted and (wholes == 1).all()):
        return ratio * count, float(count)
    _, se, df = ratio_error(parts, wholes)
    effect = max(se**2 * whole / (ratio * (1.0 - ratio)), 1.0 if counted else 0.0)
    effect += max(size - effect, 0.0) / (telling + 1)
    n = whole / effect * float(special.ndtri(tail) / special.stdtrit(df, tail)) ** 2
    return ratio * n, n


def alerts_needed(share: float, misses: int = 0, level: float = 0.95) -> int:
    """Fewest independent alerts of which ``misses`` may be missed so that the upper limit is ``share`` at most.

    Raises: StatisticsInvalid unless 0 < share < 1 and misses >= 0.
    """
    if not 0 < share < 1 or misses < 0:
        raise StatisticsInvalid(
            f"No number of alerts bounds a share by {share} with {misses} misses: 0 < share < 1, 0 <= misses."
        )
    low, high = misses + 1, misses + 1
    while upper_bound(misses, high, level) > share:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(misses, middle, level) <= share else (middle + 1, high)
    return high
