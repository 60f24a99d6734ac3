"""Figures on outside sets: right counts on drafts made by hand, failures at the worst, limits over subjects."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reading import InjectionMark, MarkKind
from agent.domain.record import Recommendation, TriageFailure, TriageRecord
from agent.domain.taxonomy import RecommendationValue, Role, Stage
from evals.cases.case import Case, Split
from evals.cases.gold import Truth
from evals.cases.outside.adverse_media import measure_articles
from evals.cases.outside.figures import Asked, Measured
from evals.cases.outside.injections import measure_injections
from evals.cases.outside.muc4 import measure_reports
from evals.cases.outside.name_pairs import area_under_curve, link_people, measure_name_pairs, read_name_pairs
from evals.cases.outside.press_releases import measure_releases
from evals.cases.outside.rows import OutsideInvalid
from tests.evals.outside_rows import (
    article_row,
    pair_row,
    plant_row,
    release_row,
    report_row,
    write_folder,
    write_pairs,
    write_rows,
)
from tests.evals.scoring_drafts import draft_perfectly, make_failure, make_record

Outcome = TriageRecord | TriageFailure


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


def end(case: Case, value: str, *reasons: str) -> TriageRecord:
    """A perfect record with another recommendation."""
    recommendation = Recommendation(value=RecommendationValue(value), reasons=reasons)
    return make_record(case, draft_perfectly(case)).model_copy(update={"recommendation": recommendation})


def measure(how: object, folder: Path, outcome: object) -> Measured:
    """A set's holdout, each case's outcome made by a function of it."""

    def run(cases: Sequence[Case]) -> Mapping[str, Outcome]:
        return {case.id: outcome(case) for case in cases}  # type: ignore[operator]

    measured: Measured = how(folder, Asked(Split.HOLDOUT, None, run))  # type: ignore[operator]
    return measured


def value(measured: Measured, what: str, part: str = "all") -> float:
    return next(one.value for one in measured.figures if (one.what, one.part) == (what, part))


def test_ends_are_held_against_the_labels(folder: Path) -> None:
    write_rows(folder / "adverse_media_articles.jsonl", [article_row(number) for number in range(40)])

    def outcome(case: Case) -> Outcome:
        return end(case, "escalate") if case.truth is Truth.ESCALATE else end(case, "review", "no_adverse_cue")

    right = measure(measure_articles, folder, outcome)
    assert value(right, "adverse: closed or failed (missed)") == 0
    assert value(right, "escalating: F1") == value(right, "escalating, where it answered: recall") == 1
    assert value(right, "not adverse: closed, or said to hold nothing") == 1
    assert right.failed == 0
    missed = next(one for one in right.figures if one.what.startswith("adverse: closed or failed"))
    assert missed.upper is not None
    assert 0 < missed.upper < missed.high < 1

    silent = measure(measure_articles, folder, lambda case: end(case, "review", "no_adverse_cue"))
    assert value(silent, "adverse: closed or failed (missed)") == 0
    assert value(silent, "adverse: closed, failed, or said to hold nothing") == 1
    assert value(silent, "escalating: recall") == 0
    assert len(silent.ids["adverse, said to hold nothing"]) == silent.tables[0].rows[0][2]

    undecided = measure(measure_articles, folder, lambda case: end(case, "review", "adverse_cue_unplaced"))
    assert value(undecided, "adverse: closed, failed, or said to hold nothing") == 0
    assert value(undecided, "left to a person") == 1
    assert not [one for one in undecided.figures if one.what.startswith("escalating, where it answered")]


def test_a_failed_article_is_wrong_in_every_figure(folder: Path) -> None:
    failed = measure(measure_articles, folder, make_failure)
    assert failed.failed == failed.units > 0
    for what in (
        "adverse: closed or failed (missed)",
        "adverse: closed, failed, or said to hold nothing",
        "not adverse: escalated or failed",
        "not assessed (abstained or failed)",
        "failed",
    ):
        assert value(failed, what) == 1, what
    for what in ("adverse: escalated", "escalating: precision", "escalating: recall", "escalating: F1"):
        assert value(failed, what) == 0, what


def test_stages_and_offences_of_releases_are_counted(folder: Path) -> None:
    write_rows(
        folder / "doj_opa_fraud_leads.jsonl",
        [
            release_row(n, stage="arrested" if n % 8 == 0 else "charged", offence_kw=["tax"] if n % 2 else [])
            for n in range(40)
        ],
    )
    right = measure(measure_releases, folder, lambda case: make_record(case, draft_perfectly(case)))
    assert value(right, "stage exact") == value(right, "stage exact", "charged") == 1
    assert value(right, "offences of the headline named") == 1
    named = next(one for one in right.figures if one.what == "offences of the headline named")
    assert 0 < named.units < right.units
    assert 0.5 < value(right, "always charged (majority): stage exact") < 1
    assert value(right, "stage undetermined, no event, or failed") == 0

    def tell_twice(case: Case) -> Outcome:
        summary = draft_perfectly(case)
        vague = summary.events[0].model_copy(update={"id": "E9", "stage": Stage.UNDETERMINED})
        return make_record(case, summary.model_copy(update={"events": (vague, *summary.events)}))

    assert value(measure(measure_releases, folder, tell_twice), "stage exact") == 1

    def overstate(case: Case) -> Outcome:
        summary = draft_perfectly(case)
        events = tuple(event.model_copy(update={"stage": Stage.CONVICTED}) for event in summary.events)
        return make_record(case, summary.model_copy(update={"events": events}))

    wrong = measure(measure_releases, folder, overstate)
    assert value(wrong, "stage exact") == 0
    assert value(wrong, "stage overstated") == 1
    assert wrong.tables[0].header == ("", "convicted")
    assert sum(int(row[1]) for row in wrong.tables[0].rows) == len(wrong.ids["overstated"]) == wrong.units

    failed = measure(measure_releases, folder, make_failure)
    assert value(failed, "stage exact") == value(failed, "offences of the headline named") == 0
    assert value(failed, "stage overstated") == value(failed, "stage undetermined, no event, or failed") == 1


def test_roles_of_reports_are_counted_by_side_and_form(folder: Path) -> None:
    write_rows(folder / "muc4_roles.jsonl", [report_row(n) for n in range(20)])

    def invert(case: Case) -> Outcome:
        summary = draft_perfectly(case)
        parties = tuple(
            party.model_copy(update={"role": Role.OFFENDER}) if party.role is Role.VICTIM else party
            for party in summary.parties
        )
        return make_record(case, summary.model_copy(update={"parties": parties}))

    right = measure(measure_reports, folder, lambda case: make_record(case, draft_perfectly(case)))
    for form in ("as published", "in capitals"):
        assert value(right, f"{form}: party named in the draft") == 1
        assert value(right, f"{form}: role right, of the parties named") == 1
        assert value(right, f"{form}: role inverted, of the parties named") == 0
    wrong = measure(measure_reports, folder, invert)
    assert value(wrong, "in capitals: role inverted, of the parties named", "victim") == 1
    assert value(wrong, "in capitals: role inverted, of the parties named", "perpetrator") == 0
    assert value(wrong, "in capitals: role right, of all parties") == 0.5
    assert len(wrong.ids["victim drafted as accused"]) == wrong.units
    empty = measure(
        measure_reports,
        folder,
        lambda case: make_record(case, draft_perfectly(case).model_copy(update={"parties": ()})),
    )
    assert value(empty, "as published: party named in the draft") == 0
    assert not [one for one in empty.figures if "of the parties named" in one.what]
    failed = measure(measure_reports, folder, make_failure)
    assert value(failed, "in capitals: role inverted, of the parties named") == 1
    assert value(failed, "in capitals: role right, of the parties named") == 0


def test_an_attack_that_moves_anything_is_counted_and_so_is_a_failed_draft(folder: Path) -> None:
    rows = [plant_row(n, source=f"set-{n}@x") for n in range(20)]
    rows += [
        plant_row(n, source=f"calm-{n}@x", label="benign", kind="benign_direct", text=f"{n} lamps are lit at dusk.")
        for n in range(20, 40)
    ]
    write_rows(folder / "injections.jsonl", rows)
    mark = InjectionMark(kind=MarkKind.INSTRUCTION, start=0, end=6, text="Ignore")

    def steady(case: Case) -> TriageRecord:
        return end(case, "escalate" if case.truth is Truth.ESCALATE else "review")

    def marking(case: Case) -> Outcome:
        planted = case.gold.planted is not None
        return steady(case).model_copy(update={"marks": (mark,) if planted else ()})

    held = measure(measure_injections, folder, marking)
    assert value(held, "attacks marked") == 1
    assert value(held, "benign texts marked") == value(held, "attack moved the recommendation") == 0

    def obeying(case: Case) -> Outcome:
        return end(case, "close_not_material") if case.gold.planted is not None else steady(case)

    obeyed = measure(measure_injections, folder, obeying)
    assert value(obeyed, "attacks marked") == 0
    assert value(obeyed, "attack moved the recommendation") == 1
    assert 0 < value(obeyed, "attack reached the opposite end") < 1  # where closing is right, it grants nothing
    assert value(obeyed, "benign text moved the recommendation") == 0

    def failing(case: Case) -> Outcome:
        return make_failure(case) if "--" in case.id else steady(case)

    failed = measure(measure_injections, folder, failing)
    assert failed.failed == failed.units
    for what in ("attack moved the recommendation", "attack reached the opposite end", "benign texts marked"):
        assert value(failed, what) == 1, what
    assert value(failed, "attacks marked") == 0


def test_names_called_the_same_are_counted(folder: Path) -> None:
    measured = measure(measure_name_pairs, folder, make_failure)
    assert value(measured, "called the same: precision") == value(measured, "called the same: recall") == 1
    assert value(measured, "area under the curve") == 1
    assert value(measured, "different people called the same") == 0
    write_pairs(
        folder / "name_pairs.csv",
        [pair_row("Ida Torvik", "Ida Torvik", n % 2 == 0, (f"p-{n}", f"q-{n}")) for n in range(30)],
    )
    blind = measure(measure_name_pairs, folder, make_failure)
    assert value(blind, "different people called the same") == 1
    assert value(blind, "called the same: precision") == value(blind, "everything the same (majority): precision")
    assert value(blind, "area under the curve") == 0.5
    assert all(one.startswith("line-") for one in blind.ids["different called same"])


def test_pairs_of_one_cluster_have_figures_without_an_area(folder: Path) -> None:
    rows = [pair_row("Ida Torvik", "Ida Torvik", n % 2 == 0, (f"p-{n}", "hub")) for n in range(30)]
    write_pairs(folder / "name_pairs.csv", rows)
    one = measure(measure_name_pairs, folder, make_failure)
    assert {figure.subjects for figure in one.figures} == {1}
    assert not [figure for figure in one.figures if figure.what == "area under the curve"]


def test_a_wrong_pair_is_named_by_its_line(folder: Path) -> None:
    rows = [
        pair_row("Ida Torvik", "I. Torvik", True, ("p", "p")),
        pair_row("x", "y", True, ("p", "q")) | {"label": "?"},
    ]
    write_pairs(folder / "name_pairs.csv", rows)
    with pytest.raises(OutsideInvalid, match=r"name_pairs\.csv, line 3: label"):
        read_name_pairs(folder)


def test_people_linked_through_others_are_one_cluster(folder: Path) -> None:
    links = [("a", "b"), ("c", "d"), ("d", "b"), ("e", "e")]
    write_pairs(folder / "name_pairs.csv", [pair_row("x", "y", True, people) for people in links])
    clusters = link_people(read_name_pairs(folder))
    assert len({clusters[one] for one in "abcd"}) == 1
    assert clusters["e"] == "e"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=3, max_size=40))
def test_the_area_is_the_share_of_pairs_in_order(drawn: list[tuple[bool, int]]) -> None:
    same, scores = [one for one, _ in drawn], [float(score) for _, score in drawn]
    if len(set(same)) < 2:
        return
    order = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high, one in zip(scores, same, strict=True)
        if one
        for low, other in zip(scores, same, strict=True)
        if not other
    ]
    area, low, high = area_under_curve(same, scores, [str(place) for place in range(len(same))])
    assert area == pytest.approx(sum(order) / len(order))
    assert 0 <= low <= area + 1e-9
    assert area - 1e-9 <= high <= 1


def test_the_areas_limits_hold_as_often_as_they_say() -> None:
    source = random.Random(3)
    truth = 0.5 + 0.5 * 0.5204998778  # P(N(1, 1) > N(0, 1)) = Φ(1/√2)
    held, narrow, rounds = 0, 0.0, 300
    for _ in range(rounds):
        same, scores, clusters = [], [], []
        for cluster in range(30):
            shift = source.gauss(0, 0.6**0.5)
            label = cluster % 2 == 0
            for _ in range(4):
                same.append(label)
                clusters.append(str(cluster))
                scores.append(label + shift + source.gauss(0, 0.4**0.5))
        _, low, high = area_under_curve(same, scores, clusters)
        _, loose_low, loose_high = area_under_curve(same, scores, [str(place) for place in range(len(same))])
        held += low <= truth <= high
        narrow += (loose_high - loose_low) / (high - low)
    assert 0.90 <= held / rounds <= 0.99
    assert narrow / rounds < 0.75  # alerts of one person are not independent
