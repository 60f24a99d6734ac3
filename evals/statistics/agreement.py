"""How well two labellers, or a judge and people, agree; and what share a fallible judge's count stands for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from math import sqrt
from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from evals.statistics.sums import Clusters, Floats, StatisticsInvalid

Label = str | int | float | bool | None
Weights = Literal["linear", "quadratic"]
Metric = Literal["nominal", "ordinal", "interval"]


class Agreement(NamedTuple):
    """A coefficient of agreement (1 perfect, 0 chance) with its limits."""

    value: float
    low: float
    high: float
    observed: float
    """Agreement before chance is taken off: the share of equal labels, or 1 - observed disagreement."""
    units: int
    clusters: int


class Prevalence(NamedTuple):
    """A share corrected for the errors of the judge that counted it, with its limits, all within 0 to 1."""

    value: float
    low: float
    high: float


def cohen_kappa(
    first: Sequence[Hashable], second: Sequence[Hashable], clusters: Clusters | None = None, level: float = 0.95
) -> Agreement:
    """Cohen's kappa of two labellers over the same units, jackknife limits over clusters (each unit its own if None).

    Educational and Psychological Measurement 20 (1960) 37-46. Where both always give one same label kappa is 1 here:
    there is nothing to disagree about. Where they agree everywhere, a share of at most 1 - alpha**(1/C) may differ.
    Raises: StatisticsInvalid for no units or differing lengths.
    """
    categories = list(dict.fromkeys([*first, *second]))
    codes = {label: code for code, label in enumerate(categories)}
    tables = _pair_tables([codes[one] for one in first], [codes[one] for one in second], len(categories), clusters)
    costs = 1.0 - np.eye(len(categories))
    return _estimate(tables, lambda table: _kappa(table, costs), len(first), level)


def weighted_kappa(
    first: Sequence[int],
    second: Sequence[int],
    weights: Weights = "quadratic",
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> Agreement:
    """Cohen's kappa of ranks (0, 1, 2 ...), a disagreement costing its distance in ranks, or the square of it.

    Psychological Bulletin 70 (1968) 213-220. Limits and errors as ``cohen_kappa``; a rank below 0 is an error too.
    """
    if any(rank < 0 for rank in (*first, *second)):
        raise StatisticsInvalid("A rank is below 0: leave out labels that stand off the chain of ranks.")
    size = max((*first, *second), default=0) + 1
    tables = _pair_tables(first, second, size, clusters)
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / max(size - 1, 1)
    costs = apart**2 if weights == "quadratic" else apart
    return _estimate(tables, lambda table: _kappa(table, costs), len(first), level)


def krippendorff_alpha(
    ratings: Sequence[Sequence[Label]],
    metric: Metric = "nominal",
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> Agreement:
    """Krippendorff's alpha of any number of labels a unit: of labellers, or of the epochs of one alert.

    ratings: one row a unit; None is no label; rows with fewer than two labels tell nothing and are left out.
    metric: ``ordinal`` and ``interval`` take numbers. Content Analysis (4th ed., 2019), ch. 12. Limits as
    ``cohen_kappa``. Raises: StatisticsInvalid where no unit has two labels, or lengths differ.
    """
    names = np.arange(len(ratings)) if clusters is None else np.asarray(clusters)
    if len(names) != len(ratings):
        raise StatisticsInvalid(f"{len(ratings)} units do not fit {len(names)} cluster names: pass one name a unit.")
    rows = [[label for label in row if label is not None] for row in ratings]
    told = [place for place, row in enumerate(rows) if len(row) > 1]
    if not told:
        raise StatisticsInvalid("No unit has two labels: agreement needs two labellers, or two epochs.")
    labels = {label for place in told for label in rows[place]}
    order = sorted(labels, key=str) if metric == "nominal" else sorted(labels, key=lambda label: float(label or 0))
    codes = {label: code for code, label in enumerate(order)}
    _, groups = np.unique(names[told], return_inverse=True)
    tables = np.zeros((int(groups.max()) + 1, len(order), len(order)))
    for place, group in zip(told, groups, strict=True):
        counts = np.bincount([codes[label] for label in rows[place]], minlength=len(order)).astype(np.float64)
        tables[group] += (np.outer(counts, counts) - np.diag(counts)) / (counts.sum() - 1)
    values = np.array([float(label or 0) for label in order]) if metric != "nominal" else np.zeros(len(order))
    return _estimate(tables, lambda table: _alpha(table, metric, values), len(told), level)


def rogan_gladen(
    positives: float,
    judged: float,
    true_positives: tuple[int, int],
    true_negatives: tuple[int, int],
    level: float = 0.95,
) -> Prevalence:
    """True share behind ``positives`` of ``judged``, the judge's TPR and TNR having been counted on labelled units.

    true_positives: (found, of all positive), true_negatives: (found, of all negative), of the labelled units.
    Rogan and Gladen, Am. J. Epidemiology 107 (1978) 71-76; limits of Lang and Reiczigel, Prev. Vet. Med. 113 (2014)
    13-22, which carry the uncertainty of all three shares.
    Raises: StatisticsInvalid for counts that are no shares, or a judge that is no better than chance.
    """
    for k, n in ((positives, judged), true_positives, true_negatives):
        if not 0 <= k <= n or n <= 0:
            raise StatisticsInvalid(f"{k} of {n} is no share: the count lies between 0 and a number above 0.")
    tpr, tnr = true_positives[0] / true_positives[1], true_negatives[0] / true_negatives[1]
    if tpr + tnr <= 1:
        raise StatisticsInvalid(
            f"A judge with TPR {tpr:.2f} and TNR {tnr:.2f} tells nothing: label more, or change it."
        )
    z = float(special.ndtri(0.5 + level / 2))
    units, sick, sound = judged + z**2, true_positives[1] + 2, true_negatives[1] + 2
    seen, sens, spec = (positives + z**2 / 2) / units, (true_positives[0] + 1) / sick, (true_negatives[0] + 1) / sound
    youden = max(sens + spec - 1, 1e-9)
    middle = (seen + spec - 1) / youden
    by_sens, by_spec = sens * (1 - sens) / sick, spec * (1 - spec) / sound
    shift = 2 * z**2 * (middle * by_sens - (1 - middle) * by_spec)
    half = z * sqrt(seen * (1 - seen) / units + middle**2 * by_sens + (1 - middle) ** 2 * by_spec) / youden
    value, low, high = np.clip(
        [(positives / judged + tnr - 1) / (tpr + tnr - 1), middle + shift - half, middle + shift + half], 0.0, 1.0
    )
    return Prevalence(float(value), float(min(low, value)), float(max(high, value)))


def _pair_tables(first: Sequence[int], second: Sequence[int], size: int, clusters: Clusters | None) -> Floats:
    """Counts of label pairs in each cluster, shape (C, size, size)."""
    names = np.arange(len(first)) if clusters is None else np.asarray(clusters)
    if not len(first) or not len(first) == len(second) == len(names):
        raise StatisticsInvalid(f"{len(first)} and {len(second)} labels, {len(names)} units: pass one of each a unit.")
    _, groups = np.unique(names, return_inverse=True)
    tables = np.zeros((int(groups.max()) + 1, size, size))
    np.add.at(tables, (groups, np.asarray(first), np.asarray(second)), 1.0)
    return tables


def _kappa(table: Floats, costs: Floats) -> tuple[float, float, float]:
    """(kappa, 1 - observed disagreement, chance disagreement) of one table of counts."""
    shares = table / table.sum()
    chance = float((np.outer(shares.sum(axis=1), shares.sum(axis=0)) * costs).sum())
    seen = float((shares * costs).sum())
    return (1.0 - seen / chance if chance > 0 else 1.0), 1.0 - seen, chance


def _alpha(table: Floats, metric: Metric, values: Floats) -> tuple[float, float, float]:
    """(alpha, 1 - observed disagreement, chance disagreement) of one table of coincidences."""
    totals = table.sum(axis=0)
    whole = float(totals.sum())
    if metric == "ordinal":
        upto = np.cumsum(totals) - totals / 2.0
        costs = np.subtract.outer(upto, upto) ** 2
    elif metric == "interval":
        costs = np.subtract.outer(values, values) ** 2
    else:
        costs = 1.0 - np.eye(len(totals))
    costs = costs / costs.max() if costs.max() > 0 else costs
    chance = float((np.outer(totals, totals) * costs).sum()) / (whole * (whole - 1.0))
    seen = float((table * costs).sum()) / whole
    return (1.0 - seen / chance if chance > 0 else 1.0), 1.0 - seen, chance


def _estimate(
    tables: Floats, coefficient: Callable[[Floats], tuple[float, float, float]], units: int, level: float
) -> Agreement:
    """The coefficient of all clusters' tables (C, K, K) with limits from leaving out one cluster at a time."""
    total, count = tables.sum(axis=0), len(tables)
    value, observed, chance = coefficient(total)
    if count < 2:
        return Agreement(value, -1.0, 1.0, observed, units, count)
    left = [coefficient(total - table)[0] for table in tables if (total - table).sum() > 0]
    se = sqrt((count - 1) / count * float(np.sum((np.asarray(left) - np.mean(left)) ** 2)))
    half = float(special.stdtrit(count - 1, 0.5 + level / 2)) * se
    if observed >= 1.0 - 1e-12:
        half = (1.0 - (1.0 - level) ** (1.0 / count)) / chance if chance > 0 else 2.0
    return Agreement(value, max(value - half, -1.0), min(value + half, 1.0), observed, units, count)
