"""The ablation: what each condition shows, who is compared with whom, and what the report counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.alert import Alert, Article, Subject
from agent.domain.reading import Reading
from agent.domain.record import TriageRecord
from agent.domain.summary import CounterEvidence, Event, Party, PrecedentNote, RiskSummary
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    Offence,
    PartyKind,
    PrecedentOutcome,
    RecommendationValue,
    Role,
    Stage,
)
from agent.errors import ModelTimeout
from agent.triage.ablation import (
    AblatedAlert,
    AblationPlan,
    Condition,
    FixedPrecedents,
    ReadOnce,
    ablate_alert,
    plan_ablation,
    poison_precedents,
)
from agent.triage.ablation_report import BY_CONSTRUCTION, compare_drafts, format_report, report_ablation
from agent.triage.extractive import ExtractiveDrafter
from tests.contract.retrieval_examples import moment, query
from tests.spine.carriers import CARRIERS
from tests.spine.parts import make_alert, make_llm_drafter, make_pipeline, reader
from tests.spine.past_cases import MemorySource
from tests.spine.swayed import as_reply

POISONS = (Condition.POISONED_CLOSE, Condition.POISONED_ESCALATE)


@cache
def alerts() -> tuple[Alert, ...]:
    return tuple(make_alert(one.text, one.subject, alert_id=one.id) for one in CARRIERS[:4])


def extractive(source: Any) -> Any:
    return make_pipeline(source=source)


def plan(source: MemorySource | None = None, seed: int = 0) -> AblationPlan:
    return plan_ablation(alerts(), source or MemorySource(), extractive, seed=seed)


def run(made: AblationPlan, source: MemorySource, make: Callable[[Any], Any] = extractive) -> list[AblatedAlert]:
    return [asyncio.run(ablate_alert(one, source, make)) for one in made.alerts]


# --- what each condition shows


def test_every_condition_shows_what_it_says() -> None:
    for one in plan().alerts:
        own = {match.precedent.precedent_id for match in one.shown[Condition.WITH]}
        assert len(own) == 6
        assert one.shown[Condition.WITHOUT] == ()
        others = {match.precedent.precedent_id for match in one.shown[Condition.SHUFFLED]}
        assert others
        assert not others & own
        for kind in POISONS:
            assert {match.precedent.precedent_id for match in one.shown[kind]} == own


@given(seed=st.integers(0, 10_000))
def test_shuffling_gives_each_set_to_somebody_else(seed: int) -> None:
    made = plan(seed=seed)
    given_sets = [one.shown[Condition.SHUFFLED] for one in made.alerts]
    assert sorted(str(shown) for shown in given_sets) == sorted(str(one.shown[Condition.WITH]) for one in made.alerts)
    assert all(one.shown[Condition.WITH] != one.shown[Condition.SHUFFLED] for one in made.alerts)
    assert made == plan(seed=seed)


def test_an_alert_without_precedents_is_shown_none_whatever_the_condition() -> None:
    (bare, *_) = (made := plan(MemorySource(empty_for=[alerts()[0].alert_id]))).alerts
    assert all(matches == () for matches in bare.shown.values())
    assert made.drafts == 5 * (len(made.alerts) - 1) + 1


@pytest.mark.parametrize(
    ("condition", "argued"),
    [
        (Condition.POISONED_CLOSE, {PrecedentOutcome.NOT_MATERIAL, PrecedentOutcome.NOT_THE_SUBJECT}),
        (Condition.POISONED_ESCALATE, {PrecedentOutcome.MATERIAL}),
    ],
)
def test_poison_turns_outcomes_round_and_gives_orders_but_keeps_what_code_computes(
    condition: Condition, argued: set[PrecedentOutcome]
) -> None:
    matches = MemorySource().find_precedents(query(), 6)
    poisoned = poison_precedents(matches, condition)
    assert {match.precedent.outcome for match in poisoned} == argued
    for before, after in zip(matches, poisoned, strict=True):
        assert (after.similarity, after.alike, after.differs) == (before.similarity, before.alike, before.differs)
        assert after.precedent.precedent_id == before.precedent.precedent_id
        assert after.precedent.rationale != before.precedent.rationale
        assert before.precedent.summary in after.precedent.summary
    assert len({match.precedent.rationale for match in poisoned}) > 2


def test_no_condition_shows_the_alert_itself_or_a_later_decision() -> None:
    matches = MemorySource().find_precedents(query(), 6)
    own, later, *rest = matches
    own = own.model_copy(update={"precedent": own.precedent.model_copy(update={"alert_id": "A-now"})})
    later = later.model_copy(
        update={"precedent": later.precedent.model_copy(update={"decided_at": moment(2024) + timedelta(seconds=1)})}
    )
    source = FixedPrecedents(MemorySource(), (own, later, *rest), {})
    assert source.find_precedents(query(), 6) == rest


def test_everything_but_precedents_is_the_real_sources() -> None:
    source = FixedPrecedents(MemorySource(), (), {PrecedentOutcome.MATERIAL: 3})
    assert source.notes == ("kept in memory",)
    assert source.find_profiles(["Ilda Moravec"], 3) == []
    assert source.detect_names("Ilda Moravec") == []
    assert source.outcome_counts() == {PrecedentOutcome.MATERIAL: 3}


# --- running


def test_each_condition_is_drafted_from_what_it_shows() -> None:
    source = MemorySource()
    made = plan(source)
    for one in run(made, source):
        for condition, outcome in one.outcomes.items():
            assert isinstance(outcome, TriageRecord)
            shown = {match.precedent.precedent_id for match in one.plan.shown[condition]}
            assert set(outcome.provenance.precedents) == shown
    assert len(source.asked) == len(made.alerts)


def test_conditions_that_show_the_same_share_one_draft() -> None:
    source = MemorySource(empty_for=[alerts()[0].alert_id])
    calls = []

    def counting(inner: Any) -> Any:
        calls.append(inner)
        return make_pipeline(source=inner)

    made = plan_ablation(alerts()[:1], source, extractive)
    asyncio.run(ablate_alert(made.alerts[0], source, counting))
    assert len(calls) == made.drafts == 1


def test_an_article_is_read_once_for_all_conditions() -> None:
    reads = []

    class Counting:
        def read(self, article: Article, subject: Subject | None = None) -> Reading:
            reads.append(article)
            return reader().read(article, subject)

    counting = ReadOnce(Counting())
    source = MemorySource()
    made = plan_ablation(alerts()[:1], source, lambda one: make_pipeline(source=one, reader=counting))
    asyncio.run(ablate_alert(made.alerts[0], source, lambda one: make_pipeline(source=one, reader=counting)))
    assert len(reads) == 1


# --- comparing and reporting


def summary(**changes: Any) -> RiskSummary:
    event = Event(
        id="E1",
        offences=(Offence.FRAUD,),
        stage=Stage.CHARGED,
        in_absentia=False,
        final=False,
        parties=("P1",),
        claim="Charged.",
    )
    fields: dict[str, Any] = {
        "parties": (Party(id="P1", name="Ilda Moravec", kind=PartyKind.PERSON, role=Role.ACCUSED),),
        "subject_party": "P1",
        "events": (event,),
        "counter_evidence": (
            CounterEvidence(id="C1", kind=CounterEvidenceKind.DENIAL, by="her lawyer", claim="Denied."),
        ),
        "narrative": "Prosecutors charged Ilda Moravec.",
    }
    return RiskSummary.model_validate(fields | changes)


def test_a_draft_does_not_differ_from_itself_whatever_its_ids() -> None:
    base = summary()
    assert not compare_drafts(base, base).any
    party, event = base.parties[0], base.events[0]
    renamed = base.model_copy(
        update={
            "parties": (party.model_copy(update={"id": "P9"}),),
            "events": (event.model_copy(update={"id": "E7", "parties": ("P9",)}),),
        }
    )
    assert not compare_drafts(base, renamed).any


def test_each_kind_of_change_is_counted_where_it_belongs() -> None:
    base = summary()
    party, event = base.parties[0], base.events[0]
    assert compare_drafts(base, summary(events=())).events == 1
    convicted = compare_drafts(base, summary(events=(event.model_copy(update={"stage": Stage.CONVICTED}),)))
    assert (convicted.events, convicted.stages) == (0, 1)
    assert compare_drafts(base, summary(parties=(party.model_copy(update={"role": Role.WITNESS}),))).roles == 1
    assert compare_drafts(base, summary(counter_evidence=())).counter_evidence == 1
    assert compare_drafts(base, summary(narrative="Weather and football.")).narrative == 1.0
    assert 0 < compare_drafts(base, summary(narrative="Prosecutors charged nobody.")).narrative < 1


def ablated(values: Sequence[RecommendationValue], drafter: str = "llm", **changes: Any) -> AblatedAlert:
    """One alert whose conditions, in order, came to these recommendations."""
    source = MemorySource()
    one = asyncio.run(ablate_alert(plan(source).alerts[0], source, extractive))
    outcomes = {}
    for condition, value in zip(Condition, values, strict=True):
        record = one.outcomes[condition]
        assert isinstance(record, TriageRecord)
        recommendation = record.recommendation.model_copy(update={"value": value})
        fields = {"recommendation": recommendation, "drafter": drafter, **changes}
        outcomes[condition] = record.model_copy(update=fields)
    return AblatedAlert(one.plan, outcomes)


ESCALATE, REVIEW, CLOSE = (
    RecommendationValue.ESCALATE,
    RecommendationValue.REVIEW,
    RecommendationValue.CLOSE_NOT_MATERIAL,
)


def test_flips_are_counted_by_direction_and_the_dangerous_ones_named() -> None:
    report = report_ablation(
        [
            ablated([ESCALATE, ESCALATE, REVIEW, CLOSE, ESCALATE]),
            ablated([REVIEW, REVIEW, REVIEW, CLOSE, ESCALATE]),
            ablated([ESCALATE] * 5),
        ]
    )
    effects = {effect.condition: effect for effect in report.effects}
    close = effects[Condition.POISONED_CLOSE]
    assert close.flips == {"escalate → close_not_material": 1, "review → close_not_material": 1}
    assert (close.lowered, close.escalate_lowered, close.raised) == (2, 1, 0)
    assert len(close.lowered_alerts) == 2
    assert effects[Condition.SHUFFLED].escalate_lowered == 1
    assert (effects[Condition.POISONED_ESCALATE].raised, effects[Condition.POISONED_ESCALATE].lowered) == (1, 0)
    assert effects[Condition.WITHOUT].flips == {}
    assert "escalate → close_not_material (1)" in "\n".join(format_report(report))


def test_the_nearest_precedent_agrees_or_not_where_the_recommendation_takes_a_side() -> None:
    report = report_ablation([ablated([ESCALATE] * 5), ablated([REVIEW] * 5), ablated([CLOSE] * 5)])
    effects = {effect.condition: effect for effect in report.effects}
    nearest_is_material = effects[Condition.WITH]
    assert (nearest_is_material.sided, nearest_is_material.nearest_agrees) == (2, 1)
    assert effects[Condition.WITHOUT].sided == 0


def test_a_draft_the_model_did_not_make_is_counted_and_not_compared() -> None:
    one = ablated([ESCALATE, ESCALATE, ESCALATE, CLOSE, ESCALATE])
    record = one.outcomes[Condition.POISONED_CLOSE]
    assert isinstance(record, TriageRecord)
    origin = record.provenance.model_copy(update={"fallback_reason": "ModelTimeout: too slow"})
    fallen = record.model_copy(update={"provenance": origin})
    report = report_ablation([AblatedAlert(one.plan, {**one.outcomes, Condition.POISONED_CLOSE: fallen})])
    effect = next(effect for effect in report.effects if effect.condition is Condition.POISONED_CLOSE)
    assert (effect.fell_back, effect.compared, effect.lowered) == (1, 0, 0)


def test_a_condition_that_failed_is_counted_and_the_others_are_compared() -> None:
    drafter, _ = make_llm_drafter(ModelTimeout("too slow"), repeat=True)
    source = MemorySource()
    report = report_ablation(run(plan(source), source, lambda one: make_pipeline(drafter, source=one)))
    assert all(effect.failed == 4 and effect.compared == 0 for effect in report.effects)
    assert isinstance(format_report(report), list)


def test_a_precedent_that_was_never_shown_does_not_hold_as_a_citation() -> None:
    honest = ExtractiveDrafter().draft(make_pipeline(source=MemorySource()).prepare(alerts()[0])).summary
    shown, invented = honest.precedents[0], PrecedentNote(id="X-1", alike="all", differs="")
    reply = as_reply(honest.model_copy(update={"precedents": (shown, invented)}))
    drafter, _ = make_llm_drafter(reply, repeat=True)
    source = MemorySource()
    made = plan_ablation(alerts()[:1], source, extractive)
    report = report_ablation(run(made, source, lambda one: make_pipeline(drafter, source=one)))
    effects = {effect.condition: effect for effect in report.effects}
    assert (effects[Condition.WITH].cited, effects[Condition.WITH].cited_unshown) == (1, 1)
    assert (effects[Condition.WITHOUT].cited, effects[Condition.WITHOUT].cited_unshown) == (0, 2)


def test_the_report_says_when_the_drafter_cannot_use_precedents_at_all() -> None:
    source = MemorySource()
    report = report_ablation(run(plan(source), source))
    assert BY_CONSTRUCTION in report.notes
    assert all(effect.flips == {} and effect.drafts_changed == 0 for effect in report.effects)
    assert BY_CONSTRUCTION not in report_ablation([ablated([ESCALATE] * 5)]).notes
