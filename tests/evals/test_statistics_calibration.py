"""Calibration and selective closing, against scikit-learn, closed forms and simulated truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from evals.statistics.calibration import brier, brier_skill, ece, fit_isotonic, log_loss, reliability_table
from evals.statistics.proportions import alerts_needed, effective_upper
from evals.statistics.selective import aurc, choose_threshold, risk_coverage
from evals.statistics.sums import StatisticsInvalid

RANDOM = np.random.default_rng(3)
STATED = st.lists(st.tuples(st.integers(0, 20).map(lambda x: x / 20), st.integers(0, 1)), min_size=2, max_size=80)


@given(STATED)
def test_scores_are_scikit_learns(rows: list[tuple[float, int]]) -> None:
    p, y = zip(*rows, strict=True)
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p), abs=1e-9)
    clipped = np.clip(p, 0.01, 0.99)
    assert log_loss(p, y) == pytest.approx(sklearn_log_loss(y, clipped, labels=[0, 1]), abs=1e-9)


def test_the_base_rate_has_no_skill_and_the_truth_has_all() -> None:
    y = [1, 0, 0, 0]
    assert brier_skill([0.25] * 4, y) == pytest.approx(0.0)
    assert brier_skill(y, y) == 1.0
    assert brier_skill([0.9, 0.9], [1, 1]) == 0.0


def test_the_reliability_table_is_scikit_learns() -> None:
    p = RANDOM.random(400)
    y = (RANDOM.random(400) < p).astype(float)
    share, stated = calibration_curve(y, p, n_bins=8, strategy="quantile")
    rows = reliability_table(p, y, 8)
    assert [row.share for row in rows] == pytest.approx(list(share))
    assert [row.stated for row in rows] == pytest.approx(list(stated))
    assert ece(p, y, bins=8).value == pytest.approx(float(np.abs(share - stated).mean()))


@given(STATED, st.integers(1, 12))
def test_bins_part_no_equal_probabilities_and_lose_no_unit(rows: list[tuple[float, int]], bins: int) -> None:
    p, y = zip(*rows, strict=True)
    table = reliability_table(p, y, bins)
    assert sum(row.units for row in table) == len(p)
    assert len(table) <= bins
    assert all(before.highest < after.lowest for before, after in pairwise(table))
    shuffled = RANDOM.permutation(len(p))
    again = reliability_table(np.array(p)[shuffled], np.array(y)[shuffled], bins)
    assert np.array(again) == pytest.approx(np.array(table))


def test_right_probabilities_show_no_more_error_than_chance() -> None:
    """0.035 at 500 units for a perfect model with few extremes; the floor says so."""
    p = RANDOM.random(500)
    errors = [ece(p, RANDOM.random(500) < p, resamples=200) for _ in range(60)]
    assert float(np.mean([error.value for error in errors])) == pytest.approx(errors[0].floor, rel=0.1)
    assert 0.02 < errors[0].floor < 0.06
    assert sum(error.low == 0 for error in errors) >= 54


def test_overconfidence_is_found() -> None:
    """Stated 0 to 1, true 0.3 to 0.7: the error is 0.15."""
    p = RANDOM.random(2000)
    error = ece(p, RANDOM.random(2000) < 0.3 + 0.4 * p)
    assert error.low < 0.15 < error.high
    assert error.low > error.floor


def test_whole_subjects_widen_the_limits_of_the_error() -> None:
    p = np.repeat(RANDOM.random(60), 6)
    y = np.repeat(RANDOM.random(60) < 0.5, 6)
    alone, clustered = ece(p, y), ece(p, y, np.repeat(np.arange(60), 6))
    assert clustered.high - clustered.low > 1.5 * (alone.high - alone.low)


@given(STATED)
def test_the_rising_map_is_scikit_learns(rows: list[tuple[float, int]]) -> None:
    scores, outcomes = zip(*rows, strict=True)
    asked = np.linspace(-0.2, 1.2, 23)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, outcomes).predict(asked)
    assert fit_isotonic(scores, outcomes).map_scores(asked) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("p", "y"), [([], []), ([0.5], [1, 0]), ([1.5], [1]), ([0.5], [2]), ([float("nan")], [1])])
def test_what_is_no_probability_is_refused(p: list[float], y: list[float]) -> None:
    for measure in (brier, brier_skill, log_loss, reliability_table, ece):
        with pytest.raises(StatisticsInvalid):
            measure(p, y)


def test_risk_and_coverage_by_hand() -> None:
    curve = risk_coverage([0.9, 0.5, 0.8, 0.5], [0, 1, 0, 0])
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.5]
    assert curve.coverage.tolist() == [0.25, 0.5, 1.0]
    assert curve.risk.tolist() == [0.0, 0.0, 0.25]
    # Ranks 3 and 4 are tied with one wrong between them: half a wrong one by rank 3.
    assert aurc([0.9, 0.5, 0.8, 0.5], [0, 1, 0, 0]) == pytest.approx((0 + 0 + 0.5 / 3 + 1 / 4) / 4)


@given(STATED)
def test_the_area_lies_between_the_best_and_the_worst_order(rows: list[tuple[float, int]]) -> None:
    sure, wrong = zip(*rows, strict=True)
    best, worst = aurc([1 - one for one in wrong], wrong), aurc(wrong, wrong)
    assert best - 1e-9 <= aurc(sure, wrong) <= worst + 1e-9
    assert aurc([0.5] * len(wrong), wrong) == pytest.approx(float(np.mean(wrong)))


def test_a_threshold_is_shown_where_the_surest_are_right() -> None:
    sure = np.linspace(1, 0, 600)
    wrong = (np.arange(600) >= 400).astype(float)
    choice = choose_threshold(sure, wrong, np.arange(600), target=0.02)
    assert choice.threshold is not None
    assert choice.upper <= 0.02
    assert 300 <= choice.accepted <= 420
    assert choice.coverage == choice.accepted / 600
    assert choice.wrong == int(wrong[sure >= choice.threshold].sum())
    assert choice.upper == effective_upper(
        wrong[: choice.accepted], np.ones(choice.accepted), np.arange(choice.accepted)
    )


def test_no_threshold_where_the_surest_are_wrong_or_too_few() -> None:
    sure = np.linspace(1, 0, 600)
    wrong = (np.arange(600) < 30).astype(float)
    assert choose_threshold(sure, wrong, np.arange(600), 0.02).threshold is None
    few = alerts_needed(0.02) - 1
    unseen = choose_threshold(sure[:few], np.zeros(few), np.arange(few), 0.02)
    assert (unseen.threshold, unseen.tried, unseen.upper) == (None, 0, 1.0)
    assert choose_threshold(sure[: few + 1], np.zeros(few + 1), np.arange(few + 1), 0.02).threshold is not None


def test_many_alerts_of_few_subjects_show_no_threshold() -> None:
    assert choose_threshold(np.linspace(1, 0, 600), np.zeros(600), np.repeat(np.arange(60), 10), 0.02).threshold is None


def test_equal_certainties_are_accepted_together() -> None:
    sure = np.repeat([0.9, 0.5], [300, 300])
    choice = choose_threshold(sure, (np.arange(600) >= 300).astype(float), np.arange(600), 0.02)
    assert (choice.threshold, choice.accepted) == (0.9, 300)


def test_a_threshold_is_seldom_too_loose() -> None:
    """Picking by the share seen would be too loose in half of the runs."""
    too_loose = 0
    for _ in range(200):
        sure = RANDOM.random(600)
        wrong = (RANDOM.random(600) < 0.002 + 0.08 * (1 - sure) ** 2).astype(float)
        threshold = choose_threshold(sure, wrong, np.arange(600), 0.02).threshold
        too_loose += threshold is not None and 0.002 + 0.08 * (1 - threshold) ** 2 / 3 > 0.02
    assert too_loose <= 18
