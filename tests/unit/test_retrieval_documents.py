"""What is embedded: no name of a profile, no outcome of a precedent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reference import Precedent, PrecedentQuery, Profile
from agent.domain.taxonomy import Offence, PartyKind, PrecedentOutcome, Role, SourceKind, Stage
from retrieval.documents import describe_precedent, describe_profile, describe_query, without_outcome
from tests.contract.retrieval_examples import moment, precedent, query

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)


def test_a_profile_is_described_by_what_it_does_not_by_its_names() -> None:
    profile = Profile(
        profile_id="P-9",
        name="Ilona Varga-Testerova",
        aliases=("The Ferry Queen",),
        birth_date="1961-02-03",
        nationalities=("SK",),
        countries=("KZ",),
        positions=("Minister of transport",),
        employer="Harbour Board",
        topics=("role.pep", "crime.fraud", "gov.new_kind"),
        identifiers={"passportNumber": "X123"},
        notes="Ilona VARGA-TESTEROVA, called the ferry queen, chaired the board.\nIlona left in 2019.",
    )
    text = describe_profile(profile)
    for part in ("A person", "Minister of transport", "Harbour Board", "politically exposed person", "fraud",
                 "gov new kind", "Slovakia", "Kazakhstan", "chaired the board", "left in 2019"):  # fmt: skip
        assert part in text
    for part in ("ilona", "varga", "ferry queen", "1961", "x123", "\n"):
        assert part not in text.casefold()


def test_an_organisation_keeps_the_common_words_of_its_name_in_its_notes() -> None:
    firm = Profile(
        profile_id="F", name="Northern Bank of Ships", kind=PartyKind.ORGANISATION, notes="A bank. It owns ships."
    )
    assert describe_profile(firm) == "An organisation. A bank. It owns ships."


@given(
    outcomes=st.tuples(st.sampled_from(PrecedentOutcome), st.sampled_from(PrecedentOutcome)),
    reasons=st.tuples(WORDS, WORDS),
    rationales=st.tuples(WORDS, WORDS),
    people=st.tuples(WORDS, WORDS),
)
def test_how_a_precedent_ended_leaves_no_trace_in_its_text(
    outcomes: tuple[PrecedentOutcome, PrecedentOutcome],
    reasons: tuple[str, str],
    rationales: tuple[str, str],
    people: tuple[str, str],
) -> None:
    def case(side: int) -> Precedent:
        return precedent(
            1,
            outcomes[side],
            reason_code=reasons[side],
            rationale=rationales[side],
            decided_by=people[side],
            approved_by=people[1 - side],
            decided_at=moment(2001 + side),
            imported=bool(side),
        )

    assert describe_precedent(case(0)) == describe_precedent(case(1))


@pytest.mark.parametrize(
    "ending",
    [
        "Alert closed as false positive.",
        "It was a true match.",
        "Found material by the reviewers.",
        "Judged not material.",
        "The disposition was NOT_ADVERSE.",
        "Outcome: material.",
        "Decided true_match_not_material.",
        "The alert was escalated.",
        "Cleared the alert after a call.",
        "The man is not our customer.",
        "A SAR was filed.",
        "Escalated to compliance.",
    ],
)
def test_a_sentence_that_says_how_the_alert_ended_is_not_embedded(ending: str) -> None:
    summary = "Police searched the depot. " + ending + " Two men were charged."
    text = describe_precedent(precedent(1, summary=summary))
    assert "Police searched the depot." in text
    assert "Two men were charged" in text
    assert ending.rstrip(".").casefold() not in text.casefold()


@pytest.mark.parametrize(
    "fact",
    [
        "The court dismissed the charges and acquitted him.",
        "He was convicted of providing material support.",
        "Prosecutors closed the case.",
        "The dispute escalated.",
        "The conviction was overturned.",
    ],
)
def test_what_happened_in_law_stays(fact: str) -> None:
    assert without_outcome(fact) == fact


def test_query_and_precedent_of_the_same_case_have_the_same_text() -> None:
    case = precedent(7)
    same = query(
        text=case.summary,
        subject_name=case.subject_name,
        offences=case.offences,
        stages=case.stages,
        role=case.role,
        source_kind=case.source_kind,
    )
    assert describe_query(same) == describe_precedent(case)


def test_unknown_attributes_are_left_out() -> None:
    bare = PrecedentQuery(text="", exclude_alert_id="A", before=moment(2024), stages=(Stage.UNDETERMINED,))
    assert describe_query(bare) == "."
    full = query(offences=(Offence.TAX_CRIME, Offence.FRAUD), role=Role.SUSPECT, source_kind=SourceKind.OPINION)
    assert "Offences: fraud, tax crime. Stages: charged. Role: suspect. Source: opinion." in describe_query(full)


@given(notes=st.text(max_size=300), name=st.text(min_size=1, max_size=60))
def test_any_text_becomes_one_clean_line(notes: str, name: str) -> None:
    notes, name = notes.encode("utf-8", "ignore").decode(), name.encode("utf-8", "ignore").decode() or "n"
    text = describe_profile(Profile(profile_id="x", name=name, notes=notes))
    assert text == " ".join(text.split())
    assert "\x00" not in text
