"""Assignment: pairing gold with drafted one to one, as many pairs as there can be, the best ones among those."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.optimize import linear_sum_assignment


def assign_pairs(alike: Sequence[Sequence[float | None]]) -> list[tuple[int, int]]:
    """Rows to columns, one to one: ``alike[row][column]`` is how well they fit, 0 or more; None where they may not.

    The number of pairs comes before their fit, so that taking a column away never yields more pairs.
    """
    if not alike or not alike[0]:
        return []
    fits = [fit for row in alike for fit in row if fit is not None]
    if not fits:
        return []
    base = max(fits) * min(len(alike), len(alike[0])) + 1
    weights = [[0.0 if fit is None else base + fit for fit in row] for row in alike]
    rows, columns = linear_sum_assignment(weights, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if alike[row][column] is not None]
