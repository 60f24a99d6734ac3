"""What two scored runs come to: every way to PASS, FAIL and UNDERPOWERED, and what never may pass."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from evals.cases.case import Split
from evals.comparison.comparison import Comparison, compare_scores, comparison_as_json
from evals.comparison.figures import PairedFigure, Standing
from evals.comparison.flips import Direction
from evals.comparison.pairing import SetsDiffer
from evals.comparison.rules import PRIMARIES
from evals.comparison.verdict import Verdict
from evals.comparison.wording import word_comparison, word_flips
from evals.scoring.measure import Ending, Measure, Remark, SampleScore
from tests.evals.comparison_examples import LOOSE, RULES, failed, missed, score


def figure(comparison: Comparison, name: str) -> PairedFigure:
    every = (*comparison.primaries, *comparison.guards, *comparison.others, *comparison.expense)
    return next(one for one in every if one.measure == name)


def words(comparison: Comparison) -> str:
    return "\n".join([*word_comparison(comparison), *(line for _, line in word_flips(comparison))])


def test_a_run_compared_with_itself_passes_as_identical_however_few_cases_there_are() -> None:
    run = [score(number) for number in range(3)]
    comparison = compare_scores(run, run, RULES)
    assert comparison.verdict is Verdict.PASS
    assert comparison.identical
    assert "same in every sample" in comparison.reasons[0]
    assert {one.standing for one in comparison.primaries} == {Standing.UNCHANGED}
    assert (comparison.samples, comparison.alike, comparison.flips) == (3, 3, ())


def test_two_runs_that_failed_throughout_are_identical_and_no_number_is_missing() -> None:
    run = [failed(number) for number in range(8)]
    comparison = compare_scores(run, run, RULES)
    assert comparison.verdict is Verdict.PASS
    assert (figure(comparison, "miss").base, figure(comparison, "miss").new) == (1.0, 1.0)
    assert_no_nan(comparison)


def test_a_tiny_set_cannot_tell_even_where_the_primaries_did_not_move() -> None:
    base = [score(number) for number in range(20)]
    new = [replace(base[0], measures={**base[0].measures, "event_recall": Measure(2, 2)}), *base[1:]]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.UNDERPOWERED
    assert comparison.verdict.exit_code == 2
    assert figure(comparison, "miss").difference == 0.0
    assert figure(comparison, "miss").needed_subjects == 299 - 20
    assert "279 further subjects" in " ".join(comparison.reasons)


def test_enough_subjects_show_that_nothing_got_worse() -> None:
    base = [score(number) for number in range(320)]
    new = [replace(base[0], measures={**base[0].measures, "event_recall": Measure(2, 2)}), *base[1:]]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.PASS
    assert not comparison.identical
    assert {one.standing for one in comparison.primaries} == {Standing.WITHIN}
    assert [flip.case_id for flip in comparison.flips] == ["c-0000"]
    assert comparison.flips[0].direction is Direction.BETTER


def test_epochs_and_alerts_of_one_subject_do_not_stand_in_for_subjects() -> None:
    """320 samples of 20 subjects are 20 draws, not 320."""
    base = [
        score(number * 4 + alert, epoch=epoch, subject=f"s{number}")
        for number in range(20)
        for alert in range(4)
        for epoch in (1, 2, 3, 4)
    ]
    new = [replace(base[0], measures={**base[0].measures, "event_recall": Measure(2, 2)}), *base[1:]]
    comparison = compare_scores(base, new, RULES)
    assert (comparison.cases, comparison.subjects, comparison.samples) == (80, 20, 320)
    assert comparison.verdict is Verdict.UNDERPOWERED


@pytest.mark.parametrize("number", [40, 400])
def test_a_run_that_misses_fails_and_names_the_measure(number: int) -> None:
    base = [score(one) for one in range(number)]
    new = [missed(one) if one % 5 == 0 else score(one) for one in range(number)]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.FAIL
    assert comparison.verdict.exit_code == 1
    assert figure(comparison, "miss").standing is Standing.WORSE
    assert "Missed is worse: +0.2" in comparison.reasons[0]
    assert {flip.direction for flip in comparison.flips} == {Direction.WORSE}
    assert comparison.flips[0].endings == ((Ending.ESCALATE, Ending.CLOSE),)


@pytest.mark.parametrize(
    "change",
    [
        {"counter_evidence_recall": Measure(0, 2)},
        {"stage_overstated": Measure(1, 2)},
        {"role_inverted": Measure(1, 2)},
        {"wrong_subject": Measure(1)},
        {"counter_evidence_invented": Measure(1)},
        {"identity_overclaimed": Measure(1)},
        {"absent_stated": Measure(1)},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("every", [1, 4])
def test_each_guard_fails_a_run_whose_primaries_are_all_well(change: dict[str, Any], every: int) -> None:
    base = [score(one) for one in range(60)]
    new = [score(one, **change) if one % every == 0 else score(one) for one in range(60)]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.FAIL
    assert [one.measure for one in comparison.guards if one.standing is Standing.WORSE] == list(change)


def test_what_is_neither_primary_nor_guard_is_reported_and_fails_nothing() -> None:
    base = [score(one) for one in range(320)]
    new = [score(one, event_recall=Measure(0, 2)) for one in range(320)]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.PASS
    assert figure(comparison, "event_recall").difference == -0.5
    assert figure(comparison, "event_recall").standing is Standing.REPORTED


def test_worse_within_the_margin_does_not_fail() -> None:
    base = [score(one, quote_validity=Measure(100, 100)) for one in range(400)]
    new = [score(one, quote_validity=Measure(99 if one % 8 == 0 else 100, 100)) for one in range(400)]
    comparison = compare_scores(base, new, RULES)
    quotes = figure(comparison, "quote_validity")
    assert quotes.p_worse_adjusted is not None
    assert quotes.p_worse_adjusted < 0.05
    assert quotes.standing is Standing.WITHIN
    assert comparison.verdict is Verdict.PASS


def test_a_gain_is_shown_as_one() -> None:
    base = [missed(one) if one % 4 == 0 else score(one) for one in range(400)]
    comparison = compare_scores(base, [score(one) for one in range(400)], RULES)
    assert figure(comparison, "miss").standing is Standing.BETTER
    assert figure(comparison, "cost").standing is Standing.BETTER
    assert comparison.verdict is Verdict.PASS


def test_a_must_not_miss_alert_newly_closed_fails_at_once_and_alone() -> None:
    base = [score(one, must_not_miss=one == 7) for one in range(400)]
    new = [missed(one, must_not_miss=True) if one == 7 else score(one) for one in range(400)]
    comparison = compare_scores(base, new, LOOSE)
    assert {one.standing for one in comparison.primaries} == {Standing.WITHIN}
    assert comparison.missed == ("c-0007",)
    assert comparison.verdict is Verdict.FAIL
    assert "c-0007" in comparison.reasons[0]


def test_a_must_not_miss_alert_that_was_closed_before_is_not_newly_closed() -> None:
    run = [missed(1, must_not_miss=True, epoch=1), score(1, must_not_miss=True, epoch=2)]
    other = [score(1, must_not_miss=True, epoch=1), missed(1, must_not_miss=True, epoch=2)]
    assert compare_scores(run, run, RULES).missed == ()
    assert compare_scores(run, other, RULES).missed == ()
    twice = [missed(1, must_not_miss=True, epoch=epoch) for epoch in (1, 2)]
    assert compare_scores(run, twice, RULES).missed == ("c-0001",)


def test_a_new_run_that_only_fails_never_passes() -> None:
    base = [score(one) for one in range(40)]
    comparison = compare_scores(base, [failed(one) for one in range(40)], RULES)
    assert comparison.verdict is Verdict.FAIL
    assert figure(comparison, "quote_validity").standing is Standing.WORSE


def test_one_subject_tells_nothing_and_leaves_no_number_out_of_range() -> None:
    base = [score(one, subject="only") for one in range(30)]
    new = [missed(one, subject="only") for one in range(30)]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.UNDERPOWERED
    assert {one.standing for one in comparison.primaries} == {Standing.OPEN}
    assert_no_nan(comparison)
    gained = compare_scores(new, base, RULES)
    assert {one.standing for one in gained.primaries} == {Standing.OPEN}


def test_a_primary_that_applies_nowhere_is_not_shown_to_be_well() -> None:
    base = [score(one, quote_validity=Measure(0, 0)) for one in range(400)]
    new = [score(one, quote_validity=Measure(0, 0), event_recall=Measure(2, 2)) for one in range(400)]
    comparison = compare_scores(base, new, RULES)
    assert comparison.verdict is Verdict.UNDERPOWERED
    assert figure(comparison, "quote_validity").standing is Standing.ABSENT
    assert "nothing is known" in comparison.reasons[0]


def test_a_run_that_stops_quoting_in_many_cases_has_not_shown_its_quotes_valid() -> None:
    base = [score(one) for one in range(400)]
    few = [score(one, quote_validity=Measure(0, 0)) if one % 20 == 0 else score(one) for one in range(400)]
    many = [score(one, quote_validity=Measure(0, 0)) if one % 4 == 0 else score(one) for one in range(400)]
    assert compare_scores(base, few, RULES).verdict is Verdict.PASS
    comparison = compare_scores(base, many, RULES)
    assert comparison.verdict is Verdict.UNDERPOWERED
    assert "no longer applies to 100 cases" in comparison.reasons[0]
    assert dict(comparison.not_comparable)["quote_validity"][:2] == ("c-0000", "c-0004")


def test_unequal_sets_are_an_error_unless_the_common_part_is_asked_for() -> None:
    base = [score(one) for one in range(6)]
    new = [score(one) for one in range(1, 7)]
    with pytest.raises(SetsDiffer, match=r"c-0000 epoch 1.*c-0006 epoch 1.*--common"):
        compare_scores(base, new, RULES)
    comparison = compare_scores(base, new, RULES, common=True)
    assert comparison.cases == 5
    assert comparison.left_out.base_only == (("c-0000", 1),)
    assert "LEFT OUT, in B alone: 1 samples (c-0006#1)" in words(comparison)
    with pytest.raises(SetsDiffer, match="nothing to compare"):
        compare_scores(base[:1], new, RULES, common=True)
    with pytest.raises(SetsDiffer, match="twice"):
        compare_scores([*base, base[0]], base, RULES)


def test_epochs_are_averaged_within_a_case_first() -> None:
    base = [score(case, epoch=epoch) for case in range(2) for epoch in (1, 2, 3, 4)]
    new = [missed(0, epoch=1), *base[1:]]
    assert figure(compare_scores(base, new, RULES), "miss").difference == pytest.approx(1 / 8)


def test_holm_is_applied_within_each_family_on_its_own() -> None:
    rng = random.Random(5)
    base = [score(one) for one in range(80)]
    new = [
        missed(one) if rng.random() < 0.12 else score(one, wrong_subject=Measure(rng.random() < 0.1))
        for one in range(80)
    ]
    comparison = compare_scores(base, new, RULES)
    for family in (comparison.primaries, comparison.guards):
        tested = [one for one in family if one.p_worse is not None]
        order = sorted(tested, key=lambda one: one.p_worse or 0.0)
        least = 0.0
        for place, one in enumerate(order):
            least = max(least, (one.p_worse or 0.0) * (len(tested) - place))
            assert one.p_worse_adjusted == pytest.approx(min(least, 1.0))
    assert [one.measure for one in comparison.primaries] == list(PRIMARIES)
    assert len([one for one in comparison.guards if one.p_worse is not None]) == 7, "nothing was attacked here"


def test_a_single_bad_guard_among_many_needs_more_than_its_own_level() -> None:
    """Five of five discordant subjects have p = 1/32: below 5 % alone, not after Holm over seven."""
    base = [score(one) for one in range(60)]
    new = [score(one, wrong_subject=Measure(one < 5)) for one in range(60)]
    guard = figure(compare_scores(base, new, RULES), "wrong_subject")
    assert guard.p_worse is not None
    assert guard.p_worse < 0.05
    assert guard.standing is Standing.OPEN


def test_flips_say_what_changed_and_what_was_lost() -> None:
    lost = Remark("counter_evidence_recall", "The denial by her lawyer is not in the draft.")
    base = [score(one) for one in range(4)]
    new = [
        base[0],
        score(1, counter_evidence_recall=Measure(0, 2), remarks=[lost], event_recall=Measure(2, 2)),
        missed(2, must_not_miss=True),
        score(3, event_recall=Measure(2, 2)),
    ]
    comparison = compare_scores(base, new, RULES)
    assert [(flip.case_id, flip.direction) for flip in comparison.flips] == [
        ("c-0002", Direction.WORSE),
        ("c-0001", Direction.MIXED),
        ("c-0003", Direction.BETTER),
    ]
    assert comparison.flips[1].gained == (lost,)
    text = words(comparison)
    assert "c-0002  MUST NOT MISS  escalate → close" in text
    assert "counter_evidence_recall 1 → 0" in text
    assert "new: counter_evidence_recall: The denial by her lawyer" in text


@pytest.mark.parametrize("split", [Split.CALIBRATION, Split.HOLDOUT])
def test_of_cases_kept_apart_figures_alone_are_told(split: Split) -> None:
    remark = Remark("miss", "secret words of the article")
    base = [score(one, split=split) for one in range(3)]
    comparison = compare_scores(base, [missed(0, split=split, remarks=[remark]), *base[1:]], RULES)
    assert f"{split}: figures only" in words(comparison)
    assert "secret" not in words(comparison)
    assert "secret" not in json.dumps(comparison_as_json(comparison))


def test_time_and_money_are_set_side_by_side_with_intervals_and_never_tested() -> None:
    base = [score(one, seconds=1.0, cost_usd=0.01) for one in range(30)]
    new = [score(one, seconds=3.0 + one % 2, cost_usd=None if one < 10 else 0.02) for one in range(30)]
    comparison = compare_scores(base, new, RULES)
    seconds, dollars = figure(comparison, "seconds"), figure(comparison, "cost_usd")
    assert comparison.verdict is Verdict.PASS, "time is no part of what is scored"
    assert seconds.difference == pytest.approx(2.5)
    assert seconds.bootstrap_low is not None
    assert seconds.bootstrap_high is not None
    assert 2.2 < seconds.bootstrap_low < 2.5 < seconds.bootstrap_high < 2.8
    assert (dollars.alerts, len(dollars.base_only)) == (20, 10)


def test_what_the_comparison_could_have_seen_is_always_said() -> None:
    base = [score(one) for one in range(50)]
    text = words(compare_scores(base, [missed(0), *base[1:]], RULES))
    assert "would have shown a true difference of miss" in text
    detectable = figure(compare_scores(base, [missed(0), *base[1:]], RULES), "miss").detectable
    assert detectable is not None
    assert 0.02 < detectable < 0.2


_KINDS = st.sampled_from(["good", "missed", "failed", "quotes", "guard", "silent"])


def _build(kinds: list[str], cluster: int) -> list[SampleScore]:
    made: dict[str, Any] = {
        "good": lambda n, s: score(n, subject=s),
        "missed": lambda n, s: missed(n, subject=s),
        "failed": lambda n, s: failed(n, subject=s),
        "quotes": lambda n, s: score(n, subject=s, quote_validity=Measure(1, 3)),
        "guard": lambda n, s: score(n, subject=s, stage_overstated=Measure(2, 2)),
        "silent": lambda n, s: score(n, subject=s, quote_validity=Measure(0, 0), cost_usd=0.1),
    }
    return [made[kind](number, f"s{number // cluster}") for number, kind in enumerate(kinds)]


@examples(max_examples=60)
@given(st.lists(st.tuples(_KINDS, _KINDS), min_size=1, max_size=40), st.integers(1, 5))
def test_swapping_the_runs_mirrors_every_difference(kinds: list[tuple[str, str]], cluster: int) -> None:
    base, new = _build([one for one, _ in kinds], cluster), _build([one for _, one in kinds], cluster)
    there, back = compare_scores(base, new, RULES), compare_scores(new, base, RULES)
    assert_no_nan(there)
    for one, other in zip((*there.primaries, *there.guards), (*back.primaries, *back.guards), strict=True):
        assert (one.base, one.new) == (other.new, other.base)
        assert (one.base_only, one.new_only) == (other.new_only, other.base_only)
        if one.difference is not None and other.difference is not None:
            assert one.difference == pytest.approx(-other.difference)
            assert one.p_different == pytest.approx(other.p_different)
            for before, after in ((one, other), (other, one)):
                assert_bad_side_is_no_narrower(before, after)
    mirrored = {flip.case_id: flip for flip in back.flips}
    assert set(mirrored) == {flip.case_id for flip in there.flips}
    for flip in there.flips:
        assert {shift.measure for shift in flip.improved} == {one.measure for one in mirrored[flip.case_id].regressed}


@examples(max_examples=40)
@given(st.lists(_KINDS, min_size=1, max_size=40), st.integers(1, 5))
def test_any_run_compared_with_itself_is_an_identical_pass(kinds: list[str], cluster: int) -> None:
    run = _build(kinds, cluster)
    comparison = compare_scores(run, run, RULES)
    assert comparison.verdict is Verdict.PASS
    assert comparison.identical
    assert_no_nan(comparison)


@examples(max_examples=40)
@given(st.lists(_KINDS, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_samples_does_not_matter(kinds: list[str], rng: random.Random) -> None:
    base, new = _build(["good"] * len(kinds), 1), _build(kinds, 1)
    shuffled = list(new)
    rng.shuffle(shuffled)
    assert compare_scores(base, shuffled, RULES) == compare_scores(base, new, RULES)


def assert_bad_side_is_no_narrower(one: PairedFigure, mirrored: PairedFigure) -> None:
    """Limits mirror, save that flips without a gain may widen the side on which a run would be worse."""
    if one.low is not None and one.high is not None and mirrored.low is not None and mirrored.high is not None:
        assert one.difference is not None
        assert one.low - 1e-9 <= one.difference <= one.high + 1e-9
        bad, good = (one.high, -mirrored.low) if one.better == "lower" else (-one.low, mirrored.high)
        assert bad >= good - 1e-6


def assert_no_nan(comparison: Comparison) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, float):
            assert isfinite(value)
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
            walk(one)

    walk(comparison_as_json(comparison))
    json.dumps(comparison_as_json(comparison), allow_nan=False)
    assert words(comparison)
    for one in (*comparison.primaries, *comparison.guards):
        for chance in (one.p_worse, one.p_worse_adjusted, one.p_not_inferior, one.p_different, one.p_better_adjusted):
            assert chance is None or 0.0 <= chance <= 1.0
