"""What a report holds: the figures of the scorers, ranked cases, costs, what can be shown; and what it withholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evals.cases.case import Split
from evals.reporting.building import ReportInvalid, build_report, check_calibration
from evals.reporting.costs import trace_costs
from evals.reporting.detectable import DISCORDANCES, tell_detectable
from evals.reporting.disclosure import WITHHELD
from evals.reporting.page import Banner, Tone
from evals.reporting.spending import percentile, tell_spending
from evals.reporting.summary_chapters import write_summary
from evals.reporting.terminal import word_figures
from evals.scoring.measure import Ending, Measure
from evals.scoring.measures import MISS_COSTS
from evals.scoring.score import score_run
from evals.scoring.summary import summarise
from tests.evals.comparison_examples import failed, missed, score
from tests.evals.reporting_examples import SUBJECTS, make_cases, make_gate, make_outcomes, make_report, make_run
from tests.evals.scoring_drafts import make_record


def test_the_figures_are_those_of_the_scorers() -> None:
    cases = make_cases()
    run = make_run(make_outcomes(cases), epochs=2)
    scores = score_run(cases, run)
    report = build_report(run, scores, cases)
    assert list(report.figures) == summarise(scores)
    for table in report.slices:
        for value, figures in table.rows.items():
            members = [
                one for one in scores if (str(one.split) if table.name == "split" else one.slices[table.name]) == value
            ]
            assert list(figures) == summarise(members)
    assert report.coverage[Split.DEV] == (3, 3)
    assert report.primaries == ("miss", "cost", "quote_validity")


def test_the_cost_curve_goes_through_the_costs_of_the_registry() -> None:
    scores = [missed(1), score(2), failed(3), score(4, ending=Ending.REVIEW, cost=Measure(0.3))]
    curve = trace_costs(scores, 0.3, tuple(MISS_COSTS.values()))
    assert curve is not None
    assert curve.drafted == pytest.approx([(worth + 0.6) / 4 for worth in MISS_COSTS.values()])
    assert (curve.escalate_all, curve.review_all) == (0.0, 0.3)
    assert curve.close_all == tuple(MISS_COSTS.values())


def test_costs_of_a_real_report_meet_its_figures() -> None:
    report = make_report(make_cases(), epochs=2)
    assert report.costs is not None
    assert report.costs.worths[0] == pytest.approx(10)
    assert report.costs.worths[-1] == pytest.approx(100)
    assert report.costs.drafted[0] == pytest.approx(report.figure("cost_10").value)
    assert report.costs.drafted[-1] == pytest.approx(report.figure("cost_100").value)


def test_the_worst_come_first_and_only_told_ones_have_words() -> None:
    report = make_report(make_cases(), worst=10)
    assert [one.case_id for one in report.worst] == ["t-dev-0", "t-dev-2", "t-smoke-1"]
    assert all(one.text is not None for one in report.worst)
    (hidden,) = report.worst_withheld
    assert (hidden.case_id, hidden.text) == ("t-holdout-3", None)
    assert {remark.text for remark in hidden.remarks} == {WITHHELD}
    assert "counter_evidence_recall" in hidden.wrong
    assert make_report(make_cases(), worst=0).worst == ()


def test_a_closed_must_not_miss_alert_is_worse_than_a_needless_escalation() -> None:
    cases = make_cases()
    outcomes = make_outcomes(cases)
    outcomes["t-dev-2"] = make_record(cases["t-dev-2"])
    outcomes["t-smoke-1"] = make_record(cases["t-smoke-1"], recommendation="escalate")
    report = make_report(cases, outcomes)
    assert [one.case_id for one in report.worst] == ["t-dev-0", "t-smoke-1"]
    text = report.worst[0].text
    assert text is not None
    assert text.screened == SUBJECTS[0]
    assert text.outcome == "close_not_material (made_up)"
    assert any(claim.head.startswith("charged: fraud; against Ada Vinterberg") for claim in text.claims)
    assert all(found for claim in text.claims for _, found in claim.quotes)


def test_harm_comes_before_the_order_of_ids() -> None:
    cases = make_cases()
    outcomes = make_outcomes(cases)
    outcomes["t-dev-0"] = make_record(cases["t-dev-0"])
    outcomes["t-dev-5"] = make_record(cases["t-dev-5"], recommendation="close_not_material")
    report = make_report(cases, outcomes, epochs=2, worst=2)
    assert [one.case_id for one in report.worst] == ["t-dev-5", "t-dev-2"]
    assert [one.epoch for one in report.worst] == [1, 1]


def test_no_subject_and_no_remark_of_a_case_that_is_not_told_is_kept() -> None:
    report = make_report(make_cases(), comparison=make_gate(make_cases()))
    assert {one.subject for one in report.samples} == {f"s{place:04}" for place in range(1, 7)}
    for one in report.samples:
        if one.split not in {Split.DEV, Split.SMOKE}:
            assert all(remark.text == WITHHELD for remark in one.remarks)
    assert report.gate is not None
    hidden = [flip for flip in report.gate.comparison.flips if flip.split is Split.HOLDOUT]
    assert hidden
    assert all(not (flip.subject or flip.changed or flip.gained or flip.gone) for flip in hidden)


@pytest.mark.parametrize("split", [Split.CALIBRATION, Split.HOLDOUT])
def test_flips_of_cases_that_are_not_told_are_figures(split: Split) -> None:
    cases = {key: case.model_copy(update={"split": split}) for key, case in make_cases().items()}
    report = make_report(cases, comparison=make_gate(cases))
    assert report.gate is not None
    flips = report.gate.comparison.flips
    assert any(flip.regressed for flip in flips)
    assert all(not (flip.subject or flip.changed or flip.gained or flip.gone) for flip in flips)


def test_cases_of_outside_data_are_not_told_though_they_stand_in_dev() -> None:
    report = make_report(make_cases(shape="outside"), worst=9)
    assert report.worst == ()
    assert {one.case_id for one in report.worst_withheld} == {"t-dev-0", "t-smoke-1", "t-dev-2", "t-holdout-3"}


def test_calibration_needs_its_split_and_the_same_drafter() -> None:
    cases = make_cases()
    with_split = make_report(cases)
    assert with_split.certainty.calibration is not None
    assert with_split.certainty.calibration.fitted_on == 1
    alone = {key: value for key, value in cases.items() if value.split is Split.DEV}
    of_alone = {key: make_outcomes(cases)[key] for key in alone}
    assert "calibration split" in make_report(alone, of_alone).certainty.reason
    run = make_run(make_outcomes(cases))
    fitted = make_report(alone, of_alone, calibration=score_run(cases, run))
    assert fitted.certainty.calibration is not None
    assert fitted.certainty.calibration.alerts == 3
    check_calibration(run, make_run(make_outcomes(cases), run_id="other"))
    with pytest.raises(ReportInvalid, match="model, code_version differ"):
        check_calibration(run, make_run(make_outcomes(cases), model="openai:other", code_version="1"))


def test_scores_of_another_run_are_refused() -> None:
    cases = make_cases()
    run = make_run(make_outcomes(cases))
    scores = score_run(cases, run)
    with pytest.raises(ReportInvalid, match="score the run"):
        build_report(run, scores[1:], cases)
    with pytest.raises(ReportInvalid, match="not given"):
        build_report(run, scores, {key: value for key, value in cases.items() if key != "t-dev-0"})


def test_repeats_are_told_apart() -> None:
    assert make_report(make_cases()).stability is None
    repeated = make_report(make_cases(), epochs=3).stability
    assert repeated is not None
    assert repeated.epochs == 3
    assert repeated.flip_rate.value == 0


@pytest.mark.parametrize("share", DISCORDANCES[2:])
def test_the_difference_named_as_detectable_is_found_four_times_in_five(share: float) -> None:
    """Simulated: alerts of a set of 400 change with the share's chance, so that the mean moves by the difference."""
    (row,) = tell_detectable([score(number) for number in range(400)], ["wrong_subject"])
    difference = row.differences[DISCORDANCES.index(share)]
    assert difference is not None
    draws = np.random.default_rng(3)
    worse = (share + difference) / 2
    d = draws.choice([1.0, -1.0, 0.0], p=[worse, share - worse, 1 - share], size=(4_000, 400))
    z = d.mean(axis=1) / (d.std(axis=1, ddof=1) / 20)
    assert np.mean(z > 1.96) == pytest.approx(0.8, abs=0.04)


