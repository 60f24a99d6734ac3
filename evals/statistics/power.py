"""How small a difference a set of alerts can show, and how many alerts a difference needs.

Normal approximation throughout: N = (z[1-alpha/sides] + z[power])^2 * spread^2 * deff / difference^2.
"""

from __future__ import annotations

from math import ceil, sqrt

from scipy import special

from evals.statistics.sums import StatisticsInvalid


def design_effect(cluster_size: float, icc: float) -> float:
    """Factor by which clusters of m alerts, correlated by ``icc``, widen a variance: 1 + (m - 1) * ICC (Kish)."""
    return 1.0 + (cluster_size - 1.0) * icc


def paired_spread(discordance: float) -> float:
    """Standard deviation of B minus A for 0/1 scores of which a share ``discordance`` (0 to 1) differs."""
    return sqrt(discordance)


def detectable_difference(
    units: float,
    spread: float,
    *,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    sides: int = 2,
) -> float:
    """Smallest true difference that ``units`` paired alerts show with probability ``power`` (the MDE), in d's unit.

    spread: standard deviation of the paired differences (``paired_spread`` for 0/1 scores). After a comparison it is
    ``test.se * sqrt(test.units)``, which holds the design effect already. sides: 2 for a difference, 1 for a margin.
    """
    needed = _quantiles(alpha, power, sides) * spread
    return needed * sqrt(design_effect(cluster_size, icc) / units)


def needed_units(
    difference: float,
    spread: float,
    *,
    cluster_size: float = 1.0,
    icc: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    sides: int = 2,
) -> int:
    """Paired alerts that show a true ``difference`` (> 0) with probability ``power``: inverse of the above.

    For non-inferiority pass ``sides=1`` and as difference the margin plus the true gain that may be hoped for.
    Raises: StatisticsInvalid where the difference is not above 0: no number of alerts would show it.
    """
    if difference <= 0:
        raise StatisticsInvalid(f"A difference of {difference} needs endlessly many alerts: pass one above 0.")
    needed = _quantiles(alpha, power, sides) * spread / difference
    return ceil(needed**2 * design_effect(cluster_size, icc) - 1e-9)


def _quantiles(alpha: float, power: float, sides: int) -> float:
    return float(special.ndtri(1.0 - alpha / sides) + special.ndtri(power))
