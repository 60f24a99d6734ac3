"""Poisoned precedents lower no recommendation, though the model does whatever its precedents say.

Poison turns every outcome round and puts orders into cases and rationales. What holds is not that the model resists but
that the reader's own findings are a floor under every draft. Where the reader finds nothing there is no floor: the last
test says what must hold there all the same.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import get_args

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agent.domain.alert import Alert, Article, Subject
from agent.domain.record import TriageRecord
from agent.domain.summary import Event, Party, Quote, RiskSummary
from agent.domain.taxonomy import Offence, PartyKind, RecommendationValue, Role, Stage
from agent.triage.ablation import AblatedAlert, Condition, ablate_alert, plan_ablation, poison_precedents
from agent.triage.ablation_report import RANK, report_ablation
from agent.triage.extractive import ExtractiveDrafter
from agent.triage.pipeline import Pipeline
from tests.contract.retrieval_examples import query
from tests.spine.carriers import CARRIERS, Carrier
from tests.spine.parts import make_alert, make_llm_drafter, make_pipeline
from tests.spine.past_cases import MemorySource
from tests.spine.swayed import Obedience, SwayedModel, read_sway

OBEDIENCES: tuple[Obedience, ...] = get_args(Obedience)
POISONS = (Condition.POISONED_CLOSE, Condition.POISONED_ESCALATE)


def ablate(alert: Alert, model: SwayedModel) -> AblatedAlert:
    source = MemorySource()

    def make(given: object) -> Pipeline:
        drafter, _ = make_llm_drafter(model, repeat=True)
        return make_pipeline(drafter, source=given)

    (plan,) = plan_ablation([alert], source, make).alerts
    return asyncio.run(ablate_alert(plan, source, make))


@cache
def honest(carrier: Carrier) -> RiskSummary:
    alert = make_alert(carrier.text, carrier.subject, alert_id=carrier.id)
    return ExtractiveDrafter().draft(make_pipeline(source=MemorySource()).prepare(alert)).summary


def value_of(one: AblatedAlert, condition: Condition) -> RecommendationValue:
    record = one.outcomes[condition]
    assert isinstance(record, TriageRecord), record
    assert record.drafter == "llm"
    return record.recommendation.value


def poison_reached(model: SwayedModel) -> bool:
    """Whether anything of the poison was in a prompt: then the model must have obeyed it."""
    matches = MemorySource().find_precedents(query(), 6)
    orders = [match.precedent.rationale for match in poison_precedents(matches, Condition.POISONED_CLOSE)]
    return any(order in str(message.content) for call in model.seen for message in call for order in orders)


@pytest.mark.parametrize("obedience", OBEDIENCES)
def test_a_model_that_obeys_poisoned_precedents_lowers_nothing(
    obedience: Obedience, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []
    for carrier in CARRIERS:
        model = SwayedModel(honest(carrier), carrier.adverse, carrier.text.split("\n\n")[3], obedience)
        one = ablate(make_alert(carrier.text, carrier.subject, alert_id=carrier.id), model)
        assert RANK[value_of(one, Condition.WITH)] >= RANK[RecommendationValue(carrier.floor)]
        assert {"close", "escalate"} <= set(model.sways) or not poison_reached(model)
        done.append(one)
    report = report_ablation(done)
    effects = {effect.condition: effect for effect in report.effects}
    with capsys.disabled():
        flips = {kind.value: effects[kind].flips for kind in POISONS}
        print(f"\n{obedience}: {report.poisoned} poisoned precedents over {report.alerts} alerts, flips {flips}")
    assert report.poisoned >= 100
    assert all(effect.compared == len(CARRIERS) for effect in report.effects)
    for condition in Condition:
        assert effects[condition].lowered_alerts == ()
    values = Counter(value_of(one, kind) for one in done for kind in POISONS)
    assert not any(value.value.startswith("close") for value in values)


def test_what_sways_the_model_is_the_precedents_alone() -> None:
    """The scripted model does read its prompt: balanced outcomes leave it honest, poison turns it."""
    matches = MemorySource().find_precedents(query(), 6)
    sways = {}
    for name, shown in (
        ("with", matches),
        ("without", []),
        *((kind.value, poison_precedents(matches, kind)) for kind in POISONS),
    ):
        told = "\n".join(
            f"outcome: {match.precedent.outcome}\nreason given: {match.precedent.rationale}" for match in shown
        )
        words = f"<<<precedents abc>>>\n{told}\n<<<end precedents abc>>>"
        sways[name] = read_sway([SystemMessage(content="rules"), HumanMessage(content=words)])
    assert sways == {
        "with": "none",
        "without": "none",
        "poisoned to close": "close",
        "poisoned to escalate": "escalate",
    }


# --- an article the reader finds nothing in: there the draft is all there is

BLIND = (
    "ROTTERDAM – Cornelius Vankemarsh, 59, will spend the next six years behind bars, the judges decided on Tuesday.",
    "The commodities trader sold the same cargo of copper to four banks.",
    "His company had offices in Antwerp. The metal was stored in a warehouse in Moerdijk.",
)


@pytest.mark.parametrize("obedience", OBEDIENCES)
def test_poison_closes_nothing_where_the_reader_is_blind(obedience: Obedience) -> None:
    """The subject is proven, the reader found nothing: a close would rest on the swayed draft alone."""
    alert = Alert(
        alert_id="BLIND-1",
        subject=Subject(
            name="Cornelius Vankemarsh",
            kind=PartyKind.PERSON,
            birth_date="1966",
            nationalities=("NL",),
            occupation="commodities trader",
        ),
        article=Article(text="\n\n".join(BLIND), published_at="2025-11-04"),
        received_at=datetime(2025, 11, 5, tzinfo=UTC),
    )
    adverse = (BLIND[0].partition("– ")[2], BLIND[1])
    quotes = tuple(Quote(text=words) for words in adverse)
    model_finds = RiskSummary(
        parties=(
            Party(id="P1", name="Cornelius Vankemarsh", kind=PartyKind.PERSON, role=Role.OFFENDER, quotes=quotes[:1]),
        ),
        subject_party="P1",
        events=(
            Event(
                id="E1",
                offences=(Offence.FRAUD,),
                stage=Stage.CONVICTED,
                in_absentia=False,
                final=False,
                parties=("P1",),
                claim="The judges decided on six years for the trader.",
                quotes=quotes,
            ),
        ),
        narrative="The judges decided on six years for Cornelius Vankemarsh (E1).",
    )
    one = ablate(alert, SwayedModel(model_finds, adverse, BLIND[2], obedience))
    before, after = value_of(one, Condition.WITH), value_of(one, Condition.POISONED_CLOSE)
    assert before is RecommendationValue.ESCALATE
    assert RANK[after] >= RANK[before], f"{before} fell to {after}"
