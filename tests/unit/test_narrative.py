"""The extractive narrative: attributed, past, cited, short, and silent about what the reader does not know."""

from __future__ import annotations

from typing import Any

import pytest

from agent.domain.summary import Amount, CounterEvidence, Event, EventDate, Party
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Role, Stage
from agent.triage.narrative import MOST_WORDS, NOTHING_ADVERSE, UNPLACED, write_narrative
from tests.unit.triage_cases import make_event, make_party

ANA, BO = make_party("P1", "Ana Sel", Role.OFFENDER), make_party("P2", "Bo Tarn", Role.ACCUSED)


def event(stage: Stage = Stage.CONVICTED, **fields: Any) -> Event:
    return make_event(stage, offences=(Offence.FRAUD,), **fields)


def counter(by: str, kind: CounterEvidenceKind = CounterEvidenceKind.DENIAL) -> CounterEvidence:
    return CounterEvidence(id="C1", kind=kind, by=by, claim="She denied it.")


def test_the_subject_comes_first_then_the_other_side_then_others() -> None:
    events = [event(Stage.CHARGED, id="E2", parties=["P2"]), event(id="E1")]
    text = write_narrative([ANA, BO], "P1", events, [counter("Her lawyer (interested party)")])
    assert text == (
        "The article reported that Ana Sel was convicted of fraud (E1). "
        "It also reported a denial (C1 by her lawyer (interested party)). "
        "The article reported that Bo Tarn was charged with fraud (E2)."
    )


def test_dates_amounts_and_absence_are_told_as_written() -> None:
    dated = event(
        in_absentia=True, date=EventDate(text="October 5", iso=None), amounts=(Amount(text="€2 million", value=2e6),)
    )
    text = write_narrative([ANA], "P1", [dated], [])
    assert "in absentia (dated in the text: October 5), involving €2 million (E1)." in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Two other men", "that two other men were convicted of"),
        ("The two officials", "that the two officials were convicted of"),
        ("A former clerk", "that a former clerk was convicted of"),
        ("The Hague Bank", "that the Hague Bank was convicted of"),
        ("Ana Sel", "that Ana Sel was convicted of"),
    ],
)
def test_a_described_party_reads_as_a_sentence(name: str, words: str) -> None:
    assert words in write_narrative([make_party("P1", name, Role.OFFENDER)], "P1", [event()], [])


def test_several_parties_were() -> None:
    text = write_narrative([ANA, BO], "P1", [event(parties=["P1", "P2"])], [])
    assert "Ana Sel and Bo Tarn were convicted of fraud" in text


def test_an_event_held_against_nobody_claims_no_stage() -> None:
    text = write_narrative([ANA], "P1", [event(parties=[])], [])
    assert text == f"{NOTHING_ADVERSE} It also spoke of fraud, without saying clearly against whom (E1)."


def test_the_opening_stands_only_where_nothing_is_held_against_the_subject() -> None:
    assert write_narrative([ANA], "P1", [], [], UNPLACED) == UNPLACED
    assert UNPLACED not in write_narrative([ANA], "P1", [event()], [], UNPLACED)


def test_what_does_not_fit_is_left_out_whole() -> None:
    parties: list[Party] = [make_party(f"P{n}", f"Person Number Long {n}", Role.OFFENDER) for n in range(1, 25)]
    events = [event(id=f"E{n}", parties=[f"P{n}"]) for n in range(1, 25)]
    text = write_narrative(parties, "P1", events, [])
    assert len(text.split()) <= MOST_WORDS
    assert text.endswith(").")
    assert text.startswith("The article reported that Person Number Long 1 ")
