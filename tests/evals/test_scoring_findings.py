"""Findings against the gold: which event is which, stages, offences, omissions, roles, counter-evidence."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.preprocessing import MultiLabelBinarizer

from agent.domain.record import Omission
from agent.domain.summary import CounterEvidence, Party, RiskSummary
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Role, Stage
from evals.cases.case import Case
from evals.scoring.assignment import assign_pairs
from evals.scoring.breakdown import tabulate_offences, tabulate_roles, tabulate_stages
from evals.scoring.measure import SampleScore
from tests.evals.cases import make_case
from tests.evals.scoring_drafts import draft_perfectly, make_record, quote, score

TEXT = (
    "Ilvo Krantz, 44, a broker from Tartu, was convicted of fraud in 2015 and served two years.\n\n"
    "On Monday Krantz was charged with bribery over a quay in Pärnu, prosecutors said.\n\n"
    "His partner Senja Mooste was acquitted of forgery last year. His driver was arrested and named no one.\n\n"
    "Krantz's lawyer, Aino Velk, said her client denied the bribery. The court criticised the prosecutors' file.\n\n"
    "Hulda Reim, a pensioner, lost 40,000 euros."
)


def make_big_case(**changes: Any) -> Case:
    gold = {
        "parties": [
            {"id": "P1", "name": "Ilvo Krantz", "aliases": ["Krantz"], "roles": ["offender", "accused"]},
            {"id": "P2", "name": "Senja Mooste", "roles": ["exonerated"]},
            {"id": "P3", "name": "Aino Velk", "roles": ["lawyer"]},
            {"id": "P4", "name": "Hulda Reim", "roles": ["victim"]},
        ],
        "subject_party": "P1",
        "events": [
            event("E1", ["fraud"], ["convicted"], ["P1"], "was convicted of fraud in 2015"),
            event("E2", ["corruption"], ["charged"], ["P1"], "was charged with bribery over a quay in Pärnu"),
            event("E3", ["forgery"], ["acquitted"], ["P2"], "was acquitted of forgery last year"),
            event("E4", ["other"], ["arrested"], [], "His driver was arrested", also=["extortion"]),
        ],
        "counter_evidence": [
            {"id": "C1", "kinds": ["denial"], "by": "Krantz's lawyer, Aino Velk", "evidence": ["denied the bribery"]},
            {
                "id": "C2",
                "kinds": ["court_criticism"],
                "by": "The court",
                "evidence": ["The court criticised the prosecutors' file"],
            },
        ],
        "recommendations": ["escalate"],
    }
    row: dict[str, Any] = {"subject": "Ilvo Krantz", "alert__subject__name": "Ilvo Krantz", "gold": gold}
    return make_case(**{**row, "alert__article__text": TEXT, **changes})


def event(
    event_id: str, offences: list[str], stages: list[str], parties: list[str], words: str, also: list[str] | None = None
) -> dict[str, Any]:
    extra = {"also_acceptable": also} if also else {}
    return {"id": event_id, "offences": offences, "stages": stages, "parties": parties, "evidence": [words]} | extra


@pytest.fixture(scope="module")
def case() -> Case:
    return make_big_case()


@pytest.fixture(scope="module")
def perfect(case: Case) -> RiskSummary:
    return draft_perfectly(case)


def with_event(summary: RiskSummary, place: int, **changes: Any) -> RiskSummary:
    events = [one.model_copy(update=changes) if at == place else one for at, one in enumerate(summary.events)]
    return summary.model_copy(update={"events": tuple(events)})


def values(one: SampleScore, *names: str) -> list[float | None]:
    return [one.measures[name].value for name in names]


def remarks(one: SampleScore, measure: str) -> str:
    return " ".join(remark.text for remark in one.remarks if remark.measure == measure)


def test_an_event_left_out_lowers_recall_alone_and_is_named(case: Case, perfect: RiskSummary) -> None:
    without = score(case, perfect.model_copy(update={"events": perfect.events[1:]}))
    assert values(without, "event_recall", "event_precision", "stage_right") == [0.75, 1.0, 0.75]
    assert "E1 (convicted: fraud; against Ilvo Krantz)" in remarks(without, "event_recall")
    assert "was convicted of fraud in 2015" in remarks(without, "event_recall")


def test_an_event_held_against_somebody_else_is_not_found(case: Case, perfect: RiskSummary) -> None:
    blamed = score(case, with_event(perfect, 0, parties=("P4",)))
    assert values(blamed, "event_recall", "event_precision") == [0.75, 0.75]
    assert "E1 (convicted: fraud; against Hulda Reim) rests on the words of E1" in remarks(blamed, "event_precision")


def test_a_matter_of_nobody_named_pinned_on_somebody_is_not_found(case: Case, perfect: RiskSummary) -> None:
    pinned = score(case, with_event(perfect, 3, parties=("P1",)))
    assert values(pinned, "event_recall") == [0.75]
    described = Party.model_validate({"id": "P9", "name": "his driver", "kind": "person", "role": "suspect"})
    shown = with_event(perfect, 3, parties=("P9",)).model_copy(update={"parties": (*perfect.parties, described)})
    assert values(score(case, shown), "event_recall", "event_precision") == [1.0, 1.0]


def test_one_event_against_two_people_counts_for_each() -> None:
    words = "was convicted of fraud in 2015"
    case = make_big_case(gold__events=[event("E1", ["fraud"], ["convicted"], ["P1", "P2"], words)])
    draft = draft_perfectly(case)
    half = with_event(draft, 0, parties=("P1",))
    assert values(score(case, half), "event_recall", "event_precision") == [0.5, 1.0]
    apart = draft.model_copy(update={"events": (half.events[0], with_event(draft, 0, parties=("P2",)).events[0])})
    assert values(score(case, apart), "event_recall", "event_precision") == [1.0, 1.0]


def test_two_matters_of_one_party_told_as_one_are_half_found(case: Case, perfect: RiskSummary) -> None:
    one = perfect.events[0].model_copy(
        update={
            "offences": (Offence.FRAUD, Offence.CORRUPTION),
            "quotes": perfect.events[0].quotes + perfect.events[1].quotes,
        }
    )
    merged = score(case, perfect.model_copy(update={"events": (one, *perfect.events[2:])}))
    assert values(merged, "event_recall") == [0.75]
    assert "E2" in remarks(merged, "stage_overstated")  # convicted, on the words of a charge


@pytest.mark.parametrize(
    ("place", "stage", "over", "under", "right"),
    [
        (1, Stage.CONVICTED, 1, 0, 3),
        (1, Stage.ARRESTED, 0, 1, 3),
        (1, Stage.UNDETERMINED, 0, 0, 3),
        (1, Stage.SETTLED, 0, 0, 3),
        (2, Stage.CONVICTED, 0, 0, 3),
        (3, Stage.WANTED, 0, 0, 3),
        (3, Stage.ARRESTED, 0, 0, 4),
    ],
)
def test_stages_over_and_under_on_the_chain_alone(
    case: Case, perfect: RiskSummary, place: int, stage: Stage, over: int, under: int, right: int
) -> None:
    got = score(case, with_event(perfect, place, stage=stage)).measures
    assert (got["stage_overstated"].amount, got["stage_understated"].amount) == (over, under)
    assert (got["stage_right"].amount, got["stage_right"].of) == (right, 4)
    assert got["stage_overstated"].of == got["stage_understated"].of == 3


def test_a_second_event_that_goes_further_is_an_overstatement_too(case: Case, perfect: RiskSummary) -> None:
    charge = perfect.events[1]
    tried = charge.model_copy(update={"id": "E9", "stage": Stage.CONVICTED})
    beside = score(case, perfect.model_copy(update={"events": (*perfect.events, tried)}))
    assert beside.measures["stage_overstated"].amount == 1
    assert beside.measures["stage_right"].amount == 4
    elsewhere = tried.model_copy(update={"quotes": (quote(case, "Hulda Reim, a pensioner, lost 40,000 euros"),)})
    strayed = score(case, perfect.model_copy(update={"events": (*perfect.events, elsewhere)}))
    assert strayed.measures["stage_overstated"].amount == 1
    assert strayed.measures["event_precision"].amount == 4  # of five


def test_exonerations_are_counted_apart(case: Case, perfect: RiskSummary) -> None:
    assert values(score(case, with_event(perfect, 2, stage=Stage.CHARGED)), "exoneration_recall") == [0.0]
    assert values(score(case, with_event(perfect, 2, stage=Stage.DISMISSED)), "exoneration_recall") == [1.0]
    assert "in favour of Senja Mooste" in remarks(
        score(case, perfect.model_copy(update={"events": perfect.events[:2]})), "exoneration_recall"
    )


def test_offences_named_instead_count_neither_way(case: Case, perfect: RiskSummary) -> None:
    instead = with_event(perfect, 3, offences=(Offence.EXTORTION,))
    assert values(score(case, instead), "offence_recall", "offence_precision") == [1.0, 1.0]
    wrong = score(case, with_event(perfect, 0, offences=(Offence.TERRORISM,)))
    assert values(wrong, "offence_recall", "offence_precision") == [0.75, 0.75]
    assert "terrorism" in remarks(wrong, "offence_precision")


def test_what_is_omitted_is_weighed_by_the_policy_and_a_flag_covers_it(case: Case, perfect: RiskSummary) -> None:
    without = perfect.model_copy(update={"events": perfect.events[1:]})
    bare = score(case, without)
    assert bare.measures["omitted"] == (9.0, 18.0)  # fraud convicted 3 x 3, corruption charged 3 x 3
    assert "E1" in remarks(bare, "omitted")
    sentence = TEXT.split("\n\n", 1)[0]
    flagged = make_record(case, without, omissions=(Omission(sentence="p1.s1", text=sentence),))
    assert score(case, flagged).measures["omitted"] == (0.0, 18.0)


def test_roles_right_missing_and_inverted(case: Case, perfect: RiskSummary) -> None:
    def given(party_id: str, role: Role) -> SampleScore:
        parties = [one.model_copy(update={"role": role}) if one.id == party_id else one for one in perfect.parties]
        return score(case, perfect.model_copy(update={"parties": tuple(parties)}))

    assert values(given("P4", Role.SUSPECT), "role_right", "role_inverted") == [0.75, 0.25]
    assert values(given("P1", Role.VICTIM), "role_inverted") == [0.25]
    assert values(given("P1", Role.SUSPECT), "role_right", "role_inverted") == [0.75, 0.0]
    assert values(given("P1", Role.ACCUSED), "role_right") == [1.0]
    gone = score(case, perfect.model_copy(update={"parties": perfect.parties[:-1]}))
    assert values(gone, "role_right", "role_inverted") == [0.75, 0.0]
    assert gone.roles[-1] == (Role.VICTIM, None)


def test_the_subject_found_mistaken_or_left_open(case: Case, perfect: RiskSummary) -> None:
    names = ("subject_found", "wrong_subject")
    assert values(score(case, perfect.model_copy(update={"subject_party": "P2"})), *names) == [0.0, 1.0]
    assert values(score(case, perfect.model_copy(update={"subject_party": None})), *names) == [0.0, 0.0]
    nobody = make_big_case(gold__subject_party=None)
    assert values(score(nobody, perfect), *names) == [None, 1.0]


@pytest.mark.parametrize(
    ("name", "aliases", "found"),
    [
        ("KRANTZ, Ilvo", (), True),
        ("Mr Ilvo Krantz", (), True),
        ("Krantz", (), True),
        ("Somebody", ("Ilvo Krantz",), True),
        ("Ilvo Jaan Krantz", (), True),
        ("Ilvo Krants", (), False),
        ("Ada Krantz", (), False),
    ],
)
def test_names_that_are_the_subjects(name: str, aliases: tuple[str, ...], found: bool) -> None:
    case = make_big_case()
    perfect = draft_perfectly(case)
    first = perfect.parties[0].model_copy(update={"name": name, "aliases": aliases})
    got = score(case, perfect.model_copy(update={"parties": (first, *perfect.parties[1:])}))
    assert got.measures["subject_found"].amount == found
    if name == "Ilvo Krants":  # a wrong letter is neither found nor somebody else
        assert got.measures["wrong_subject"].amount == 0
        assert "nearly" in remarks(got, "subject_found")


def test_a_surname_that_two_people_bear_points_to_nobody() -> None:
    text = TEXT + "\n\nHis brother Olev Krantz was not accused."
    parties = [
        {"id": "P1", "name": "Ilvo Krantz", "roles": ["offender"]},
        {"id": "P2", "name": "Olev Krantz", "roles": ["mentioned"]},
    ]
    case = make_big_case(alert__article__text=text, gold={"parties": parties, "subject_party": "P1"})
    draft = draft_perfectly(case)
    short = draft.parties[0].model_copy(update={"name": "Krantz"})
    got = score(case, draft.model_copy(update={"parties": (short, draft.parties[1])}))
    assert got.measures["subject_found"].amount == 0


def test_counter_evidence_missed_misnamed_and_invented(case: Case, perfect: RiskSummary) -> None:
    names = ("counter_evidence_recall", "counter_evidence_precision", "counter_evidence_invented")

    def given(*entries: CounterEvidence) -> SampleScore:
        return score(case, perfect.model_copy(update={"counter_evidence": entries}))

    denial, criticism = perfect.counter_evidence
    assert values(given(denial), *names) == [0.5, 1.0, 0.0]
    assert values(given(), *names) == [0.0, None, 0.0]
    misnamed = denial.model_copy(update={"kind": CounterEvidenceKind.ACQUITTAL})
    assert values(given(misnamed, criticism), *names) == [0.5, 0.5, 0.0]
    stray = quote(case, "Hulda Reim, a pensioner")
    invented = denial.model_copy(update={"by": "her son", "quotes": (stray,)})
    assert values(given(denial, criticism, invented), *names) == [1.0, 2 / 3, 1.0]
    retold = denial.model_copy(update={"by": "Aino Velk (interested party)", "quotes": (stray,)})
    assert values(given(retold, criticism), *names) == [1.0, 1.0, 0.0]


def test_what_was_not_labelled_is_not_scored(perfect: RiskSummary) -> None:
    bare = make_big_case(gold={"recommendations": ["escalate"]})
    got = score(bare, perfect.model_copy(update={"counter_evidence": ()}))
    for name in ("event_recall", "event_precision", "offence_precision", "role_right", "subject_found", "omitted"):
        assert got.measures[name].value is None
    assert got.measures["counter_evidence_invented"].of == 0
    assert tabulate_offences([got]).cases == 0


def test_offence_figures_agree_with_sklearn(case: Case, perfect: RiskSummary) -> None:
    drafts = [
        perfect,
        with_event(perfect, 0, offences=(Offence.TERRORISM, Offence.FORGERY)),
        perfect.model_copy(update={"events": perfect.events[:1]}),
        perfect.model_copy(update={"events": ()}),
        with_event(perfect, 2, offences=(Offence.FRAUD,)),
    ]
    other = make_big_case(id="t-other", gold__events=[])
    scored = [score(make_big_case(id=f"t-{number}"), draft) for number, draft in enumerate(drafts)]
    scored.append(score(other, draft_perfectly(other)))
    table = tabulate_offences(scored)
    gold = [one.offences[0] for one in scored]
    drafted = [one.offences[1] - one.offences[2] for one in scored]
    binarise = MultiLabelBinarizer().fit([*gold, *drafted])
    truth, guess = binarise.transform(gold), binarise.transform(drafted)
    for row, average in ((table.micro, "micro"), (table.macro, "macro")):
        assert row.precision == pytest.approx(
            precision_score(truth, guess, average=average, zero_division=float("nan"))
        )
        assert row.recall == pytest.approx(recall_score(truth, guess, average=average, zero_division=float("nan")))
        assert row.f1 == pytest.approx(f1_score(truth, guess, average=average, zero_division=float("nan")))
    amounts = [one.measures["offence_recall"] for one in scored]
    assert sum(one.amount for one in amounts) / sum(one.of for one in amounts) == pytest.approx(table.micro.recall)
    assert table.both_empty == 1
    assert all(row.small for row in table.rows)


def test_the_tables_say_what_was_taken_for_what(case: Case, perfect: RiskSummary) -> None:
    first = score(case, with_event(perfect, 1, stage=Stage.CONVICTED))
    second = score(case, perfect.model_copy(update={"events": perfect.events[:1]}), epoch=2)
    stages = tabulate_stages([first, second])
    assert stages.counts[Stage.CHARGED, Stage.CONVICTED] == 0.5
    assert stages.counts[Stage.CHARGED, None] == 0.5
    assert stages.counts[Stage.CONVICTED, Stage.CONVICTED] == 1
    assert stages.kappa is not None
    assert stages.kappa.value < 1
    roles = tabulate_roles([first, second])
    assert roles.counts[Role.VICTIM, Role.VICTIM] == 1
    assert roles.kappa is not None
    assert roles.kappa.value == 1


def test_the_number_of_pairs_comes_before_their_fit() -> None:
    assert sorted(assign_pairs([[10.0, 1.0], [1.0, None]])) == [(0, 1), (1, 0)]
    assert assign_pairs([[1.0, 2.0]]) == [(0, 1)]
    assert assign_pairs([[None, None]]) == []
    assert assign_pairs([]) == [] == assign_pairs([[]])
    assert assign_pairs([[0.0, None]]) == [(0, 0)]


def test_a_drafted_event_of_nobody_is_right_where_its_words_are(case: Case, perfect: RiskSummary) -> None:
    loose = perfect.events[0].model_copy(update={"id": "E8", "parties": ()})
    astray = loose.model_copy(update={"id": "E9", "quotes": (quote(case, "Hulda Reim, a pensioner"),)})
    got = score(case, perfect.model_copy(update={"events": (*perfect.events, loose, astray)}))
    assert got.measures["event_precision"] == (5.0, 6.0)