def test_what_no_number_of_changes_would_show_is_no_difference() -> None:
    few, clustered = (
        tell_detectable([score(number, subject=subject) for number in range(100)], ["wrong_subject"])[0]
        for subject in (None, "one subject")
    )
    assert few.differences[0] is None
    assert (few.effect, few.subjects) == (1.0, 100)
    assert clustered.effect == pytest.approx(1 + 99 * 0.3)
    assert clustered.differences == (None, None, None, None)
    assert tell_detectable([replace(score(1), measures={})], ["miss"]) == ()


def test_percentiles_are_values_that_occur() -> None:
    values = [float(one) for one in range(1, 21)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([4.0], 0.95)) == (10.0, 19.0, 4.0)


def test_what_a_failed_sample_paid_is_unknown_not_nothing() -> None:
    scores = [replace(score(1, cost_usd=0.5), calls=2, input_tokens=10), failed(2)]
    rows = {one.name: one for one in tell_spending(scores)}
    assert (rows["seconds"].known, rows["calls"].known, rows["cost_usd"].known) == (2, 1, 1)
    assert rows["calls"].mean == 2
    assert [one.name for one in tell_spending([score(1)])] == ["seconds"]


def test_a_run_cut_short_says_so_before_anything_else() -> None:
    cases = make_cases()
    run = make_run(make_outcomes(cases))
    short = run.model_copy(update={"samples": run.samples[:4]})
    scores = score_run(cases, short)
    (first, *_) = write_summary(build_report(short, scores, cases)).blocks
    assert isinstance(first, Banner)
    assert (first.word, first.tone) == ("INCOMPLETE", Tone.BAD)
    assert "4 of 6 samples" in first.text
    assert any("INCOMPLETE: 4 of 6 samples" in line for line in word_figures(short, scores, summarise(scores)))
    assert not any("INCOMPLETE" in line for line in word_figures(run, score_run(cases, run), ()))
