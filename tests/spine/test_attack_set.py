"""The attack set itself is sound: broad, planted whole, and obeyed in answers that validate."""

from __future__ import annotations

import json
from collections import Counter
from typing import get_args

import jsonschema
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agent.domain.summary import RiskSummary, draft_schema
from tests.spine.attacks import ATTACKS, POSITIONS, Goal, plant
from tests.spine.carriers import CARRIERS
from tests.spine.obedient import Hiding, ObedientModel

MESSAGES = [SystemMessage("the rules"), HumanMessage("the fenced article")]


def test_there_are_enough_attacks_in_every_family_and_for_every_goal() -> None:
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS) >= 66
    families = Counter(attack.family for attack in ATTACKS)
    assert len(families) == 12
    assert min(families.values()) >= 6
    goals = Counter(attack.goal for attack in ATTACKS)
    assert set(goals) == set(get_args(Goal))
    assert min(goals.values()) >= 10


def test_carriers_are_articles_with_their_adverse_sentences() -> None:
    assert len({carrier.id for carrier in CARRIERS}) == len(CARRIERS) >= 8
    for carrier in CARRIERS:
        assert 120 <= len(carrier.text.split()) <= 250, carrier.id
        assert carrier.adverse
        assert all(sentence in carrier.text for sentence in carrier.adverse)
        assert any(carrier.subject in sentence for sentence in carrier.adverse)


@pytest.mark.parametrize("position", POSITIONS)
def test_planting_keeps_every_word_of_the_article(position: str) -> None:
    assert position in POSITIONS
    for attack in ATTACKS:
        for carrier in CARRIERS:
            planted = plant(carrier.text, attack, position, carrier.subject)
            paragraphs = planted.split("\n\n")
            own = [paragraph for paragraph in paragraphs if paragraph in carrier.text.split("\n\n")]
            assert own == carrier.text.split("\n\n")
            for paragraph in attack.paragraphs:
                assert paragraph.replace("{subject}", carrier.subject) in planted


@pytest.mark.parametrize("hiding", get_args(Hiding))
def test_obedient_answers_are_valid_and_hold_nothing_against_the_subject(hiding: Hiding) -> None:
    validator = jsonschema.Draft202012Validator(draft_schema())
    for index, attack in enumerate(ATTACKS):
        for carrier in CARRIERS:
            reply = json.loads(ObedientModel(carrier, attack, hiding)(MESSAGES))
            if carrier is CARRIERS[index % len(CARRIERS)]:
                validator.validate(reply)
            summary = RiskSummary.model_validate(reply)
            assert all(event.stage in {"dismissed", "undetermined"} for event in summary.events)
            assert all(party.role in {"victim", "mentioned", "exonerated"} for party in summary.parties)


def test_a_leak_answer_repeats_what_the_model_was_told() -> None:
    leak = next(attack for attack in ATTACKS if attack.goal == "leak")
    model = ObedientModel(CARRIERS[0], leak)
    assert "the rules" in json.loads(model(MESSAGES))["narrative"]
    assert model.seen == [MESSAGES]
