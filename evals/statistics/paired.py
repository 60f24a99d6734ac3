"""Paired comparison of two runs over the same alerts: better, worse, no worse than a margin, or not to be told."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple, Self

import numpy as np
from scipy import optimize, special

from evals.statistics.sums import Clusters, Floats, StatisticsInvalid, Values, check_numbers, ratio_error, sum_clusters


class PairedTest(NamedTuple):
    """What a comparison of run B with run A showed of one measure. ``difference`` = mean of B minus A, in its unit."""

    difference: float
    se: float
    """Clustered standard error of the difference. Where nothing changed: what would give the exact interval."""
    low: float
    high: float
    """Limits of the two-sided interval of level 1 - alpha."""
    p_different: float
    """Two-sided p-value of no difference."""
    p_worse: float
    """One-sided: small where B is worse than A."""
    p_not_inferior: float
    """One-sided: small where B is not worse than A by as much as the margin."""
    clusters: int
    units: int
    worst: float
    """One-sided limit of level 1 - alpha on the bad side: the true difference may be as bad as this. Where higher is
    better it lies above ``-margin``, where lower is better below ``margin``, exactly where p_not_inferior < alpha."""
    changed: int
    """Clusters in which the sum of the differences is not 0."""


def compare_paired(
    d: Values, clusters: Clusters, margin: float, better: str, alpha: float = 0.05, reach: float = 1.0
) -> PairedTest:
    """Test the differences ``d``, B minus A, one an alert, epochs averaged before, alerts of a subject moving together.

    clusters: the subject of each alert. margin: the loss that would still be borne, >= 0, in the unit of ``d``.
    better: ``higher`` or ``lower``. reach: the largest difference one alert can show (1 for shares, R for a cost that
    rises to R); it bounds what few subjects cannot show.

    Of a difference: Student's t on the clustered error; exact McNemar where each subject has one alert scored 0/1;
    never a smaller p-value than flipping the signs of the changed clusters could give. Of a margin, and for the limits:
    a score test, see ``_Spread``. Where all clusters are alike (no alert changed, say), a share of at most
    1 - alpha**(1/C) of the subjects can be otherwise: that is the half width. Flips that do not add up to a gain never
    make B look safer than no flips would.
    With one cluster nothing can be told: the interval is -reach to reach and every p-value 1.
    Raises: StatisticsInvalid for no alerts, differing lengths, numbers that are not finite, a negative margin, or
    another word in ``better``.
    """
    if margin < 0 or reach <= 0 or better not in ("higher", "lower"):
        raise StatisticsInvalid(f"margin {margin}, reach {reach}, better {better!r}: >= 0, > 0, 'higher' or 'lower'.")
    sign = 1.0 if better == "higher" else -1.0
    gains = sign * np.asarray(d, dtype=np.float64)
    sizes, sums = sum_clusters(clusters, gains)
    scale = max(reach, float(np.abs(gains).max()))
    test = _test_gains(sums / scale, sizes, min(margin / scale, 1.0), alpha)
    if (sizes == 1).all() and np.isin(gains, (-1.0, 0.0, 1.0)).all():
        test = _with_exact(test, int((gains > 0).sum()), int((gains < 0).sum()))
    if test.p_different >= alpha:
        test = test._replace(low=min(test.low, 0.0), high=max(test.high, 0.0))
    low, high = sorted((sign * test.low * scale + 0.0, sign * test.high * scale + 0.0))
    return test._replace(
        difference=sign * test.difference * scale,
        se=test.se * scale,
        low=low,
        high=high,
        worst=sign * test.worst * scale,
    )


def mcnemar_exact(a: Values, b: Values) -> float:
    """Two-sided exact p-value of McNemar's test on two vectors of 0 and 1; right where every subject has one alert.

    1.0 where nothing is discordant. Raises: StatisticsInvalid for other numbers than 0 and 1, or differing lengths.
    """
    first = np.asarray(a, dtype=np.float64)
    second = check_numbers(b, first.size)
    if not np.isin([first, second], (0.0, 1.0)).all():
        raise StatisticsInvalid("McNemar's test takes scores of 0 and 1 alone: compare others with compare_paired.")
    up, down = int((second > first).sum()), int((second < first).sum())
    return min(1.0, 2.0 * _binomial_tail(max(up, down), up + down))


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variance of the mean gain, if the true gain were some other than the one seen.

    The error of a mean shrinks by chance where few alerts got worse, and a margin would then be met too easily (up to
    20 % of the time instead of 5 %: ``python -m tests.bench.eval_statistics``). So a margin is tested with the variance
    that it would itself bring about: Tango's score test of paired shares (Stat. Med. 17 (1998) 891-908) on effective
    counts, alerts that change together counting as one. What has not been seen to change may change by whole clusters:
    that weighs 1/(changed + 1). At a gain of 0 all this is the plain clustered variance.
    """

    variance: float
    units: float
    gained: float
    lost: float
    lump: float
    """Mean change of a changed cluster, weighted by its size, in alerts."""
    unseen: float
    """By how much lumps may be larger than those seen."""

    @classmethod
    def of(cls, sums: Floats, sizes: Floats, variance: float) -> Self:
        """The spread of gains of shape (C,) within -1 to 1 an alert."""
        moved = float(np.abs(sums).sum())
        lump = float((sums**2).sum()) / moved if moved else 0.0
        changed = int((sums != 0).sum())
        unseen = max(float(sizes.mean()) - lump, 0.0) / (changed + 1)
        gained = float(sums[sums > 0].sum())
        return cls(variance, float(sizes.sum()), gained, moved - gained, lump, unseen)

    def at(self, gain: float) -> float:
        """Variance of the mean, were ``gain`` (-1 to 1) the truth."""
        size = abs(gain)
        forced = 0.0
        if self.lump:
            along, against = (self.lost, self.gained) if gain < 0 else (self.gained, self.lost)
            trials, with_it, other = self.units / self.lump, along / self.lump, against / self.lump
            linear = other * (1 - 3 * size) + with_it * (1 - size) - 2 * (trials - other - with_it) * size
            share = (linear + sqrt(linear**2 + 8 * trials * other * size * (1 - size))) / (4 * trials)
            forced = max((2 * share + size - size**2 - (other + with_it) / trials) / trials, 0.0)
        return self.variance + forced + self.unseen * size / self.units


