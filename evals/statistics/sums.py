"""Sums over clusters: what every clustered figure is made of."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.errors import InputError

Floats = NDArray[np.float64]
Values = Sequence[float] | NDArray[Any]
Clusters = Sequence[str] | Sequence[int] | NDArray[Any]


class StatisticsInvalid(InputError):
    """Numbers no figure can be made of: none at all, not finite, of differing lengths, or outside their range."""


class MeanError(NamedTuple):
    """A mean, its clustered standard error, and the degrees of freedom of the t distribution that belongs to it."""

    mean: float
    se: float
    df: float


def sum_clusters(clusters: Clusters, *columns: Values) -> tuple[Floats, ...]:
    """Sizes of the clusters, then the sums of each column over each cluster.

    Returns: 1 + len(columns) arrays of shape (C,), clusters in sorted order.
    Raises: StatisticsInvalid where there is nothing, lengths differ or a number is not finite.
    """
    names = np.asarray(clusters)
    if not names.size:
        raise StatisticsInvalid("No figure can be made of no alerts: check that the measure applies to some case.")
    arrays = [check_numbers(column, names.size) for column in columns]
    _, places = np.unique(names, return_inverse=True)
    sizes = np.bincount(places).astype(np.float64)
    sums = [np.bincount(places, weights=array).astype(np.float64) for array in arrays]
    return (sizes, *sums)


def check_numbers(numbers: Values, size: int) -> Floats:
    """The numbers as an array of shape (size,). Raises: StatisticsInvalid for another length or what is not finite."""
    array = np.asarray(numbers, dtype=np.float64)
    if array.shape != (size,):
        raise StatisticsInvalid(f"{array.size} numbers stand beside {size} others: pass one for each alert.")
    if not np.isfinite(array).all():
        raise StatisticsInvalid("A number is infinite or not a number: leave out alerts the measure does not apply to.")
    return array


def ratio_error(sums: Floats, sizes: Floats) -> MeanError:
    """Ratio sum(sums)/sum(sizes) of C >= 2 clusters, its linearised standard error and degrees of freedom.

    sums, sizes: shape (C,), all sizes above 0. The error is CR2 of Bell and McCaffrey (Survey Methodology 28 (2002)
    169-181), the degrees of freedom are their Satterthwaite's for a mean: with clusters of one size exactly
    sqrt(C/(C-1) * sum of squared residual sums) / N, as in Miller, Adding Error Bars to Evals, arXiv 2411.00640,
    appendix A, and C - 1. With clusters of very differing sizes those would be too narrow.
    """
    whole = float(sizes.sum())
    ratio = float(sums.sum()) / whole
    residuals = sums - ratio * sizes
    stretch = 1.0 / (1.0 - sizes / whole)
    se = sqrt(float(np.sum(residuals**2 * stretch))) / whole
    squares = sizes**2
    spread = squares.sum() + ((stretch * squares).sum() ** 2 - ((stretch * squares) ** 2).sum()) / whole**2
    return MeanError(ratio, se, float(whole**2 / spread))
