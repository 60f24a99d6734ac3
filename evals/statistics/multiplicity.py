"""p-values of several tests at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evals.statistics.sums import StatisticsInvalid


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given: below alpha means rejected with family-wise error alpha.

    Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979) 65-70.
    Raises: StatisticsInvalid for a number outside 0 to 1.
    """
    if any(not 0.0 <= p <= 1.0 for p in p_values):
        raise StatisticsInvalid(f"p-values lie between 0 and 1: {list(p_values)}")
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    raised = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    adjusted = np.empty_like(raised)
    adjusted[order] = raised
    return [float(one) for one in adjusted]
