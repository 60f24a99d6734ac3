"""Merging and tidying answers. All people and firms are invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.summary import (
    CounterEvidence,
    Event,
    Identifier,
    Identity,
    IdentityFeature,
    Party,
    PrecedentNote,
    Quote,
    RiskSummary,
    SourceAssessment,
)
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    FeatureName,
    FeatureVerdict,
    IdentityVerdict,
    Offence,
    PartyKind,
    Role,
    SourceKind,
    Stage,
)
from agent.triage.summary_merge import merge_summaries


def party(id_: str, name: str, role: Role = Role.ACCUSED, **more: Any) -> Party:
    return Party(id=id_, name=name, kind=more.pop("kind", PartyKind.PERSON), role=role, **more)


def event(id_: str, claim: str, parties: Sequence[str] = ("P1",), **more: Any) -> Event:
    fields: dict[str, Any] = {
        "offences": (Offence.FRAUD,),
        "stage": Stage.CHARGED,
        "in_absentia": False,
        "final": False,
    } | more
    return Event(id=id_, claim=claim, parties=tuple(parties), **fields)


def quote(text: str, sentence: str = "p1.s1") -> Quote:
    return Quote(text=text, sentence=sentence)


def merge(*summaries: RiskSummary, precedents: Sequence[str] = ()) -> tuple[RiskSummary, str]:
    summary, notes = merge_summaries(summaries, precedents)
    return summary, "\n".join(notes)


SOUND = RiskSummary(
    parties=(
        party("P1", "Ida Torvik", aliases=("Torvik",), quotes=(quote("Torvik was charged"),)),
        party("P2", "Halden Marine", Role.VICTIM, kind=PartyKind.ORGANISATION),
    ),
    subject_party="P1",
    events=(event("E1", "Prosecutors charged Torvik.", quotes=(quote("was charged"),)),),
    counter_evidence=(
        CounterEvidence(
            id="C1", kind=CounterEvidenceKind.DENIAL, by="her lawyer", claim="She denied it.", quotes=(quote("denied"),)
        ),
    ),
    source_assessment=SourceAssessment(kind=SourceKind.NEWS_REPORT, attributed_to=("prosecutors",)),
    narrative="Prosecutors charged Ida Torvik, the paper reported (E1). Her lawyer denied it (C1).",
    missing_information=("The outcome.",),
    precedents=(PrecedentNote(id="PRC-1", alike="fraud", differs="country"),),
)


def test_a_sound_answer_comes_out_as_it_went_in() -> None:
    assert merge(SOUND, precedents=["PRC-1"]) == (SOUND, "")


def test_what_code_fills_is_taken_out() -> None:
    forged = SOUND.model_copy(
        update={
            "identity": Identity(
                verdict=IdentityVerdict.CONFIRMED,
                features=(IdentityFeature(name=FeatureName.NAME, verdict=FeatureVerdict.SAME),),
            ),
            "events": (event("E1", "x", quotes=(Quote(text="was charged", start=3, end=14),)),),
        }
    )
    summary, _ = merge(forged)
    assert summary.identity == RiskSummary().identity
    assert summary.events[0].quotes[0].start is None
    assert summary.events[0].quotes[0].end is None


def test_repeated_entries_are_listed_once() -> None:
    noisy = SOUND.model_copy(
        update={
            "parties": (
                *SOUND.parties,
                SOUND.parties[0].model_copy(update={"id": "P9", "aliases": ("Torvik", "TORVIK", "Ida  Torvik")}),
                SOUND.parties[0].model_copy(update={"id": "P8"}),
            ),
            "events": (
                event(
                    "E1", "Charged.", ["P1", "P1"], offences=(Offence.FRAUD, Offence.FRAUD), quotes=(quote("a b c"),)
                ),
                event("E2", "Charged.", ["P1"], quotes=(quote("a b c"), quote("d e f"))),
            ),
            "narrative": "She was charged (E2).",
            "next_steps": ("Ask the court.", "ask the  court."),
            "missing_information": ("The outcome.", "The outcome."),
        }
    )
    summary, _ = merge(noisy)
    assert [one.id for one in summary.parties] == ["P1", "P2"]
    assert [one.id for one in summary.events] == ["E1"]
    assert summary.events[0].parties == ("P1",)
    assert summary.events[0].offences == (Offence.FRAUD,)
    assert [one.text for one in summary.events[0].quotes] == ["a b c", "d e f"]
    assert summary.narrative == "She was charged (E1)."
    assert summary.next_steps == ("Ask the court.",)
    assert summary.missing_information == ("The outcome.",)


def test_two_people_of_one_name_in_one_answer_stay_two() -> None:
    namesakes = RiskSummary(
        parties=(
            party("P1", "Ida Torvik", quotes=(quote("Ida Torvik, 34,"),)),
            party("P2", "Ida Torvik", quotes=(quote("Ida Torvik, 61,"),)),
        ),
        narrative="Two people were accused.",
    )
    assert len(merge(namesakes)[0].parties) == 2


def test_ids_used_twice_are_told_apart_and_said() -> None:
    clash = RiskSummary(
        parties=(
            party("P1", "Ida Torvik", identifiers=(Identifier(id="P1", name=FeatureName.AGE, value="34"),)),
            party("P1", "Bo Lunde", Role.WITNESS),
        ),
        events=(event("E1", "One."), event("E1", "Two.")),
        narrative="One (E1).",
    )
    summary, notes = merge(clash)
    ids = [*(one.id for one in summary.parties), summary.parties[0].identifiers[0].id, *(e.id for e in summary.events)]
    assert len(set(ids)) == len(ids) == 5
    assert summary.events[0].id == "E1"
    assert summary.events[1].parties == ("P1",)
    assert "'E1' twice" in notes
    assert "'P1' twice" in notes


def test_ties_to_nobody_are_removed_and_said() -> None:
    dangling = SOUND.model_copy(update={"events": (event("E1", "x", ["P7", "P1"]),), "subject_party": "P5"})
    summary, notes = merge(dangling)
    assert summary.events[0].parties == ("P1",)
    assert summary.subject_party is None
    assert "'P7'" in notes
    assert "'P5'" in notes


def test_a_precedent_that_was_not_shown_is_dropped_and_said() -> None:
    summary, notes = merge(SOUND, precedents=["PRC-2"])
    assert summary.precedents == ()
    assert "PRC-1" in notes


def test_parts_are_joined_by_name_with_new_ids_and_citations() -> None:
    later = RiskSummary(
        parties=(
            party("P1", "Bo Lunde", Role.WITNESS),
            party("P2", "IDA TORVIK", Role.OFFENDER, quotes=(quote("found guilty", "p9.s1"),)),
        ),
        subject_party="P2",
        events=(
            event("E1", "A witness was heard.", ["P1"], stage=Stage.TRIAL),
            event(
                "E2", "A court convicted her.", ["P2"], stage=Stage.CONVICTED, quotes=(quote("found guilty", "p9.s1"),)
            ),
        ),
        counter_evidence=(
            CounterEvidence(id="C1", kind=CounterEvidenceKind.OTHER, by="a friend", claim="He objected."),
        ),
        narrative="A witness was heard (E1). A court convicted her (E2, C1).",
    )
    summary, _ = merge(SOUND, later)
    assert [(one.id, one.name, one.role) for one in summary.parties] == [
        ("P1", "Ida Torvik", Role.OFFENDER),
        ("P2", "Halden Marine", Role.VICTIM),
        ("P3", "Bo Lunde", Role.WITNESS),
    ]
    assert [quote.text for quote in summary.parties[0].quotes] == ["found guilty", "Torvik was charged"]
    assert summary.subject_party == "P1"
    assert [(one.id, one.parties) for one in summary.events] == [("E1", ("P1",)), ("E2", ("P3",)), ("E3", ("P1",))]
    assert [one.id for one in summary.counter_evidence] == ["C1", "C2"]
    assert summary.narrative == (
        "Prosecutors charged Ida Torvik, the paper reported (E1). Her lawyer denied it (C1). "
        "A witness was heard (E2). A court convicted her (E3, C2)."
    )
    assert summary.events[2].quotes[0].sentence == "p9.s1"


def test_a_bare_surname_joins_its_only_bearer() -> None:
    later = RiskSummary(parties=(party("P1", "Torvik"),), events=(event("E1", "She was tried."),), narrative="x (E1).")
    summary, _ = merge(SOUND, later)
    assert len(summary.parties) == 2
    assert summary.events[1].parties == ("P1",)


def test_a_surname_that_two_parties_share_joins_neither() -> None:
    family = SOUND.model_copy(
        update={"parties": (*SOUND.parties, party("P3", "Nils Torvik", Role.WITNESS, aliases=("Torvik",)))}
    )
    later = RiskSummary(parties=(party("P1", "Torvik"),), events=(event("E1", "Tried."),), narrative="x (E1).")
    summary, _ = merge(family, later)
    assert summary.events[1].parties == ("P4",)


@pytest.mark.parametrize(("role", "kind"), [(Role.NAMESAKE, PartyKind.PERSON), (Role.ACCUSED, PartyKind.ORGANISATION)])
def test_namesakes_and_firms_of_a_person_s_name_stay_apart(role: Role, kind: PartyKind) -> None:
    later = RiskSummary(parties=(party("P1", "Ida Torvik", role, kind=kind),), narrative="x")
    assert len(merge(SOUND, later)[0].parties) == 3


@pytest.mark.parametrize(
    ("first", "second", "kept", "noted"),
    [
        (Role.MENTIONED, Role.VICTIM, Role.VICTIM, False),
        (Role.ACCUSED, Role.UNDETERMINED, Role.ACCUSED, False),
        (Role.SUSPECT, Role.OFFENDER, Role.OFFENDER, True),
        (Role.ACCUSED, Role.EXONERATED, Role.ACCUSED, True),
        (Role.VICTIM, Role.ACCUSED, Role.ACCUSED, True),
        (Role.LAWYER, Role.WITNESS, Role.LAWYER, True),
    ],
)
def test_differing_roles_keep_the_graver_and_are_said(first: Role, second: Role, kept: Role, noted: bool) -> None:
    summaries = [RiskSummary(parties=(party("P1", "Ida Torvik", role),), narrative="x") for role in (first, second)]
    summary, notes = merge(*summaries)
    assert summary.parties[0].role is kept
    assert ("Ida Torvik: parts of the article give the roles" in notes) is noted


def test_a_part_without_findings_does_not_clear_the_rest() -> None:
    quiet = RiskSummary(narrative="The text was about a harbour. No adverse information found in this text.")
    summary, _ = merge(SOUND, quiet)
    assert "harbour" in summary.narrative
    assert "No adverse information" not in summary.narrative
    assert merge(quiet)[0].narrative.endswith("No adverse information found in this text.")


def test_parts_that_point_to_different_subjects_are_said() -> None:
    later = RiskSummary(parties=(party("P1", "Bo Lunde"),), subject_party="P1", narrative="x")
    summary, notes = merge(SOUND, later, later)
    assert summary.subject_party == "P3"
    assert "different subjects" in notes


def test_a_long_narrative_is_cut_between_sentences_and_every_part_is_heard() -> None:
    def part(number: int) -> RiskSummary:
        lines = " ".join(f"In part {number} the no. {n} claim of Mr. Lunde was made again (E{n})." for n in range(1, 9))
        return RiskSummary(events=tuple(event(f"E{n}", f"{number}.{n}", []) for n in range(1, 9)), narrative=lines)

    summary, notes = merge(part(1), part(2), part(3))
    assert 150 < len(summary.narrative.split()) <= 200
    assert summary.narrative.endswith(").")
    assert all(f"In part {number} the no. 1 claim" in summary.narrative for number in (1, 2, 3))
    assert summary.narrative.index("In part 1 the no. 4") < summary.narrative.index("In part 2 the no. 1")
    assert "cut to 200 words" in notes


def test_entries_beyond_the_bounds_are_named_as_missing() -> None:
    many = RiskSummary(events=tuple(event(f"E{n}", f"Claim {n}.", []) for n in range(24)), narrative="x")
    more = RiskSummary(events=(event("E1", "The twenty-fifth.", []),), narrative="y")
    summary, notes = merge(many, more)
    assert len(summary.events) == 24
    assert notes.startswith("Incomplete: 25 events were found and 24 fit. Left out: The twenty-fifth.")


IDS = st.sampled_from(["P1", "P2", "E1", "E2", "C1", "x"])
ANSWERS = st.builds(
    RiskSummary,
    parties=st.lists(st.builds(party, IDS, st.sampled_from(["Ida Torvik", "Bo Lunde", "Torvik"])), max_size=4).map(
        tuple
    ),
    events=st.lists(
        st.builds(event, IDS, st.sampled_from(["One.", "Two."]), st.lists(IDS, max_size=3)), max_size=4
    ).map(tuple),
    subject_party=st.none() | IDS,
    narrative=st.sampled_from(["", "One (E1).", "One (E1). Two (E2, x)."]),
)


@given(st.lists(ANSWERS, min_size=1, max_size=4))
def test_merged_ids_differ_and_ties_hold(answers: list[RiskSummary]) -> None:
    summary, _ = merge_summaries(answers, ())
    ids = [*(one.id for one in summary.parties), *(one.id for one in summary.events)]
    assert len(set(ids)) == len(ids)
    parties = {one.id for one in summary.parties}
    assert all(set(one.parties) <= parties for one in summary.events)
    assert summary.subject_party is None or summary.subject_party in parties
    assert {one.claim for one in summary.events} == {one.claim for answer in answers for one in answer.events}