def _test_gains(sums: Floats, sizes: Floats, margin: float, alpha: float) -> PairedTest:
    """The test of gains (higher is better) that lie within -1 and 1 an alert; sums and sizes of shape (C,)."""
    count, units = len(sizes), int(sizes.sum())
    sums = np.where(np.abs(sums) < 1e-12, 0.0, sums)
    changed = int((sums != 0).sum())
    if count < 2:
        return PairedTest(float(sums.sum()) / units, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, count, units, -1.0, changed)
    mean, se, df = ratio_error(sums, sizes)
    two_sided, one_sided = float(special.stdtrit(df, 1 - alpha / 2)), float(special.stdtrit(df, 1 - alpha))
    half = 1.0 - alpha ** (1.0 / count)
    if se < 1e-12:
        low, high, worst = max(mean - half, -1.0), min(mean + half, 1.0), max(mean - half, -1.0)
        p_different, p_worse = min(1.0, 2.0 ** (1 - changed)), 2.0**-changed if mean < 0 else 1.0
        p_not_inferior = (1.0 - min(max(mean + margin, 0.0), 1.0)) ** count
        se = half / two_sided
    else:
        spread = _Spread.of(sums, sizes, se**2)
        low, high, worst = (_limit(spread, mean, times) for times in (-two_sided, two_sided, -one_sided))
        p_different = min(1.0, max(2.0 * float(special.stdtr(df, -abs(mean) / se)), 2.0 ** (1 - changed)))
        p_worse = max(float(special.stdtr(df, mean / se)), 2.0**-changed)
        p_not_inferior = float(special.stdtr(df, -(mean + margin) / sqrt(spread.at(-margin))))
        if mean <= 1e-12 and spread.lump >= 1:  # differences that cancel leave a rounding error behind
            worst, p_not_inferior = min(worst, -half), max(p_not_inferior, (1.0 - margin) ** count)
            low = min(low, worst)
    return PairedTest(mean, se, low, high, p_different, p_worse, p_not_inferior, count, units, worst, changed)


def _limit(spread: _Spread, mean: float, quantile: float) -> float:
    """The true gain at which the mean seen would just be ``quantile`` errors away; -1 or 1 where there is none."""
    end = float(np.sign(quantile))

    def beyond(gain: float) -> float:
        return (gain - mean) * end - abs(quantile) * sqrt(spread.at(gain))

    if beyond(end) <= 0:
        return end
    if beyond(mean) >= 0:
        return mean
    return float(optimize.brentq(beyond, mean, end, xtol=1e-9))


def _with_exact(test: PairedTest, gains: int, losses: int) -> PairedTest:
    """The same with the exact p-values of McNemar's test, right where every cluster is one 0/1 alert."""
    discordant = gains + losses
    both = min(1.0, 2.0 * _binomial_tail(max(gains, losses), discordant))
    return test._replace(p_different=both, p_worse=_binomial_tail(losses, discordant))


def _binomial_tail(k: int, n: int) -> float:
    """P(at least k of n) for fair coins; 1.0 at k = 0."""
    return float(special.bdtrc(k - 1, n, 0.5)) if k else 1.0
