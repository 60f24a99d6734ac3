"""The paired comparison: against exact tests, its symmetries, its floors under certainty, and simulated null pairs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from evals.statistics.clusters import cluster_se
from evals.statistics.multiplicity import holm
from evals.statistics.paired import PairedTest, compare_paired, mcnemar_exact
from evals.statistics.sums import StatisticsInvalid

RANDOM = np.random.default_rng(11)
CLUSTERS = np.repeat(np.arange(100), 3)
CHANGES = st.lists(st.tuples(st.sampled_from([-1, -0.5, 0, 0, 0, 1]), st.integers(0, 12)), min_size=2, max_size=60)


def changes(gains: int, losses: int, units: int) -> list[float]:
    return [1.0] * gains + [-1.0] * losses + [0.0] * (units - gains - losses)


def test_of_a_difference_it_is_students_test_on_the_clustered_error() -> None:
    d = RANDOM.choice([-1.0, 0.0, 1.0], size=300, p=[0.12, 0.8, 0.08])
    test = compare_paired(d, CLUSTERS, 0.02, "higher")
    se, count = cluster_se(d, CLUSTERS)
    assert (test.difference, test.se) == pytest.approx((d.mean(), se))
    assert test.p_different == pytest.approx(2 * stats.t.sf(abs(d.mean()) / se, count - 1), rel=1e-9)
    assert test.p_worse == pytest.approx(stats.t.cdf(d.mean() / se, count - 1), rel=1e-9)
    assert (test.clusters, test.units) == (100, 300)


def test_alone_each_alert_is_compared_by_mcnemars_exact_test() -> None:
    test = compare_paired(changes(4, 13, 200), range(200), 0.02, "higher")
    assert test.p_different == pytest.approx(stats.binomtest(4, 17).pvalue)
    assert test.p_worse == pytest.approx(stats.binomtest(4, 17, alternative="less").pvalue)


@pytest.mark.parametrize(("up", "down"), [(0, 0), (0, 5), (3, 3), (1, 9), (12, 4)])
def test_mcnemar_is_the_sign_test_of_the_discordant(up: int, down: int) -> None:
    a, b = [0] * up + [1] * down + [1, 0], [1] * up + [0] * down + [1, 0]
    expected = stats.binomtest(up, up + down).pvalue if up + down else 1.0
    assert mcnemar_exact(a, b) == pytest.approx(expected)


@pytest.mark.parametrize(("a", "b"), [([0, 1], [0]), ([0, 2], [0, 1]), ([0.5], [1])])
def test_mcnemar_refuses_other_scores(a: list[float], b: list[float]) -> None:
    with pytest.raises(StatisticsInvalid):
        mcnemar_exact(a, b)


def test_without_any_change_a_share_of_subjects_may_still_differ() -> None:
    test = compare_paired([0.0] * 300, CLUSTERS, 0.02, "higher")
    half = 1 - 0.05 ** (1 / 100)
    assert (test.low, test.high, test.worst) == pytest.approx((-half, half, -half))
    assert (test.p_different, test.p_worse) == (1.0, 1.0)
    assert test.p_not_inferior == pytest.approx(0.98**100)
    assert test.p_not_inferior > 0.05


def test_enough_subjects_without_any_change_show_that_it_is_no_worse() -> None:
    test = compare_paired([0.0] * 200, range(200), 0.02, "higher")
    assert test.p_not_inferior < 0.05
    assert test.worst > -0.02


def test_a_lost_alert_never_makes_the_run_look_safer() -> None:
    tests = [compare_paired(changes(0, losses, 300), CLUSTERS, 0.02, "higher") for losses in range(12)]
    assert all(test.p_not_inferior >= tests[0].p_not_inferior for test in tests)
    assert all(test.worst <= tests[0].worst for test in tests)
    assert all(more.p_worse <= fewer.p_worse for fewer, more in pairwise(tests))


def test_one_gained_alert_shows_little_more_than_none_would() -> None:
    """Student's t would say p = 0.0000004: one gain has hardly any spread, and says nothing about losses."""
    test = compare_paired(changes(1, 0, 200), range(200), 0.02, "higher")
    assert 0.5 * 0.98**200 < test.p_not_inferior < 0.98**200


def test_what_few_changes_leave_unseen_may_be_whole_subjects() -> None:
    subjects = compare_paired(changes(1, 0, 500), np.repeat(np.arange(50), 10), 0.02, "higher")
    alerts = compare_paired(changes(1, 0, 500), range(500), 0.02, "higher")
    assert subjects.p_not_inferior > 0.05
    assert alerts.p_not_inferior < 0.001


@pytest.mark.parametrize(("gains", "losses", "margin"), [(10, 14, 0.05), (3, 6, 0.05), (25, 20, 0.02), (0, 4, 0.04)])
def test_a_margin_alone_each_alert_is_tested_as_by_tango(gains: int, losses: int, margin: float) -> None:
    """The most likely shares under a difference of -margin, found by search, not by the quadratic equation."""
    units = 300

    def unlikelihood(gained: float) -> float:
        lost, kept = gained + margin, 1 - 2 * gained - margin
        return -float(special.xlogy(gains, gained) + losses * np.log(lost) + (units - gains - losses) * np.log(kept))

    gained = optimize.minimize_scalar(unlikelihood, bounds=(0, (1 - margin) / 2), options={"xatol": 1e-10}).x
    z = ((gains - losses) / units + margin) / np.sqrt((2 * gained + margin - margin**2) / units)
    test = compare_paired(changes(gains, losses, units), range(units), margin, "higher")
    assert test.p_not_inferior == pytest.approx(stats.norm.sf(z), rel=0.1)


