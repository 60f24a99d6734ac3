"""Kappa, alpha and the corrected prevalence, against scikit-learn, published examples and simulated truth."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evals.statistics.agreement import Metric, Weights, cohen_kappa, krippendorff_alpha, rogan_gladen, weighted_kappa
from evals.statistics.sums import StatisticsInvalid

RANDOM = np.random.default_rng(5)
LABELS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)
_: Final = None
# Four observers, twelve units: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


@given(LABELS.filter(lambda rows: len({label for row in rows for label in row}) > 1))
def test_kappas_are_scikit_learns(rows: list[tuple[int, int]]) -> None:
    first, second = (list(column) for column in zip(*rows, strict=True))
    ours = cohen_kappa([f"label {one}" for one in first], [f"label {one}" for one in second])
    assert ours.value == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)
    kinds: tuple[Weights, ...] = ("linear", "quadratic")
    for kind in kinds:
        theirs = cohen_kappa_score(first, second, labels=range(4), weights=kind)
        assert weighted_kappa(first, second, kind).value == pytest.approx(theirs, abs=1e-9)
    assert ours.low <= ours.value <= ours.high


@pytest.mark.parametrize(("metric", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_example(metric: Metric, alpha: float) -> None:
    found = krippendorff_alpha(list(zip(*OBSERVERS, strict=True)), metric)
    assert found.value == pytest.approx(alpha, abs=5e-4)
    assert found.units == 11
    assert found.low < found.value < found.high


def test_perfect_agreement_is_no_certainty() -> None:
    labels = ["yes", "no"] * 30
    for found in (cohen_kappa(labels, labels), krippendorff_alpha([(one, one) for one in labels])):
        assert (found.value, found.high) == (1.0, 1.0)
        assert 0.8 < found.low < 0.95


def test_clusters_widen_the_limits() -> None:
    first = np.repeat(RANDOM.random(40) < 0.5, 6)
    second = np.where(np.repeat(RANDOM.random(40) < 0.2, 6), ~first, first)
    alone = cohen_kappa(first.tolist(), second.tolist())
    clustered = cohen_kappa(first.tolist(), second.tolist(), np.repeat(np.arange(40), 6))
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > 1.5 * (alone.high - alone.low)
    assert (alone.clusters, clustered.clusters) == (240, 40)


def test_the_limits_of_kappa_hold_the_truth() -> None:
    held = 0
    for _run in range(200):
        first = RANDOM.random(150) < 0.4
        second = np.where(RANDOM.random(150) < 0.7, first, RANDOM.random(150) < 0.4)  # kappa 0.7 by construction
        found = cohen_kappa(first.tolist(), second.tolist())
        held += found.low <= 0.7 <= found.high
    assert held >= 178


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StatisticsInvalid):
        cohen_kappa([], [])
    with pytest.raises(StatisticsInvalid):
        cohen_kappa(["a"], ["a", "b"])
    with pytest.raises(StatisticsInvalid):
        weighted_kappa([-1, 0], [0, 0])
    with pytest.raises(StatisticsInvalid):
        krippendorff_alpha([["a", None], ["b"]])


def test_a_fallible_judge_is_corrected() -> None:
    # 100 of 1000 true, TPR 0.9, TNR 0.95: 90 + 45 are flagged.
    found = rogan_gladen(135, 1000, (90, 100), (190, 200))
    assert found.value == pytest.approx(0.1)
    # Worked out apart by equations 2 to 17 of the paper.
    assert (found.low, found.high) == pytest.approx((0.05401, 0.13951), abs=1e-5)
    found = rogan_gladen(200, 500, (40, 50), (45, 50))
    assert (found.low, found.high) == pytest.approx((0.30553, 0.54597), abs=1e-5)
    assert rogan_gladen(10, 1000, (90, 100), (190, 200)).value == 0.0


def test_more_labelled_units_narrow_the_corrected_share() -> None:
    few, many = rogan_gladen(135, 1000, (18, 20), (38, 40)), rogan_gladen(135, 1000, (900, 1000), (1900, 2000))
    assert many.high - many.low < few.high - few.low


def test_the_limits_of_the_corrected_share_hold_the_truth() -> None:
    held = 0
    for _run in range(400):
        seen = RANDOM.binomial(600, 0.15 * 0.85 + 0.85 * 0.08)
        found = rogan_gladen(seen, 600, (RANDOM.binomial(80, 0.85), 80), (RANDOM.binomial(160, 0.92), 160))
        held += found.low <= 0.15 <= found.high
    assert held >= 366


@pytest.mark.parametrize("tnr", [(10, 100), (0, 0), (5, 4)])
def test_a_judge_that_tells_nothing_is_refused(tnr: tuple[int, int]) -> None:
    with pytest.raises(StatisticsInvalid):
        rogan_gladen(10, 100, (90, 100), tnr)
