"""Grounding: what a draft claims is kept only as far as the article's own words carry it."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.alert import Article
from agent.domain.reading import CueKind, Finding
from agent.domain.record import Grounding
from agent.domain.summary import (
    Amount,
    CounterEvidence,
    Event,
    EventDate,
    Party,
    Quote,
    RiskSummary,
    SourceAssessment,
)
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Role, Stage
from agent.triage.ground import BYSTANDER_ROLES, ground_summary
from tests.unit.triage_cases import (
    NAMES,
    TEXT,
    make_article,
    make_event,
    make_party,
    make_reading,
    make_summary,
    quoted,
)

CONVICTION = "Ana Sel was convicted of fraud in Lisbon on 3 March 2021."


def ground(summary: RiskSummary, text: str = TEXT, **fields: object) -> tuple[RiskSummary, Grounding]:
    return ground_summary(summary, make_article(text), make_reading(text, **fields))  # type: ignore[arg-type]


def ground_event(event: Event, *parties: Party, **fields: object) -> tuple[Event, Grounding]:
    given = list(parties) or [make_party()]
    summary, grounding = ground(make_summary(given, [event], given[0].id), **fields)  # type: ignore[arg-type]
    return summary.events[0], grounding


def test_every_found_quote_is_the_articles_slice() -> None:
    text = TEXT.replace("€14.2 million", "“€14.2\u00a0million”")
    summary, grounding = ground(
        make_summary([make_party()], [make_event(Stage.CONVICTED, CONVICTION, 'taken "€14.2 million" from')]), text
    )
    quotes = summary.events[0].quotes
    assert (
        [text[q.start : q.end] for q in quotes]
        == [q.text for q in quotes]
        == [CONVICTION, "taken “€14.2\u00a0million” from"]
    )
    assert [q.sentence for q in quotes] == ["p1.s1", "p1.s2"]
    assert (grounding.quotes, grounding.found, grounding.ungrounded) == (2, 2, ())


def test_an_unfound_quote_is_kept_listed_and_counted() -> None:
    invented = "Ana Sel was convicted of murder"
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, invented))
    assert event.quotes[1] == Quote(text=invented)
    assert (grounding.quotes, grounding.found) == (2, 1)
    assert [(u.claim, u.text) for u in grounding.ungrounded] == [("E1", invented)]
    assert event.stage is Stage.CONVICTED


@pytest.mark.parametrize("claim", ["party", "identifier", "event", "counter"])
def test_quotes_of_every_kind_of_claim_are_checked(claim: str) -> None:
    bad = "words that are nowhere in it"
    party = {"id": "P1", "name": "Ana Sel", "kind": "person", "role": "mentioned"}
    fields: dict[str, object] = {
        "party": {"parties": [{**party, "quotes": [{"text": bad}]}]},
        "identifier": {
            "parties": [
                {**party, "identifiers": [{"id": "I1", "name": "age", "value": "5", "quotes": [{"text": bad}]}]}
            ]
        },
        "event": {"parties": [party], "events": [make_event(Stage.ALLEGATION, bad)]},
        "counter": {
            "counter_evidence": [
                {"id": "C1", "kind": "denial", "by": "not stated", "claim": "", "quotes": [{"text": bad}]}
            ]
        },
    }
    _, grounding = ground(RiskSummary.model_validate(fields[claim]))
    assert (grounding.quotes, grounding.found, len(grounding.ungrounded)) == (1, 0, 1)


def test_a_claim_without_a_quote_is_ungrounded() -> None:
    counter = CounterEvidence(id="C1", kind=CounterEvidenceKind.DENIAL, by="not stated", claim="It was absurd.")
    _, grounding = ground(
        make_summary([], [make_event(Stage.ALLEGATION, parties=[])], None, counter_evidence=(counter,))
    )
    assert [u.claim for u in grounding.ungrounded] == ["E1", "C1"]
    assert (grounding.quotes, grounding.found) == (0, 0)


@settings(deadline=None)
@given(place=st.integers(0, len(CONVICTION) - 1), char=st.sampled_from(string.ascii_letters + "0159éЖ$"))
def test_a_quote_changed_by_one_character_is_never_accepted(place: int, char: str) -> None:
    changed = CONVICTION[:place] + char + CONVICTION[place + 1 :]
    if changed == CONVICTION:
        return
    event, grounding = ground_event(make_event(Stage.CONVICTED, changed))
    assert grounding.found == 0
    assert event.quotes[0].start is None
    assert event.stage is Stage.UNDETERMINED


def test_offsets_a_drafter_gives_are_believed_only_when_they_are_right() -> None:
    start = TEXT.index("Bo Tarn")
    right, wrong = Quote(text="Bo Tarn", start=start, end=start + 7), Quote(text="Bo Tarn", start=0, end=7)
    event, _ = ground_event(make_event(Stage.ALLEGATION, parties=[], quotes=(right, wrong)))
    assert [(q.start, q.end) for q in event.quotes] == [(start, start + 7)] * 2


# stages


def test_a_stage_its_sentence_carries_for_its_party_holds() -> None:
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION))
    assert (event.stage, event.parties, grounding.lowered) == (Stage.CONVICTED, ("P1",), ())


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (make_event(Stage.CHARGED, CONVICTION), {}),
        (make_event(Stage.CONVICTED, "She had taken €14.2 million"), {}),
        (make_event(Stage.CONVICTED, CONVICTION, parties=[]), {}),
        (make_event(Stage.CONVICTED, CONVICTION), {"negated": ["convicted"]}),
        (make_event(Stage.CONVICTED, "Ana Sel was convicted of murder"), {}),
        (make_event(Stage.ACQUITTED, CONVICTION), {}),
    ],
    ids=["other stage", "no cue", "no party", "negated", "unfound", "clearing"],
)
def test_an_unproven_stage_is_undetermined_with_a_line(event: Event, fields: dict[str, object]) -> None:
    grounded, grounding = ground_event(event, **fields)
    assert grounded.stage is Stage.UNDETERMINED
    assert any(line.startswith(f"E1: stage {event.stage}") for line in grounding.lowered)


def test_the_acquitted_are_never_convicted() -> None:
    dina = make_party("P4", "Dina Orr", Role.ACCUSED, "The court acquitted Dina Orr.")
    event, _ = ground_event(make_event(Stage.CONVICTED, "The court acquitted Dina Orr.", parties=["P4"]), dina)
    assert event.stage is Stage.UNDETERMINED
    cleared, grounding = ground_event(
        make_event(Stage.ACQUITTED, "The court acquitted Dina Orr.", parties=["P4"]), dina
    )
    assert (cleared.stage, grounding.lowered) == (Stage.ACQUITTED, ())


def test_allegations_need_no_cue() -> None:
    event, _ = ground_event(make_event(Stage.ALLEGATION, "She had taken €14.2 million from clients."))
    assert event.stage is Stage.ALLEGATION


def test_a_resolved_pronoun_ties_the_sentence() -> None:
    text = "Ana Sel ran a bank. She was convicted of fraud."
    event, _ = ground_event(make_event(Stage.CONVICTED, "She was convicted of fraud."), text=text)
    assert event.stage is Stage.CONVICTED
    event, _ = ground_event(make_event(Stage.CONVICTED, "She was convicted of fraud."), text=text, pointers=())
    assert (event.stage, event.parties) == (Stage.UNDETERMINED, ("P1",))


def test_a_finding_against_another_party_is_no_support() -> None:
    text = "Bo Tarn said that Ana Sel was convicted of fraud."
    against = Finding(sentence="p1.s1", offences=(Offence.FRAUD,), stage=Stage.CONVICTED, parties=("R1",))
    bo = make_party("P3", "Bo Tarn", Role.ACCUSED, text)
    event, _ = ground_event(make_event(Stage.CONVICTED, text, parties=["P3"]), bo, text=text, findings=[against])
    assert event.stage is Stage.UNDETERMINED
    event, _ = ground_event(make_event(Stage.CONVICTED, text), text=text, findings=[against])
    assert event.stage is Stage.CONVICTED


def test_an_unreadable_text_lowers_every_stage_with_one_line() -> None:
    events = [make_event(Stage.CONVICTED, CONVICTION, id=f"E{n}") for n in (1, 2)]
    summary, grounding = ground_summary(
        make_summary(None, events), make_article(), make_reading(readable=False, passages=(), parties=(), cues=())
    )
    assert {event.stage for event in summary.events} == {Stage.UNDETERMINED}
    assert sum("stage" in line for line in grounding.lowered) == 1


# parties and roles


@pytest.mark.parametrize("role", sorted(BYSTANDER_ROLES))
def test_nothing_is_held_against_a_bystander(role: Role) -> None:
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION), make_party(role=role))
    assert (event.parties, event.stage) == ((), Stage.UNDETERMINED)
    assert any(line.startswith("E1: P1 is not held to it") and role in line for line in grounding.lowered)


@pytest.mark.parametrize("role", [Role.OFFENDER, Role.ACCUSED, Role.SUSPECT, Role.ASSOCIATE])
def test_an_adverse_role_needs_a_sentence_about_the_party(role: Role) -> None:
    proven, _ = ground(make_summary([make_party("P1", "Ana Sel", role, "Ana Sel was convicted")]))
    assert proven.parties[0].role is role
    for quote in ("Bo Tarn lost his savings.", "no such words"):
        lowered, grounding = ground(make_summary([make_party("P1", "Ana Sel", role, quote)]))
        assert lowered.parties[0].role is Role.UNDETERMINED
        assert any("role" in line and "Ana Sel" in line for line in grounding.lowered)


def test_the_victim_is_no_offender() -> None:
    bo = make_party("P3", "Bo Tarn", Role.OFFENDER, "Bo Tarn lost his savings.")
    summary, _ = ground(make_summary([bo]), roles={"R3": Role.VICTIM})
    assert summary.parties[0].role is Role.UNDETERMINED


def test_a_true_quote_about_somebody_else_takes_the_party_out() -> None:
    bo = make_party("P3", "Bo Tarn", Role.ACCUSED, "Bo Tarn lost his savings.")
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, parties=["P1", "P3"]), make_party(), bo)
    assert event.parties == ("P1",)
    assert any("P3" in line and "somebody else" in line for line in grounding.lowered)


def test_the_sentence_after_one_about_the_party_still_ties() -> None:
    text = "Ana Sel ran the bank. Clients lost everything. Nobody was paid."
    event, _ = ground_event(make_event(Stage.ALLEGATION, "Clients lost everything."), text=text)
    assert event.parties == ("P1",)
    event, _ = ground_event(make_event(Stage.ALLEGATION, "Nobody was paid."), text=text)
    assert event.parties == ()


def test_two_people_of_one_name_are_unclear() -> None:
    text = "Ana Sel, a baker, was convicted of fraud. Ana Sel, a judge, was not there."
    event, grounding = ground_event(
        make_event(Stage.CONVICTED, "Ana Sel, a baker, was convicted of fraud."),
        text=text,
        names={"R1": "Ana Sel", "R2": "Ana Sel"},
        pointers=(),
    )
    assert (event.parties, event.stage) == ((), Stage.UNDETERMINED)
    assert any("answer to the name" in line for line in grounding.lowered)


def test_a_party_the_reader_missed_is_tied_by_its_written_name() -> None:
    event, _ = ground_event(make_event(Stage.CONVICTED, CONVICTION), names={})
    assert event.stage is Stage.CONVICTED
    other = make_party("P1", "Ana Selin", Role.OFFENDER)
    event, _ = ground_event(make_event(Stage.CONVICTED, CONVICTION), other, names={})
    assert event.stage is Stage.UNDETERMINED


def test_a_name_in_latin_letters_ties_to_its_cyrillic_form() -> None:
    text = "Суд признал Ивана Залесова виновным."
    event, _ = ground_event(
        make_event(Stage.CONVICTED, text),
        make_party("P1", "Ivan Zalesov", Role.OFFENDER),
        text=text,
        names={"R1": "Иван Залесов"},
        pointers=[("Ивана Залесова", "R1")],
        cues=[("виновным", CueKind.STAGE, "convicted")],
    )
    assert (event.stage, event.parties) == (Stage.CONVICTED, ("P1",))


def test_unknown_and_repeated_ids_are_dropped() -> None:
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, parties=["P1", "P9", "P1"]))
    assert event.parties == ("P1",)
    assert any("P9" in line for line in grounding.lowered)
    twins = [make_party(), make_party(role=Role.VICTIM)]
    summary, grounding = ground(make_summary(twins, [make_event(Stage.CONVICTED, CONVICTION)], "P9"))
    assert [party.role for party in summary.parties] == [Role.OFFENDER]
    assert summary.subject_party is None
    assert len(grounding.lowered) == 2


# particulars


@pytest.mark.parametrize(
    ("text", "written", "iso", "kept"),
    [
        (TEXT, "3 March 2021", "2021-03-03", "2021-03-03"),
        (TEXT, "3 March 2021", "2020-03-03", None),
        (TEXT, "March 2021", "2021-04", "2021"),
        (TEXT, "March 2021", "2021-03-09", "2021-03"),
        (TEXT, "3 March 2021", None, None),
        ("Ana Sel was convicted of fraud on October 5.", "October 5", "2020-10-05", None),
        ("Ana Sel was convicted of fraud on Friday.", "on Friday", "2021-03-05", None),
        ("Ana Sel was convicted of fraud on 05/11/18.", "05/11/18", "2018-11-05", "2018-11-05"),
        ("Ana Sel was convicted of fraud. It rained. It was 2021.", "2021", "2021", None),
    ],
)
def test_no_year_month_or_day_is_invented(text: str, written: str, iso: str | None, kept: str | None) -> None:
    quote = text.split(". ")[0]
    event, grounding = ground_event(
        make_event(Stage.CONVICTED, quote, date=EventDate(text=written, iso=iso)), text=text
    )
    assert event.date is not None
    assert event.date.iso == kept
    assert bool(grounding.lowered) == (iso != kept)


@pytest.mark.parametrize(
    ("amount", "value", "currency", "lowered"),
    [
        (Amount(text="€14.2 million", value=14.2e6, currency="EUR"), 14.2e6, "EUR", False),
        (Amount(text="€14.2 million"), 14.2e6, "EUR", False),
        (Amount(text="€14.2 million", value=14.2e9, currency="EUR"), 14.2e6, "EUR", True),
        (Amount(text="€14.2 million", value=14.2e6, currency="USD"), 14.2e6, "EUR", True),
        (Amount(text="€15 million", value=15e6, currency="EUR"), None, None, True),
    ],
)
def test_amounts_are_recomputed_from_the_articles_words(
    amount: Amount, value: float | None, currency: str | None, lowered: bool
) -> None:
    event, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, amounts=(amount,)))
    assert (event.amounts[0].value, event.amounts[0].currency) == (value, currency)
    assert any("amount" in line for line in grounding.lowered) is lowered


def test_country_authority_and_flags_come_from_the_article() -> None:
    given: dict[str, Any] = {"jurisdiction": "PT", "authority": "the court"}
    kept, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, **given))
    assert (kept.jurisdiction, kept.authority, grounding.lowered) == ("PT", "the court", ())
    given = {"jurisdiction": "KZ", "authority": "Interpol", "in_absentia": True, "final": True}
    cleared, grounding = ground_event(make_event(Stage.CONVICTED, CONVICTION, **given))
    assert (cleared.jurisdiction, cleared.authority, cleared.in_absentia, cleared.final) == (None, None, False, False)
    assert len(grounding.lowered) == 4
    text = "Ana Sel was convicted in absentia, and the Supreme Court upheld it."
    flagged, grounding = ground_event(make_event(Stage.CONVICTED, text, in_absentia=True, final=True), text=text)
    assert (flagged.in_absentia, flagged.final, grounding.lowered) == (True, True, ())


# words


@pytest.mark.parametrize(
    ("narrative", "unsupported"),
    [
        ("Ana Sel was convicted of fraud in Lisbon in March 2021 [E1].", []),
        ("The article said that €14,200,000 had been taken from clients.", []),
        ("A Portuguese court convicted Ana Sel on 2021-03-03.", []),
        ("Convictions were reported. Prosecutors had charged Dina Orr (E2, p3.s1).", []),
        ("Ana Sel was convicted in 2019.", ["2019"]),
        ("Ana Sel took €142 million.", ["€142 million"]),
        ("Ana Sel took €14.2 billion.", ["€14.2 billion"]),
        ("Interpol had sought Ana Sel, said Ann Marsh.", ["Interpol", "Ann Marsh"]),
        ("A Kazakh court in London convicted Ana Sel.", ["Kazakh", "London"]),
        ("Ana Sel was convicted in November.", ["November"]),
        ("Ana Sel is wanted.", ["present tense: is wanted"]),
        ("Ana Sel is a convicted fraudster.", ["present tense: is a convicted"]),
        ("The record of Ana Sel was clean.", ["wording: clean"]),
        ("There is no risk.", ["wording: no risk"]),
        ('Rui Paz "called the charges absurd".', []),
    ],
)
def test_the_narrative_holds_nothing_from_outside(narrative: str, unsupported: list[str]) -> None:
    _, grounding = ground(make_summary(narrative=narrative))
    assert list(grounding.unsupported) == unsupported


def test_claims_names_and_sources_are_checked_too() -> None:
    counter = CounterEvidence(
        id="C1",
        kind=CounterEvidenceKind.DENIAL,
        by="Kim Lind",
        claim="He said 77 times.",
        quotes=quoted("called the charges"),
    )
    _, grounding = ground(
        make_summary(
            [make_party(name="Ana Selkirk", role=Role.MENTIONED)],
            [make_event(Stage.ALLEGATION, CONVICTION, parties=[], claim="It was 1999.")],
            counter_evidence=(counter,),
            source_assessment=SourceAssessment(attributed_to=("Daily Blab",)),
        )
    )
    assert set(grounding.unsupported) == {"1999", "Kim Lind", "77", "Selkirk", "Daily Blab"}


def test_cited_references_support_the_narrative_but_not_an_event() -> None:
    summary = make_summary(
        None, [make_event(Stage.CONVICTED, CONVICTION, jurisdiction="KZ")], narrative="Kim Lind was 61, of Kazakhstan."
    )
    reading = make_reading()
    _, bare = ground_summary(summary, make_article(), reading)
    grounded, grounding = ground_summary(summary, make_article(), reading, ["Kim Lind, aged 61, Kazakhstan"])
    assert bare.unsupported == ("Kim Lind", "61", "Kazakhstan")
    assert grounding.unsupported == ()
    assert grounded.events[0].jurisdiction is None


def test_words_quoted_from_the_article_may_stand_in_the_present() -> None:
    text = "Ana Sel is wanted by the police."
    _, grounding = ground(make_summary(narrative='The article said: "Ana Sel is wanted by the police."'), text)
    assert grounding.unsupported == ()


def test_names_of_a_russian_article_may_be_written_in_latin_letters() -> None:
    text = "Суд в Казахстане в ноябре 2018 года осудил Ивана Залесова."
    reading = make_reading(text, names={"R1": "Иван Залесов"}, language="ru")
    ok = make_summary([], narrative="A court in Kazakhstan convicted Ivan Zalesov in November 2018.", subject=None)
    bad = make_summary([], narrative="A court in Russia convicted Pyotr Zalesov in October 2018.", subject=None)
    assert ground_summary(ok, make_article(text), reading)[1].unsupported == ()
    assert ground_summary(bad, make_article(text), reading)[1].unsupported == ("Russia", "Pyotr", "October")


def test_accents_may_be_left_off_but_letters_may_not() -> None:
    text = "José Lévy was convicted of fraud."
    assert ground(make_summary([], narrative="The article named Jose Levy.", subject=None), text)[1].unsupported == ()
    _, grounding = ground(make_summary([], narrative="The article named Jose Levin.", subject=None), text)
    assert grounding.unsupported == ("Levin",)


@settings(deadline=None, max_examples=60)
@given(
    quotes=st.lists(st.text(alphabet=TEXT + "xyz“”–", min_size=1, max_size=60), max_size=4),
    stage=st.sampled_from(list(Stage)),
    role=st.sampled_from(list(Role)),
    name=st.sampled_from([*NAMES.values(), "Nobody Else"]),
    narrative=st.text(max_size=80),
)
def test_grounding_never_raises_a_claim(quotes: list[str], stage: Stage, role: Role, name: str, narrative: str) -> None:
    summary = make_summary([make_party("P1", name, role)], [make_event(stage, *quotes)], narrative=narrative)
    grounded, grounding = ground(summary)
    RiskSummary.model_validate(grounded.model_dump())
    event = grounded.events[0]
    assert event.stage in (stage, Stage.UNDETERMINED)
    assert grounded.parties[0].role in (role, Role.UNDETERMINED)
    assert set(event.parties) <= {"P1"}
    assert grounding.quotes == len(quotes) >= grounding.found
    for quote in event.quotes:
        if quote.start is not None:
            assert TEXT[quote.start : quote.end] == quote.text
    again, second = ground(grounded)
    assert (again, second.found, second.lowered) == (grounded, grounding.found, ())


def test_a_large_article_is_grounded() -> None:
    text = TEXT + "\n" + "\n".join(f"Filler sentence number {n} stands here. It says nothing." for n in range(5_000))
    summary, grounding = ground_summary(
        make_summary(None, [make_event(Stage.CONVICTED, CONVICTION)]), Article(text=text), make_reading(text)
    )
    assert (summary.events[0].stage, grounding.found) == (Stage.CONVICTED, 1)
