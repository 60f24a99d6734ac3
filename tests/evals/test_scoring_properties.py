"""What must hold of the scores of any case and any draft."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.summary import RiskSummary
from agent.domain.taxonomy import Offence, Role, Stage
from evals.cases.case import Case, Split
from evals.cases.files import load_cases
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from tests.evals.cases import make_case
from tests.evals.scoring_drafts import draft_perfectly, make_failure, make_record, score

NAMES = ("Ilvo Krantz", "Senja Mooste", "Aino Velk", "Hulda Reim", "Borek Tsalla", "Mirva Oone")
SENTENCES = tuple(f"{name} had business number {n} with the port office" for n, name in enumerate(NAMES * 2))
TEXT = ".\n\n".join(SENTENCES) + "."
DESCRIPTIVE = {"reviewed", "abstained"}
"""Shares that say where alerts go: a review can be the right end."""
BY_DRAFT = {
    "event_precision",
    "offence_precision",
    "counter_evidence_precision",
    "quote_validity",
    "uncited",
    "overreached",
} | {"unsupported_facts"}
"""Measures whose whole the draft fixes."""
FIXED = [name for name in MEASURES if name not in BY_DRAFT | {"wrong_reason", "offence_recall"}]

roles = st.lists(st.sampled_from(Role), min_size=1, max_size=2, unique=True)
ids = st.sampled_from([f"P{n}" for n in range(1, len(NAMES) + 1)])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    places = draw(st.lists(st.integers(0, len(SENTENCES) - 1), max_size=5, unique=True))
    events = [
        {
            "id": f"E{number}",
            "offences": draw(st.lists(st.sampled_from(Offence), min_size=1, max_size=2, unique=True)),
            "also_acceptable": draw(st.lists(st.sampled_from(Offence), max_size=2, unique=True)),
            "stages": draw(st.lists(st.sampled_from(Stage), min_size=1, max_size=2, unique=True)),
            "parties": draw(st.lists(ids, max_size=3, unique=True)),
            "evidence": [SENTENCES[place]],
        }
        for number, place in enumerate(places, start=1)
    ]
    gold: dict[str, Any] = {
        "parties": [{"id": f"P{n}", "name": name, "roles": draw(roles)} for n, name in enumerate(NAMES, start=1)],
        "subject_party": draw(st.none() | ids),
        "events": events,
        "counter_evidence": [],
        "identity": {"verdicts": ["possible"]},
    }
    truth = draw(st.sampled_from(["escalate", "close", "open"]))
    return make_case(truth=truth, must_not_miss=False, alert__article__text=TEXT, gold=gold)


@st.composite
def faulty(draw: st.DrawFn, case: Case) -> RiskSummary:
    draft = draft_perfectly(case)
    events = [
        event.model_copy(
            update={
                "stage": draw(st.just(event.stage) | st.sampled_from(Stage)),
                "parties": draw(st.just(event.parties) | st.lists(ids, max_size=2, unique=True).map(tuple)),
                "offences": draw(st.just(event.offences) | st.tuples(st.sampled_from(Offence))),
                "quotes": draw(st.just(event.quotes) | st.just(())),
            }
        )
        for event in draw(st.permutations(draft.events))
        if draw(st.booleans())
    ]
    parties = [
        party.model_copy(update={"role": draw(st.just(party.role) | st.sampled_from(Role))})
        for party in draft.parties
        if draw(st.integers(0, 5))
    ]
    changes = {"events": tuple(events), "parties": tuple(parties), "subject_party": draw(st.none() | ids)}
    return draft.model_copy(update=changes)


def is_best(one: SampleScore, name: str) -> bool:
    measure = one.measures[name]
    return not measure.of or measure.amount == (0 if MEASURES[name].better == "lower" else measure.of)


@given(cases())
@settings(max_examples=60)
def test_what_the_gold_itself_says_is_best_in_every_measure(case: Case) -> None:
    one = score(case, draft_perfectly(case))
    undecided = case.truth.value == "open"
    # An escalation that no gold event about the subject explains is for a wrong reason, whatever the draft says.
    known = {"wrong_reason"} if not any(case.gold.subject_party in e.parties for e in case.gold.events or ()) else set()
    assert [name for name in MEASURES if not is_best(one, name) and name not in known | DESCRIPTIVE] == []
    assert undecided or one.measures["cost"].amount == 0


@pytest.mark.parametrize("case", load_cases(splits=[Split.SMOKE]).cases, ids=lambda case: case.id)
def test_the_gold_of_the_shipped_cases_is_best_too(case: Case) -> None:
    one = score(case, make_record(case))
    assert [remark for remark in one.remarks if remark.measure not in DESCRIPTIVE] == []


@given(st.data())
@settings(max_examples=100)
def test_dropping_an_event_never_raises_recall(data: st.DataObject) -> None:
    case = data.draw(cases())
    draft = data.draw(faulty(case))
    whole = score(case, draft).measures
    for place in range(len(draft.events)):
        left = draft.model_copy(update={"events": draft.events[:place] + draft.events[place + 1 :]})
        fewer = score(case, left).measures
        assert fewer["event_recall"].amount <= whole["event_recall"].amount + 1e-9
        assert fewer["omitted"].amount >= whole["omitted"].amount - 1e-9


@given(st.data())
@settings(max_examples=100)
def test_a_failure_never_beats_any_record(data: st.DataObject) -> None:
    case = data.draw(cases())
    ends = st.sampled_from(["escalate", "review", "close_not_material", "cannot_assess"])
    record = make_record(case, data.draw(faulty(case)), recommendation=data.draw(ends))
    drafted, failed = score(case, record).measures, score(case, make_failure(case)).measures
    for name, info in MEASURES.items():
        one, other = drafted[name].value, failed[name].value
        if one is None or other is None or name.startswith("cost"):
            continue
        assert other >= one if info.better == "lower" else other <= one, name
    assert failed["cost"].amount in (0.0, 0.3)  # in cost a failure is work for a person, as a review is


@given(st.data())
@settings(max_examples=60)
def test_amounts_stay_within_their_wholes_and_wholes_within_the_case(data: st.DataObject) -> None:
    case = data.draw(cases())
    drafted = score(case, data.draw(faulty(case))).measures
    failed = score(case, make_failure(case)).measures
    for name, measure in drafted.items():
        assert 0 <= measure.amount <= MEASURES[name].most * measure.of + 1e-9, name
    assert {name: drafted[name].of for name in FIXED} == {name: failed[name].of for name in FIXED}