def test_equal_gains_everywhere_are_no_certainty() -> None:
    test = compare_paired([1.0] * 5, ["a", "b", "c", "d", "e"], 0.1, "higher")
    assert test.p_different == pytest.approx(2**-4)
    assert (test.low, test.high) == (0.0, 1.0)
    assert 0 < test.worst < 1


def test_one_subject_tells_nothing() -> None:
    test = compare_paired([1.0, 0.0, 1.0], ["a"] * 3, 0.1, "lower")
    assert (test.low, test.high, test.p_different, test.p_worse, test.p_not_inferior) == (-1, 1, 1, 1, 1)


def test_p_values_are_no_smaller_than_flipped_signs_allow() -> None:
    """Four subjects changed for the better: t alone would say p = 0.048."""
    d = np.zeros(300)
    d[[0, 3, 6, 9]] = 1.0
    test = compare_paired(d, CLUSTERS, 0.02, "higher")
    assert test.p_different == pytest.approx(2 * 0.5**4)
    assert test.low <= 0 <= test.high


@given(CHANGES, st.floats(0, 0.3))
def test_lower_is_better_mirrors_higher_is_better(rows: list[tuple[float, int]], margin: float) -> None:
    d, clusters = (np.array(column) for column in zip(*rows, strict=True))
    up, down = compare_paired(d, clusters, margin, "higher"), compare_paired(-d, clusters, margin, "lower")
    assert (up.difference, up.low, up.high, up.worst) == pytest.approx(
        (-down.difference, -down.high, -down.low, -down.worst)
    )
    assert up.p_different == down.p_different
    assert (up.p_worse, up.p_not_inferior) == (down.p_worse, down.p_not_inferior)


@given(CHANGES, st.floats(0.001, 0.3))
def test_a_cost_scales_with_its_reach(rows: list[tuple[float, int]], margin: float) -> None:
    d, clusters = (np.array(column) for column in zip(*rows, strict=True))
    # Halves keep the exact test for scores of 0 and 1 out of both.
    share, cost = (compare_paired(f * d, clusters, f * margin, "lower", reach=f) for f in (0.5, 20.0))
    assert cost.p_not_inferior == pytest.approx(share.p_not_inferior, abs=1e-6)
    assert (cost.low, cost.high, cost.worst) == pytest.approx(
        (40 * share.low, 40 * share.high, 40 * share.worst), abs=1e-4
    )


@given(CHANGES, st.sampled_from(["higher", "lower"]), st.floats(0, 0.4))
def test_limits_and_p_values_say_the_same(rows: list[tuple[float, int]], better: str, margin: float) -> None:
    d, clusters = (np.array(column) for column in zip(*rows, strict=True))
    test = compare_paired(d, clusters, margin, better)
    assert test.low <= test.difference + 1e-9
    assert test.difference <= test.high + 1e-9
    assert all(0 <= p <= 1 for p in (test.p_different, test.p_worse, test.p_not_inferior))
    if not test.low <= 0 <= test.high:
        assert test.p_different < 0.05
    loss = -test.worst if better == "higher" else test.worst
    if abs(loss - margin) > 1e-6:
        assert (loss < margin) == (test.p_not_inferior < 0.05)


@given(CHANGES)
def test_where_a_margin_is_met_every_wider_one_is(rows: list[tuple[float, int]]) -> None:
    d, clusters = (np.array(column) for column in zip(*rows, strict=True))
    found = [compare_paired(d, clusters, margin, "higher").p_not_inferior for margin in (0.0, 0.05, 0.1, 0.3, 0.6)]
    met = [p < 0.05 for p in found]
    assert met == sorted(met)


@pytest.mark.parametrize(("margin", "better"), [(-0.01, "higher"), (0.01, "up")])
def test_senseless_questions_are_refused(margin: float, better: str) -> None:
    with pytest.raises(StatisticsInvalid):
        compare_paired([0.0, 1.0], ["a", "b"], margin, better)


def _simulated(seed: int, gain: float, loss: float, margin: float) -> list[PairedTest]:
    """600 pairs of runs over 125 subjects of 4 alerts, correlated by 0.3."""
    random, clusters, tests = np.random.default_rng(seed), np.repeat(np.arange(125), 4), []
    for _ in range(600):
        coins = np.where(random.random(500) < np.sqrt(0.3), random.random(125)[clusters], random.random(500))
        d = (coins < gain).astype(float) - (coins > 1 - loss)
        tests.append(compare_paired(d, clusters, margin, "higher"))
    return tests


def test_equal_runs_are_called_different_about_one_time_in_twenty() -> None:
    """McNemar on the alerts would do so 14 times in 100 (``python -m tests.bench.eval_statistics``)."""
    called = sum(test.p_different < 0.05 for test in _simulated(1, 0.1, 0.1, 0.02))
    assert 0.03 * 600 <= called <= 0.07 * 600


def test_a_run_worse_by_the_margin_is_seldom_called_no_worse() -> None:
    """The plain t test would do so 10 times in 100."""
    called = sum(test.p_not_inferior < 0.05 for test in _simulated(2, 0.0, 0.05, 0.05))
    assert called <= 0.07 * 600


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    with pytest.raises(StatisticsInvalid):
        holm([0.5, 1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_never_lowers(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= raised <= min(1.0, p * len(p_values)) + 1e-12 for p, raised in zip(p_values, adjusted, strict=True))
    assert sorted(adjusted) == [adjusted[place] for place in np.argsort(p_values, kind="stable")]
