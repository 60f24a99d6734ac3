"""Figures of a run, slices, stability over epochs, calibration, closing without a person, other prevalences."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from evals.cases.case import Split
from evals.cases.gold import Truth
from evals.scoring.breakdown import slice_figures, slice_names
from evals.scoring.certainty import CalibrationMissing, fit_calibration, judge_calibration, judge_closing
from evals.scoring.disposition import cost_of
from evals.scoring.measure import Ending, Measure, SampleScore
from evals.scoring.measures import MEASURES, MISS_COSTS
from evals.scoring.prevalence import restate_cost
from evals.scoring.stability import assess_stability
from evals.scoring.summary import summarise, summarise_measure


def make_score(
    case_id: str,
    truth: Truth = Truth.ESCALATE,
    ending: Ending = Ending.ESCALATE,
    *,
    epoch: int = 1,
    subject: str | None = None,
    split: Split = Split.DEV,
    risk: float | None = 0.5,
    **measures: Measure,
) -> SampleScore:
    decided = truth is not Truth.OPEN
    shown = dict.fromkeys(MEASURES, Measure(0.0, 0.0))
    for name, worth in MISS_COSTS.items():
        shown[name] = Measure(cost_of(truth, ending, worth, 0.3), 1.0) if decided else Measure(0.0, 0.0)
    return SampleScore(
        case_id=case_id,
        epoch=epoch,
        subject=subject or case_id,
        split=split,
        slices={"shape": "charged", "language": "en" if case_id < "c5" else "sv"},
        truth=truth,
        must_not_miss=False,
        ending=ending,
        measures=shown | measures,
        risk=None if ending is Ending.FAIL else risk,
    )


def test_a_figure_is_a_ratio_of_sums_over_cases_with_epochs_averaged_first() -> None:
    scores = [
        make_score("a", quote_validity=Measure(3, 4)),
        make_score("a", epoch=2, quote_validity=Measure(1, 2)),
        make_score("b", quote_validity=Measure(10, 10)),
        make_score("c", quote_validity=Measure(0, 0)),
    ]
    figure = summarise_measure(scores, "quote_validity")
    assert figure.value == pytest.approx((2 + 10) / (3 + 10))
    assert (figure.alerts, figure.subjects, figure.of) == (2, 2, 13)
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low < 12 / 13 < figure.high
    nothing = summarise_measure(scores, "profile_found")
    assert (nothing.value, nothing.alerts, nothing.note) == (None, 0, "applies to no case")
    assert [one.measure for one in summarise(scores)] == list(MEASURES)


def test_alerts_of_one_subject_widen_the_interval() -> None:
    wrong = [Measure(float(n % 4 == 0), 1) for n in range(40)]
    apart = [make_score(f"c{n}", miss=one) for n, one in enumerate(wrong)]
    together = [make_score(f"c{n}", subject=f"s{n % 4}", miss=one) for n, one in enumerate(wrong)]
    narrow, wide = summarise_measure(apart, "miss"), summarise_measure(together, "miss")
    assert narrow.value == wide.value == 0.25
    assert narrow.high is not None
    assert wide.high is not None
    assert wide.high > narrow.high


def test_a_failure_pulls_the_figure_down_and_is_not_dropped() -> None:
    good = [make_score(f"c{n}", miss=Measure(0, 1)) for n in range(9)]
    failed = make_score("c9", ending=Ending.FAIL, miss=Measure(1, 1))
    assert summarise_measure([*good, failed], "miss").value == 0.1


def test_slices_hold_each_sample_once() -> None:
    scores = [make_score(f"c{n}", miss=Measure(n % 2, 1)) for n in range(10)]
    assert slice_names(scores) == ("split", "shape", "language")
    by_language = slice_figures(scores, "language", ["miss"])
    assert [(value, figures[0].alerts, figures[0].value) for value, figures in by_language.items()] == [
        ("en", 5, 0.4),
        ("sv", 5, 0.6),
    ]
    assert list(slice_figures(scores, "split")) == ["dev"]
    assert slice_figures(scores, "attack") == {}


def test_stability_over_epochs() -> None:
    ends = [Ending.ESCALATE, Ending.ESCALATE, Ending.CLOSE, Ending.REVIEW]
    scores = [make_score("a", epoch=n, ending=end) for n, end in enumerate(ends, 1)]
    scores += [make_score("b", epoch=n) for n in range(1, 5)]
    scores.append(make_score("once"))
    stable = assess_stability(scores)
    assert stable.flip_rate.value == pytest.approx((1 - (4 + 1 + 1) / 16) / 2)
    assert stable.pass_every.value == 0.5
    assert stable.worst_cost.value == (20 + 0) / 2
    assert stable.flips == (("a", ((Ending.ESCALATE, 2), (Ending.CLOSE, 1), (Ending.REVIEW, 1))),)
    assert (stable.epochs, stable.flip_rate.alerts) == (4, 2)
    assert assess_stability([make_score("a")]).flip_rate.value is None


def test_one_failure_in_many_epochs_loses_the_case() -> None:
    scores = [make_score("a", epoch=1), make_score("a", epoch=2, ending=Ending.FAIL)]
    stable = assess_stability(scores)
    assert stable.pass_every.value == 0.0
    assert stable.flip_rate.value == 0.5
    labelled = [replace(one, measures={**one.measures, "acceptable": Measure(1, 1)}) for one in scores[:1] * 2]
    assert assess_stability(labelled).pass_every.value == 1.0


def calibrated_scores(count: int, seed: int = 3) -> list[SampleScore]:
    chance = random.Random(seed)
    rows = []
    for split in (Split.CALIBRATION, Split.DEV):
        for number in range(count):
            risk = chance.random()
            truth = Truth.ESCALATE if chance.random() < risk**2 else Truth.CLOSE
            rows.append(make_score(f"{split}{number}", truth, split=split, risk=risk))
    return rows


def test_calibration_is_fitted_on_its_split_and_judged_elsewhere() -> None:
    scores = calibrated_scores(300)
    fit_on = [one for one in scores if one.split is Split.CALIBRATION]
    judged = [one for one in scores if one.split is Split.DEV]
    reference = IsotonicRegression(out_of_bounds="clip").fit(
        [one.risk for one in fit_on], [one.truth is Truth.ESCALATE for one in fit_on]
    )
    figures = judge_calibration(scores)
    expected = reference.predict([one.risk for one in judged])
    assert figures.brier == pytest.approx(brier_score_loss([one.truth is Truth.ESCALATE for one in judged], expected))
    assert (figures.fitted_on, figures.alerts, figures.failures) == (300, 300, 0)
    assert figures.skill > 0.1
    flipped = [replace(one, truth=Truth.CLOSE) for one in judged]
    assert fit_calibration([*fit_on, *flipped]) == fit_calibration(scores)


def test_failures_are_wholly_wrong_in_calibration_and_never_closed() -> None:
    scores = calibrated_scores(200)
    failing = [
        replace(one, risk=None, ending=Ending.FAIL) if one.split is Split.DEV and n % 10 == 0 else one
        for n, one in enumerate(scores)
    ]
    whole, broken = judge_calibration(scores), judge_calibration(failing)
    assert broken.failures == 20
    assert broken.brier > whole.brier + 0.05
    closing = judge_closing(failing, target=0.5)
    assert closing.curve.coverage[-1] == 1
    assert closing.closed <= 180
    all_failed = [replace(one, risk=None, ending=Ending.FAIL) if one.split is Split.DEV else one for one in scores]
    assert judge_closing(all_failed, target=0.5).closed == 0
    assert judge_closing(all_failed, target=0.5).aurc == 1.0


def test_closing_is_chosen_on_calibration_and_confirmed_elsewhere() -> None:
    scores = [
        make_score(
            f"{split}{n}", Truth.ESCALATE if n % 4 == 0 else Truth.CLOSE, split=split, risk=0.9 if n % 4 == 0 else 0.1
        )
        for split in (Split.CALIBRATION, Split.DEV)
        for n in range(400)
    ]
    closing = judge_closing(scores, target=0.02)
    assert closing.choice.threshold == pytest.approx(0.9)
    assert (closing.closed, closing.wrong, closing.lost) == (300, 0, 0.0)
    assert closing.confirmed
    assert closing.aurc < 0.1
    worse = [
        replace(one, truth=Truth.ESCALATE) if one.split is Split.DEV and int(one.case_id[3:]) % 10 == 1 else one
        for one in scores
    ]
    assert not judge_closing(worse, target=0.02).confirmed
    few = [*scores[:40], *scores[400:440]]  # 30 to close, none wrong: too few to vouch for 2 %
    assert judge_closing(few, target=0.02).choice.threshold is None


def test_open_cases_have_no_outcome_and_missing_splits_are_told() -> None:
    scores = calibrated_scores(50)
    undecided = [replace(one, case_id=f"o{one.case_id}", truth=Truth.OPEN) for one in scores]
    assert judge_calibration([*scores, *undecided]) == judge_calibration(scores)
    with pytest.raises(CalibrationMissing, match="run that split too"):
        judge_calibration([one for one in scores if one.split is Split.DEV])
    with pytest.raises(CalibrationMissing, match="judged on another"):
        judge_closing([one for one in scores if one.split is Split.CALIBRATION])


def test_costs_at_another_prevalence() -> None:
    scores = [make_score(f"e{n}", ending=Ending.CLOSE if n == 0 else Ending.ESCALATE) for n in range(10)]
    scores += [make_score(f"k{n}", Truth.CLOSE, Ending.ESCALATE if n < 3 else Ending.CLOSE) for n in range(5)]
    restated = restate_cost(scores, 0.05)
    assert restated.figure.value == pytest.approx(0.05 * 20 / 10 + 0.95 * 3 / 5)
    assert restated.relative == pytest.approx((0.05 * 2 + 0.95 * 0.6) / min(0.95, 0.05 * 20))
    even = restate_cost(scores, 10 / 15)
    assert even.figure.value == pytest.approx(summarise_measure(scores, "cost").value)
    assert restate_cost(scores[:10], 0.05).figure.value is None
