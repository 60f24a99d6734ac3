"""Clustered errors, intervals of ratios and the bootstrap, against closed forms, scipy and simulated truth."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evals.statistics.clusters import cluster_bootstrap, cluster_se, ratio_interval
from evals.statistics.sums import StatisticsInvalid, ratio_error

RANDOM = np.random.default_rng(7)
PAIRS = st.lists(st.tuples(st.floats(-1, 1).map(lambda x: round(x, 3)), st.integers(0, 8)), min_size=4, max_size=60)


def two_clusters(rows: list[tuple[float, int]]) -> bool:
    return len({cluster for _, cluster in rows}) > 1


def test_alone_each_unit_gives_the_plain_standard_error() -> None:
    d = RANDOM.normal(size=40)
    se, count = cluster_se(d, np.arange(40))
    assert (se, count) == pytest.approx((stats.sem(d), 40), rel=1e-12)
    assert ratio_error(d, np.ones(40)).df == pytest.approx(39)


def test_clusters_of_one_size_give_the_formula_of_the_paper() -> None:
    d, clusters = RANDOM.normal(size=60), np.repeat(np.arange(12), 5)
    sums = (d - d.mean()).reshape(12, 5).sum(axis=1)
    assert cluster_se(d, clusters)[0] == pytest.approx(sqrt((sums**2).sum() * 12 / 11) / 60, rel=1e-12)
    assert ratio_error(d.reshape(12, 5).sum(axis=1), np.full(12, 5.0)).df == pytest.approx(11)


def test_copies_of_an_alert_add_no_precision() -> None:
    d = RANDOM.normal(size=30)
    alone = cluster_se(d, np.arange(30))[0]
    assert cluster_se(np.repeat(d, 4), np.repeat(np.arange(30), 4))[0] == pytest.approx(alone, rel=1e-12)


def test_one_large_cluster_leaves_few_degrees_of_freedom() -> None:
    sizes = np.array([50.0, *np.ones(49)])
    assert ratio_error(np.zeros(50), sizes).df < 6


@given(PAIRS.filter(two_clusters))
def test_order_and_names_of_the_clusters_do_not_matter(rows: list[tuple[float, int]]) -> None:
    d, clusters = zip(*rows, strict=True)
    named = [f"subject-{9 - cluster}" for cluster in reversed(clusters)]
    assert cluster_se(list(reversed(d)), named) == pytest.approx(cluster_se(d, clusters), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("d", "clusters"),
    [([], []), ([1.0], ["a"]), ([1.0, 2.0], ["a", "a"]), ([1.0], ["a", "b"]), ([1.0, float("nan")], ["a", "b"])],
)
def test_what_no_error_can_be_made_of_is_refused(d: list[float], clusters: list[str]) -> None:
    with pytest.raises(StatisticsInvalid):
        cluster_se(d, clusters)
    with pytest.raises(StatisticsInvalid):
        cluster_bootstrap(d, clusters)


def test_the_interval_of_independent_units_is_clopper_and_pearsons() -> None:
    interval = ratio_interval([1.0] * 7 + [0.0] * 43, [1.0] * 50, range(50))
    exact = stats.binomtest(7, 50).proportion_ci(0.95, method="exact")
    assert interval.value == pytest.approx(0.14)
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert (interval.units, interval.clusters) == (50, 50)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_at_none_and_at_all_the_interval_counts_subjects(share: float) -> None:
    interval = ratio_interval([share] * 200, [1.0] * 200, np.repeat(np.arange(40), 5))
    exact = stats.binomtest(int(40 * share), 40).proportion_ci(0.95, method="exact")
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_clusters_that_move_as_one_count_as_one() -> None:
    right = RANDOM.random(60) < 0.4
    whole = ratio_interval(np.repeat(right, 5), np.ones(300), np.repeat(np.arange(60), 5))
    single = ratio_interval(right, np.ones(60), np.arange(60))
    assert whole.high - whole.low == pytest.approx(single.high - single.low, rel=0.05)


def test_one_lost_quote_does_not_suddenly_count_quotes() -> None:
    """200 alerts of 40 subjects with 1000 quotes: 0 lost bounds the share by 8.8 %; of 1000 quotes, 1 by 0.6 %."""
    lost, quotes, clusters = np.zeros(200), np.tile([4.0, 6.0], 100), np.repeat(np.arange(40), 5)
    none = ratio_interval(lost, quotes, clusters)
    lost[0] = 1.0
    one = ratio_interval(lost, quotes, clusters)
    assert none.high > one.high > 0.5 * none.high


def test_the_value_is_the_ratio_of_the_sums_and_foreign_units_are_left_out() -> None:
    interval = ratio_interval([3, 1, 0, 4], [4, 1, 0, 5], ["a", "b", "c", "d"])
    assert (interval.value, interval.units, interval.clusters) == pytest.approx((0.8, 3, 3))


def test_a_cost_has_limits_in_its_own_unit() -> None:
    costs = [0.0] * 60 + [20.0] * 2 + [0.3] * 20
    interval = ratio_interval(costs, [1.0] * 82, range(82), most=20.0)
    share = ratio_interval(np.array(costs) / 20, [1.0] * 82, range(82))
    assert interval.value == pytest.approx(sum(costs) / 82)
    assert (interval.low, interval.high) == pytest.approx((20 * share.low, 20 * share.high))
    assert 0 < interval.low < interval.value < interval.high < 20


def test_an_amount_without_bounds_has_students_limits() -> None:
    seconds = RANDOM.exponential(3.0, size=25)
    interval = ratio_interval(seconds, np.ones(25), np.arange(25), most=None)
    low, high = stats.t.interval(0.95, 24, loc=seconds.mean(), scale=stats.sem(seconds))
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(
    ("amounts", "wholes", "most"),
    [
        ([2.0, 1.0], [1.0, 1.0], 1.0),
        ([-1.0, 0.0], [1.0, 1.0], 1.0),
        ([0.0, 0.0], [0.0, 0.0], 1.0),
        ([5.0], [1.0], None),
    ],
)
def test_impossible_shares_are_refused(amounts: list[float], wholes: list[float], most: float | None) -> None:
    with pytest.raises(StatisticsInvalid):
        ratio_interval(amounts, wholes, [str(place) for place in range(len(amounts))], most=most)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=50).filter(
        lambda rows: any(extra + right for right, extra, _ in rows)
    ),
    st.sampled_from([0.8, 0.95]),
)
def test_limits_enclose_the_value_and_stay_within_0_and_1(rows: list[tuple[int, int, int]], level: float) -> None:
    amounts, extra, clusters = (np.array(column) for column in zip(*rows, strict=True))
    interval = ratio_interval(amounts, amounts + extra, clusters, level)
    assert 0 <= interval.low <= interval.value + 1e-9
    assert interval.value - 1e-9 <= interval.high <= 1
    assert interval.low < interval.high


def test_the_interval_holds_a_rare_clustered_truth() -> None:
    """Where the plain interval of Student's t holds it four times in five."""
    clusters, held = np.repeat(np.arange(80), 4), 0
    for _ in range(300):
        whole, own = RANDOM.random(80)[clusters] < 0.03, RANDOM.random(320) < 0.03
        wrong = np.where(RANDOM.random(320) < sqrt(0.3), whole, own)
        interval = ratio_interval(wrong, np.ones(320), clusters)
        held += interval.low <= 0.03 <= interval.high
    assert held >= 280


def test_the_bootstrap_agrees_with_students_limits_and_repeats_itself() -> None:
    d, clusters = RANDOM.normal(0.1, 0.3, size=400), np.repeat(np.arange(100), 4)
    se, count = cluster_se(d, clusters)
    half = stats.t.ppf(0.975, count - 1) * se
    low, high = cluster_bootstrap(d, clusters, resamples=8000)
    assert (low, high) == pytest.approx((d.mean() - half, d.mean() + half), abs=0.15 * half)
    assert cluster_bootstrap(d, clusters, resamples=8000) == (low, high)
    assert cluster_bootstrap(d, clusters, resamples=8000, seed=1) != (low, high)
