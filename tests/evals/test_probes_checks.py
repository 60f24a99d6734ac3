"""How drafts are judged: what holds, what falls short, what moves the wrong way, and the figures made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.taxonomy import CounterEvidenceKind, IdentityVerdict, Offence, RecommendationValue, Role, Stage
from evals.cases.case import Case
from evals.probes.checks import Check, Verdict, check_move, check_stays, check_variant, is_same
from evals.probes.figures import Tried, differences, share, shares
from evals.probes.files import ExpectedCounter, Relation, Stays, Variant
from evals.probes.probed import Kind, Probed
from evals.probes.report import build_document, held_share, is_wrong, render_lines
from evals.probes.view import View, view_outcome
from evals.scoring.measure import Ending
from tests.evals.cases import make_case
from tests.evals.scoring_drafts import draft_perfectly, make_failure, make_record

HELD, SHORT, WRONG = Verdict.HELD, Verdict.SHORT, Verdict.WRONG
VIEW = View(
    value=RecommendationValue.ESCALATE,
    ending=Ending.ESCALATE,
    found=True,
    role=Role.ACCUSED,
    stages=frozenset({Stage.CHARGED}),
    offences=frozenset({Offence.FRAUD}),
    others={"P2": Role.VICTIM},
    identity=IdentityVerdict.POSSIBLE,
    counter=((CounterEvidenceKind.DENIAL, "his lawyer"),),
    marked=0,
)
REVIEW = replace(VIEW, value=RecommendationValue.REVIEW, ending=Ending.REVIEW)
CLOSED = replace(VIEW, value=RecommendationValue.CLOSE_NOT_MATERIAL, ending=Ending.CLOSE)


def case_of(*roles: str) -> Case:
    parties = [{"id": "P1", "name": "Ledger Nyström", "roles": list(roles)}]
    return make_case(gold__parties=parties, gold__absent=[])


def verdict_of(variant: Variant, view: View | None, *roles: str) -> list[Verdict]:
    return [verdict for _, verdict, _ in check_variant(variant, case_of(*(roles or ("accused",))), view)]


@pytest.mark.parametrize(
    ("wanted", "drafted", "verdict"),
    [
        ((Stage.CHARGED,), {Stage.CHARGED}, HELD),
        ((Stage.CHARGED,), {Stage.CHARGED, Stage.ALLEGATION}, HELD),
        ((Stage.CHARGED,), {Stage.CONVICTED}, WRONG),
        ((Stage.CHARGED,), {Stage.CHARGED, Stage.CONVICTED}, WRONG),
        ((Stage.CHARGED,), {Stage.ACQUITTED}, WRONG),
        ((Stage.CHARGED,), {Stage.UNDETERMINED}, SHORT),
        ((Stage.CHARGED,), set(), SHORT),
        ((Stage.ACQUITTED,), {Stage.ACQUITTED, Stage.TRIAL}, HELD),
        ((Stage.ACQUITTED,), {Stage.CHARGED}, WRONG),
        ((Stage.ACQUITTED,), {Stage.ALLEGATION}, SHORT),
        ((), set(), HELD),
        ((), {Stage.ALLEGATION}, WRONG),
    ],
)
def test_a_stage_may_fall_short_but_not_go_too_far(
    wanted: tuple[Stage, ...], drafted: set[Stage], verdict: Verdict
) -> None:
    variant = Variant(id="v", slots={}, stages=wanted)
    assert verdict_of(variant, replace(VIEW, stages=frozenset(drafted))) == [verdict]


@pytest.mark.parametrize(
    ("wanted", "drafted", "verdict"),
    [
        (Role.VICTIM, Role.VICTIM, HELD),
        (Role.VICTIM, Role.MENTIONED, SHORT),
        (Role.VICTIM, Role.SUSPECT, WRONG),
        (Role.OFFENDER, Role.ACCUSED, SHORT),
        (Role.OFFENDER, Role.VICTIM, WRONG),
        (Role.VICTIM, None, SHORT),
    ],
)
def test_a_role_may_be_missed_but_not_inverted(wanted: Role, drafted: Role | None, verdict: Verdict) -> None:
    variant = Variant(id="v", slots={}, roles=(wanted,))
    assert verdict_of(variant, replace(VIEW, role=drafted), wanted) == [verdict]


@pytest.mark.parametrize(
    ("wanted", "drafted", "verdict"),
    [
        ((IdentityVerdict.CONFIRMED,), IdentityVerdict.CONFIRMED, HELD),
        ((IdentityVerdict.CONFIRMED,), IdentityVerdict.POSSIBLE, SHORT),
        ((IdentityVerdict.MISMATCH,), IdentityVerdict.POSSIBLE, WRONG),
        ((IdentityVerdict.POSSIBLE,), IdentityVerdict.CONFIRMED, WRONG),
    ],
)
def test_an_identity_may_not_be_claimed_above_the_text(
    wanted: tuple[IdentityVerdict, ...], drafted: IdentityVerdict, verdict: Verdict
) -> None:
    assert verdict_of(Variant(id="v", slots={}, identity=wanted), replace(VIEW, identity=drafted)) == [verdict]


@pytest.mark.parametrize(
    ("by", "drafted", "verdict"),
    [
        ("lawyer", (("denial", "his lawyer (interested party)"),), HELD),
        ("lawyer", (("denial", "not stated"),), SHORT),
        ("lawyer", (), SHORT),
        ("lawyer", (("denial", "the prosecutor"),), WRONG),
        ("lawyer", (("correction", "his lawyer"),), SHORT),
    ],
)
def test_counter_evidence_needs_its_speaker(by: str, drafted: tuple[tuple[str, str], ...], verdict: Verdict) -> None:
    variant = Variant(id="v", slots={}, counter=(ExpectedCounter(kinds=(CounterEvidenceKind.DENIAL,), by=by),))
    said = tuple((CounterEvidenceKind(kind), speaker) for kind, speaker in drafted)
    assert verdict_of(variant, replace(VIEW, counter=said)) == [verdict]


def test_invented_counter_evidence_is_wrong_and_unasked_parts_are_not_looked_at() -> None:
    assert verdict_of(Variant(id="v", slots={}, counter=()), VIEW) == [WRONG]
    assert verdict_of(Variant(id="v", slots={}), VIEW) == []


@pytest.mark.parametrize(
    ("relation", "first", "second", "verdict"),
    [
        (Relation.NOT_LOWER, VIEW, VIEW, HELD),
        (Relation.NOT_LOWER, VIEW, REVIEW, WRONG),
        (Relation.NOT_HIGHER, REVIEW, VIEW, WRONG),
        (Relation.LOWER, VIEW, CLOSED, HELD),
        (Relation.LOWER, REVIEW, REVIEW, SHORT),
        (Relation.LOWER, REVIEW, VIEW, WRONG),
        (Relation.EQUAL, VIEW, REVIEW, WRONG),
        (Relation.EQUAL, VIEW, None, WRONG),
    ],
)
def test_the_recommendation_moves_as_the_texts_do(
    relation: Relation, first: View, second: View | None, verdict: Verdict
) -> None:
    assert check_move(relation, first, second)[1] is verdict


@pytest.mark.parametrize(
    ("stays", "changes", "verdict"),
    [
        (Stays.STAGE, {}, HELD),
        (Stays.STAGE, {"stages": frozenset({Stage.CONVICTED})}, WRONG),
        (Stays.STAGE, {"stages": frozenset()}, SHORT),
        (Stays.ROLE, {"role": Role.VICTIM}, WRONG),
        (Stays.ROLE, {"role": Role.MENTIONED}, SHORT),
        (Stays.OTHERS, {"others": {"P2": Role.SUSPECT}}, WRONG),
        (Stays.OFFENCES, {"offences": frozenset({Offence.FORGERY})}, WRONG),
        (Stays.SUBJECT, {"found": False}, SHORT),
    ],
)
def test_what_must_stay_may_be_lost_but_not_contradicted(
    stays: Stays, changes: dict[str, object], verdict: Verdict
) -> None:
    assert check_stays(stays, VIEW, replace(VIEW, **changes))[1] is verdict  # type: ignore[arg-type]


def test_a_failure_is_wrong_everywhere() -> None:
    variant = Variant(
        id="v", slots={}, stages=(), roles=(Role.VICTIM,), identity=(IdentityVerdict.MISMATCH,), counter=(),
        recommendations=(RecommendationValue.REVIEW,),
    )  # fmt: skip
    assert set(verdict_of(variant, None)) == {WRONG}
    assert check_stays(Stays.STAGE, VIEW, None)[1] is WRONG


def test_a_swap_is_the_same_in_each_respect_by_itself() -> None:
    moved = replace(VIEW, stages=frozenset({Stage.TRIAL}))
    assert not is_same(VIEW, moved, "stage")
    assert is_same(VIEW, moved, "role")
    assert not is_same(VIEW, replace(VIEW, others={"P2": Role.SUSPECT}), "role")
    assert not is_same(VIEW, REVIEW, "recommendation")


def test_a_view_shows_the_subject_and_the_others_apart() -> None:
    case = make_case()
    view = view_outcome(case, make_record(case, draft_perfectly(case)))
    assert view is not None
    assert (view.role, view.stages) == (Role.ACCUSED, frozenset({Stage.CHARGED}))
    assert view.others == {"P2": Role.VICTIM, "P3": Role.LAWYER}
    assert view_outcome(case, make_failure(case)) is None


def test_a_share_of_none_is_bounded_by_subjects_not_by_tries() -> None:
    none = share("swaps", "x", "flips", [Tried("x", f"s{number % 10}", False) for number in range(100)], bad=True)
    assert none is not None
    assert none.value == 0
    assert none.upper == pytest.approx(1 - 0.05 ** (1 / 10), abs=1e-6)
    assert share("swaps", "x", "flips", [], bad=True) is None


def test_shares_are_told_by_part_and_over_all() -> None:
    tries = [Tried("a", "s1", True), Tried("a", "s2", False), Tried("b", "s3", False)]
    assert [(one.part, one.value) for one in shares("swaps", "flips", tries, bad=True)] == [
        ("a", 0.5), ("b", 0.0), ("all", pytest.approx(1 / 3)),
    ]  # fmt: skip


def test_a_difference_between_origins_is_found_and_chance_is_not() -> None:
    cases = [f"c{number}" for number in range(40)]
    even = dict.fromkeys(cases, 1.0)
    worse = {case: float(number >= 30) for number, case in enumerate(cases)}
    subjects = {case: case for case in cases}
    found = {one.part: one for one in differences({"a": even, "b": even, "c": worse}, subjects)}
    assert found["c"].value == pytest.approx(-0.75)
    assert (found["c"].p_value or 0) < 0.001
    assert all((one.p_value or 0) == 1 for one in differences({"a": even, "b": even}, subjects))
    assert differences({"a": {}, "b": {}}, {}) == []


def test_of_two_the_second_is_held_against_the_first() -> None:
    found = differences({"men": {"c1": 0.0, "c2": 0.0}, "women": {"c1": 1.0, "c2": 0.0}}, {"c1": "s1", "c2": "s2"})
    assert [(one.part, one.value, one.what) for one in found] == [("women", 0.5, "escalated more often than men")]


def make_probed(*verdicts: Verdict) -> Probed:
    case = make_case()
    checks = [Check(Kind.PAIRS, "stage", case.id, "s", "role", one, f"It was {one}.") for one in verdicts]
    return Probed(Kind.PAIRS, {case.id: case}, checks, shares("pairs", "held", [Tried("stage", "s", True)], bad=False))


def test_the_report_tells_what_went_wrong_with_the_alert_beside_it() -> None:
    probed = make_probed(HELD, SHORT, WRONG)
    text = "\n".join(render_lines(probed, "extractive"))
    assert "It was wrong." in text
    assert "It was held." not in text
    kind = build_document([probed], "extractive", {"at": "now"})["kinds"][0]
    assert [one["verdict"] for one in kind["remarks"]] == ["short", "wrong"]
    assert list(kind["wrong_alerts"]) == ["t-charged-01"]
    assert build_document([make_probed(HELD)], "extractive", {})["kinds"][0]["wrong_alerts"] == {}


def test_only_the_wrong_way_is_wrong_and_falling_short_still_counts() -> None:
    assert not is_wrong(make_probed(HELD, SHORT))
    assert is_wrong(make_probed(HELD, WRONG))
    assert held_share(make_probed(HELD, SHORT)) == 0.5
