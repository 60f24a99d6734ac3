"""Exact bounds, alerts needed and detectable differences: the tables of figures that planning rests on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.statistics.power import design_effect, detectable_difference, needed_units, paired_spread
from evals.statistics.proportions import alerts_needed, clopper_pearson, effective_upper, upper_bound
from evals.statistics.sums import StatisticsInvalid


@pytest.mark.parametrize(
    ("share", "needed"),
    [
        (0.05, [59, 93, 124, 153]),
        (0.02, [149, 236, 313, 386]),
        (0.01, [299, 473, 628, 773]),
        (0.005, [598, 947, 1258, 1549]),
    ],
)
def test_alerts_needed_for_a_bound(share: float, needed: list[int]) -> None:
    assert [alerts_needed(share, misses) for misses in range(4)] == needed


@given(st.floats(0.01, 0.6), st.integers(0, 5), st.sampled_from([0.9, 0.95]))
def test_one_alert_fewer_than_needed_is_not_enough(share: float, misses: int, level: float) -> None:
    needed = alerts_needed(share, misses, level)
    assert upper_bound(misses, needed, level) <= share
    assert needed == misses + 1 or upper_bound(misses, needed - 1, level) > share


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.95]))
def test_exact_limits_are_scipys(counts: tuple[int, int], level: float) -> None:
    k, n = counts
    both = stats.binomtest(k, n).proportion_ci(level, method="exact")
    assert clopper_pearson(k, n, level) == pytest.approx((both.low, both.high), rel=1e-9, abs=1e-12)
    one = stats.binomtest(k, n, alternative="less").proportion_ci(level, method="exact")
    assert upper_bound(k, n, level) == pytest.approx(one.high, rel=1e-9)


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(k: float, n: float) -> None:
    with pytest.raises(StatisticsInvalid):
        clopper_pearson(k, n)
    with pytest.raises(StatisticsInvalid):
        upper_bound(k, n)


@pytest.mark.parametrize(("share", "misses"), [(0.0, 0), (1.0, 0), (0.1, -1)])
def test_bounds_that_no_number_of_alerts_gives_are_refused(share: float, misses: int) -> None:
    with pytest.raises(StatisticsInvalid):
        alerts_needed(share, misses)


def test_no_miss_in_many_alerts_of_few_subjects_counts_the_subjects() -> None:
    clusters = np.repeat(np.arange(59), 5)
    assert effective_upper(np.zeros(295), np.ones(295), clusters) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert effective_upper(np.zeros(295), np.ones(295), np.arange(295)) == pytest.approx(1 - 0.05 ** (1 / 295))


def test_a_first_miss_never_lowers_the_bound() -> None:
    clusters = np.repeat(np.arange(60), 4)
    missed = np.zeros(240)
    bounds = [effective_upper(missed, np.ones(240), clusters)]
    for place in (0, 40, 80, 120, 160):
        missed[place] = 1.0
        bounds.append(effective_upper(missed, np.ones(240), clusters))
    assert all(more >= fewer - 1e-12 for fewer, more in pairwise(bounds))


def test_misses_of_one_subject_weigh_more_than_misses_of_many() -> None:
    clusters, together, apart = np.repeat(np.arange(60), 4), np.zeros(240), np.zeros(240)
    together[:8], apart[::30] = 1.0, 1.0
    assert effective_upper(together, np.ones(240), clusters) > effective_upper(apart, np.ones(240), clusters)


@pytest.mark.parametrize(
    ("spread", "points"),
    [
        (paired_spread(0.05), [6.3, 4.4, 3.1, 2.2, 1.6]),
        (paired_spread(0.10), [8.9, 6.3, 4.4, 3.1, 2.2]),
        (paired_spread(0.20), [12.5, 8.9, 6.3, 4.4, 3.1]),
        ((2 * 0.9 * 0.1) ** 0.5, [11.9, 8.4, 5.9, 4.2, 3.0]),
    ],
)
def test_differences_that_can_be_shown(spread: float, points: list[float]) -> None:
    found = [100 * detectable_difference(units, spread) for units in (100, 200, 400, 800, 1600)]
    assert [round(one, 1) for one in found] == points


def test_clusters_widen_what_can_be_shown_by_the_root_of_the_design_effect() -> None:
    assert design_effect(4, 0.3) == pytest.approx(1.9)
    alone, clustered = detectable_difference(500, 0.3), detectable_difference(500, 0.3, cluster_size=4, icc=0.3)
    assert clustered / alone == pytest.approx(1.9**0.5)


@given(
    st.integers(10, 5000), st.floats(0.05, 2), st.floats(1, 10), st.floats(0, 1), st.sampled_from([1, 2]),
    st.sampled_from([0.8, 0.9]),
)  # fmt: skip
def test_needed_units_undoes_detectable_difference(
    units: int, spread: float, size: float, icc: float, sides: int, power: float
) -> None:
    shown = detectable_difference(units, spread, cluster_size=size, icc=icc, sides=sides, power=power)
    needed = needed_units(shown, spread, cluster_size=size, icc=icc, sides=sides, power=power)
    assert abs(needed - units) <= 1


def test_no_number_of_alerts_shows_no_difference() -> None:
    with pytest.raises(StatisticsInvalid):
        needed_units(0.0, 0.3)
