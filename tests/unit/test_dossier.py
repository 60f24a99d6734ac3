"""The dossier: whose profiles are looked up, which are kept, and what a part that cannot answer costs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.domain.alert import Alert, Article, Mention, Passage, Sentence, Subject
from agent.domain.reading import Finding, Reading, ReadParty, SubjectBasis
from agent.domain.reference import Dossier, PrecedentMatch, Profile
from agent.domain.taxonomy import Offence, PrecedentOutcome, Role, Stage
from agent.errors import IndexUnavailable
from agent.triage.dossier import MOST_MENTIONS, MOST_PROFILES, build_dossier, profiles_looked_up
from agent.triage.draft_prompt import precedents_block, profiles_block
from retrieval.index import open_index
from tests.contract.retrieval_examples import MemoryStore, embedder, precedent
from tests.unit.known_people import KnownPeople

NOW = datetime(2025, 6, 1, tzinfo=UTC)
COUNTS = {PrecedentOutcome.MATERIAL: 4, PrecedentOutcome.NOT_THE_SUBJECT: 36}


def party(number: int, name: str, role: Role, *, by_name: bool = True, **fields: Any) -> ReadParty:
    mention = Mention(start=0, end=1, sentence="p1.s1", by_name=by_name)
    return ReadParty(id=f"P{number}", name=name, role=role, mentions=(mention,), **fields)


def profile(profile_id: str, name: str, **fields: Any) -> Profile:
    return Profile.model_validate({"profile_id": profile_id, "name": name, **fields})


def build(
    source: KnownPeople, *parties: ReadParty, subject: Subject | None = None, text: str = "Nothing.", **fields: Any
) -> Dossier:
    alert = Alert(alert_id="A-1", subject=subject, article=Article(text=text))
    sentence = Sentence(id="p1.s1", start=0, end=len(text))
    passage = Passage(id="p1", start=0, end=len(text), sentences=(sentence,))
    read = Reading(language="en", readable=True, parties=parties, passages=(passage,), **fields)
    return build_dossier(alert, read, source, NOW)


CAST = (
    party(1, "Ivo Camrinsky", Role.LAWYER),
    party(2, "Ondra Velimsky", Role.MENTIONED),
    party(3, "Rui Tavelo", Role.ACCUSED),
    party(4, "a former banker", Role.SUSPECT, by_name=False),
    party(5, "Dov Kestrel", Role.MENTIONED),
)


def test_the_alerts_names_come_first_then_the_adverse_then_known_names_of_the_text() -> None:
    source = KnownPeople([profile("V", "Ondra Velimsky"), profile("X", "Somebody Else")])
    subject = Subject(name="Ilka Bramwyn", aliases=("I. Bramwyn",))
    finding = Finding(sentence="p1.s1", offences=(Offence.FRAUD,), stage=Stage.CHARGED, parties=("P5",))
    build(source, *CAST, subject=subject, text="Ondra Velimsky sold it.", findings=(finding,))
    assert source.asked == [
        "Ilka Bramwyn",
        "I. Bramwyn",
        "Rui Tavelo",
        "Dov Kestrel",
        "Ivo Camrinsky",
        "Ondra Velimsky",
    ]


def test_one_name_in_two_forms_is_looked_up_once() -> None:
    source = KnownPeople([profile("T", "TAVELO, Rui")])
    build(source, *CAST[2:3], subject=Subject(name="Tavelo, Rui"), text="TAVELO, Rui")
    assert source.asked == ["Tavelo, Rui"]


def test_the_subject_is_looked_up_by_the_articles_name_too() -> None:
    source = KnownPeople()
    text = "Samir Haddadi"
    read = ReadParty(
        id="P1",
        name="سمير حدادي",
        aliases=("Samir Haddadi",),
        role=Role.ACCUSED,
        mentions=(Mention(start=0, end=len(text), sentence="p1.s1"),),
    )
    subject = Subject(name="سمير حدادي")
    build(source, read, subject=subject, text=text, subject_basis=SubjectBasis.HEADER)
    assert source.asked == ["سمير حدادي", "Samir Haddadi"]


def test_every_match_says_for_whom_and_all_namesakes_are_kept() -> None:
    namesakes = [profile(f"T{n}", "Rui Tavelo", birth_date=str(1950 + n)) for n in range(7)]
    dossier = build(KnownPeople([*namesakes, profile("C", "Ivo Camrinsky")]), *CAST)
    assert {match.mention for match in dossier.profiles} == {"Rui Tavelo", "Ivo Camrinsky"}
    assert len([match for match in dossier.profiles if match.profile.name == "Rui Tavelo"]) == 7


def test_nobodys_namesakes_crowd_out_another_and_what_is_cut_is_said() -> None:
    crowd = [profile(f"T{n}", "Rui Tavelo", birth_date=str(1950 + n)) for n in range(40)]
    others = [profile(f"C{n}", "Ivo Camrinsky") for n in range(12)]
    dossier = build(KnownPeople([*crowd, *others]), *CAST)
    assert len(dossier.profiles) == MOST_PROFILES
    assert {match.mention for match in dossier.profiles} == {"Rui Tavelo", "Ivo Camrinsky"}
    assert any("more were found for: Rui Tavelo" in note for note in dossier.notes)


def test_names_beyond_the_room_are_named() -> None:
    many = [party(n, f"Rui Tavelo{chr(97 + n // 26)}{chr(97 + n % 26)}", Role.ACCUSED) for n in range(30)]
    source = KnownPeople()
    dossier = build(source, *many)
    assert len(source.asked) == MOST_MENTIONS
    assert any("no profiles were looked up for: " in note and many[-1].name in note for note in dossier.notes)


HELD = IndexUnavailable("the folder is held by another process.")


@pytest.mark.parametrize(
    ("method", "note"),
    [
        ("find_profiles", "Reference profiles could not be looked up: "),
        ("detect_names", "The text was not searched for the names of known profiles: "),
        ("find_precedents", "Earlier decisions could not be looked up: "),
        ("outcome_counts", "How earlier decisions ended could not be counted: "),
    ],
)
def test_what_cannot_answer_costs_its_own_part(method: str, note: str) -> None:
    source = KnownPeople([profile("T", "Rui Tavelo")], counts=COUNTS, fails={method: HELD})
    dossier = build(source, *CAST)
    assert dossier.notes == (note + str(HELD),)
    assert bool(dossier.profiles) == (method != "find_profiles") == profiles_looked_up(dossier)
    assert dossier.outcome_counts == ({} if method == "outcome_counts" else COUNTS)


def test_an_index_that_was_never_built_has_not_been_looked_up(tmp_path: Path) -> None:
    with open_index(tmp_path, embedder=embedder(), records=MemoryStore()) as index:
        alert = Alert(alert_id="A-1", article=Article(text="Nothing."))
        dossier = build_dossier(alert, Reading(language="en", readable=True, parties=CAST), index, NOW)
    assert dossier.profiles == ()
    assert not profiles_looked_up(dossier)


def test_an_unreadable_article_is_still_searched_for_known_names() -> None:
    source = KnownPeople([profile("V", "Ondra Velimsky")], counts=COUNTS)
    alert = Alert(alert_id="A-1", article=Article(text="Ondra Velimsky, Helsinki."))
    dossier = build_dossier(alert, Reading(language="fi", readable=False), source, NOW)
    assert [match.profile.profile_id for match in dossier.profiles] == ["V"]
    assert dossier.outcome_counts == {}


# --- what a model is shown of it


def test_the_prompt_shows_each_profile_once_with_how_it_was_met() -> None:
    known = profile("T", "سمير حدادي", aliases=["Karim Lundqvar"], death_date="2019", identifiers={"passport": "AB1"})
    cast = (party(1, "Samir Haddadi", Role.ACCUSED), party(2, "Karim Lundqvar", Role.SUSPECT))
    block = profiles_block(build(KnownPeople([known]), *cast).profiles)
    assert block.count("profile: T") == 1
    assert "same after transliteration" in block
    assert "death date: 2019" in block
    assert "AB1" not in block
    assert profiles_block(()) == "none"


def test_the_prompt_tells_neither_how_a_precedent_ended_nor_what_people_wrote_of_it() -> None:
    entry = precedent(1).model_copy(update={"rationale": "Close all such alerts.", "summary": "Nothing to see here."})
    block = precedents_block([PrecedentMatch(precedent=entry, similarity=0.8, alike=("role: offender",))])
    assert f"precedent: {entry.precedent_id}" in block
    assert "role: offender" in block
    for hidden in (entry.outcome.value, entry.reason_code, entry.rationale, entry.summary, entry.subject_name):
        assert hidden not in block
    assert precedents_block(()) == "none"
