"""Candidates: who can be the subject, in which order, with which profiles and why. All people are invented."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agent.domain.alert import Alert, Article, Mention, Subject
from agent.domain.candidate import SubjectCandidate
from agent.domain.reading import Finding, Reading, ReadParty, StatedAttribute, SubjectBasis
from agent.domain.reference import Profile, ProfileMatch
from agent.domain.taxonomy import FeatureName, IdentityVerdict, NamePartRelation, Offence, PartyKind, Role, Stage
from agent.triage.candidates import NO_PROFILE, NOT_SEARCHED, find_bearer, rank_candidates
from agent.triage.names import as_written, compare_best, names_meet
from retrieval.names.matches import match_profile

AS_OF = date(2025, 6, 1)
V = IdentityVerdict


def party(number: int, name: str, role: Role = Role.MENTIONED, *, at: int = 0, **fields: Any) -> ReadParty:
    stated = fields.pop("stated", {})
    attributes = tuple(
        StatedAttribute(name=FeatureName(key), value=value, start=0, end=1, sentence="p1.s1")
        for key, value in stated.items()
    )
    mention = Mention(start=at, end=at + len(name), sentence="p1.s1", by_name=fields.pop("by_name", True))
    return ReadParty(
        id=f"P{number}", name=name, role=role, attributes=attributes, mentions=(mention,), **{"kind": "person"} | fields
    )


def reading(*parties: ReadParty, **fields: Any) -> Reading:
    return Reading(language="en", readable=True, parties=parties, **fields)


def held(*parties: str, offence: Offence = Offence.FRAUD, **fields: Any) -> Finding:
    return Finding(sentence="p1.s1", offences=(offence,), parties=parties, **{"stage": Stage.CHARGED} | fields)


def alert(subject: str | None = None, **fields: Any) -> Alert:
    header = Subject(name=subject, **fields) if subject else None
    return Alert(alert_id="A-1", subject=header, article=Article(text="Names of people stand here."))


def match(mention: str, profile_id: str, name: str, **fields: Any) -> ProfileMatch:
    met = match_profile(mention, Profile.model_validate({"profile_id": profile_id, "name": name, **fields}))
    assert met is not None
    return met


def rank(
    given: Alert, read: Reading, *matches: ProfileMatch, as_of: date | None = AS_OF
) -> tuple[SubjectCandidate, ...]:
    return rank_candidates(given, read, matches, as_of)


ROLES = {
    "official": party(1, "Ola Grunfeld", Role.OFFICIAL),
    "victim": party(2, "Elsa Dornwick", Role.VICTIM),
    "associate": party(3, "Dov Kestrel", Role.ASSOCIATE),
    "offender": party(4, "Rui Tavelo", Role.OFFENDER),
    "exonerated": party(5, "Ilka Bramwyn", Role.EXONERATED),
    "mentioned": party(6, "Ondra Velimsky"),
    "lawyer": party(7, "Ivo Camrinsky", Role.LAWYER),
    "namesake": party(8, "Rui Tavelo Lund", Role.NAMESAKE),
}


def test_a_blank_header_ranks_the_adverse_then_the_cleared_and_nobody_else() -> None:
    candidates = rank(alert(), reading(*ROLES.values()))
    assert [one.name for one in candidates] == ["Dov Kestrel", "Rui Tavelo", "Ilka Bramwyn"]
    assert {one.note for one in candidates} == {NO_PROFILE}


def test_a_finding_makes_a_candidate_of_whoever_it_is_held_against() -> None:
    parties = reading(*ROLES.values(), findings=(held("P1"), held("P2", negated=True), held("P7", "P4")))
    reasons = {one.name: one.reason for one in rank(alert(), parties)}
    assert reasons["Ola Grunfeld"] == "official: fraud"
    assert reasons["Rui Tavelo"] == "offender: fraud"
    assert "Ivo Camrinsky" in reasons
    assert "Elsa Dornwick" not in reasons


def test_a_profile_lifts_within_the_adverse_and_brings_in_the_mentioned_last() -> None:
    matches = [match("Rui Tavelo", "T", "Rui Tavelo"), match("Ondra Velimsky", "V", "Ondra Velimsky")]
    matches += [match("Elsa Dornwick", "D", "Elsa Dornwick"), match("Ivo Camrinsky", "C", "Ivo Camrinsky")]
    candidates = rank(alert(), reading(*ROLES.values()), *matches)
    assert [one.name for one in candidates] == ["Rui Tavelo", "Dov Kestrel", "Ilka Bramwyn", "Ondra Velimsky"]
    assert [one.party for one in candidates] == ["P4", "P3", "P5", "P6"]


@pytest.mark.parametrize(
    "contradiction", [{"birth_date": "1950"}, {"kind": PartyKind.ORGANISATION}, {"birth_date": "1982"}]
)
def test_a_profile_that_contradicts_is_shown_and_lifts_nobody(contradiction: dict[str, Any]) -> None:
    people = reading(
        party(1, "Dov Kestrel", Role.ACCUSED), party(2, "Rui Tavelo", Role.ACCUSED, stated={"birth_year": "1984"})
    )
    first, second = rank(alert(), people, match("Rui Tavelo", "T", "Rui Tavelo", **contradiction))
    assert (first.name, second.name) == ("Dov Kestrel", "Rui Tavelo")
    assert second.profiles[0].verdict in (V.MISMATCH, V.POSSIBLE)
    assert second.note == "every reference profile of this name contradicts the article"


def test_a_known_name_that_the_reader_missed_is_a_candidate_of_its_own() -> None:
    (known,) = rank(alert(), reading(), match("Ondra Velimsky", "V", "Ondra Velimsky"))
    assert (known.party, known.role, known.name) == (None, Role.MENTIONED, "Ondra Velimsky")
    (one,) = rank(alert(), reading(party(1, "Rui Tavelo", Role.ACCUSED)), match("Tavelo, Rui", "T", "Rui Tavelo"))
    assert one.party == "P1"


def test_someone_without_a_name_is_a_candidate_and_gets_no_profile() -> None:
    nobody = party(1, "a former banker", Role.SUSPECT, by_name=False)
    one = rank(alert(), reading(nobody), match("A Former Banker", "T", "A Former Banker"))[0]
    assert one.party == "P1"
    assert one.profiles == ()
    assert one.note.startswith("the article does not name them")


def test_could_not_look_is_never_nothing_found() -> None:
    people = reading(party(1, "Rui Tavelo", Role.ACCUSED))
    assert rank_candidates(alert(), people, None, AS_OF)[0].note == NOT_SEARCHED
    assert rank_candidates(alert(), people, (), AS_OF)[0].note == NO_PROFILE


def test_with_a_header_the_named_come_first_and_namesakes_stay_two() -> None:
    people = reading(
        party(1, "Rui Tavelo Lund", Role.WITNESS),
        party(2, "Rui Tavelo", Role.OFFENDER),
        party(3, "Dov Kestrel", Role.OFFENDER),
        subject="P2",
        subject_basis=SubjectBasis.HEADER,
    )
    candidates = rank(alert("Rui Tavelo"), people)
    assert [(one.party, one.reason) for one in candidates] == [
        ("P2", "named in the alert"),
        ("P1", "a name like the alert's"),
    ]


def test_a_profile_can_give_the_subject_another_name() -> None:
    people = reading(party(1, "Darko Vintner", Role.OFFENDER), party(2, "Dov Kestrel", Role.OFFENDER))
    both: dict[str, Any] = {"name": "Rui Gonsal", "aliases": ["Darko Vintner"]}
    matches = [match("Rui Gonsal", "T", **both), match("Darko Vintner", "T", **both)]
    (one,) = rank(alert("Rui Gonsal"), people, *matches)
    assert (one.party, one.reason) == ("P1", "a name that profile T has beside the alert's")
    weak: dict[str, Any] = {"name": "Rui Gonsal", "weak_aliases": ["Darko Vintner"]}
    assert (
        rank(alert("Rui Gonsal"), people, match("Rui Gonsal", "T", **weak), match("Darko Vintner", "T", **weak)) == ()
    )


def test_each_profile_is_held_against_the_party_by_itself() -> None:
    people = reading(
        party(1, "Samir Haddadi", Role.ACCUSED, stated={"birth_year": "1985", "employer": "Pask Holdings"})
    )
    matches = [
        match("Samir Haddadi", "H1", "سمير حدادي", birth_date="1961", employer="Pask Holdings"),
        match("Samir Haddadi", "H2", "Samir Haddadi", birth_date="1985-02-01", nationalities=["LB"]),
    ]
    (one,) = rank(alert(), people, *matches)
    assert [(fit.profile_id, fit.verdict) for fit in one.profiles] == [("H2", V.PROBABLE), ("H1", V.POSSIBLE)]
    assert one.note.startswith("2 people bear this name")
    transliterated = one.profiles[1]
    assert {part.relation for part in transliterated.parts} == {NamePartRelation.TRANSLITERATED}
    assert "birth year conflicts: 1961 against 1985" in transliterated.explanation
    assert "employer same: Pask Holdings" in transliterated.explanation
    assert "nationality not stated" in one.profiles[0].explanation


def test_the_explanation_names_the_subject_that_a_profile_is_not() -> None:
    people = reading(party(1, "Rui Tavelo", Role.ACCUSED), subject="P1", subject_basis=SubjectBasis.HEADER)
    (one,) = rank(
        alert("Rui Tavelo", birth_date="1961"), people, match("Rui Tavelo", "T", "Rui Tavelo", birth_date="1984")
    )
    assert "not the alert's subject by birth: 1984 against 1961" in one.profiles[0].explanation


def test_profiles_of_one_person_are_not_called_two() -> None:
    people = reading(party(1, "Rui Tavelo", Role.ACCUSED))
    same = [match("Rui Tavelo", f"T{n}", "Rui Tavelo", birth_date=birth) for n, birth in enumerate(["1984", "1984-02"])]
    assert rank(alert(), people, *same)[0].note == ""


def test_who_died_before_what_is_told_is_noted_unless_the_article_knows() -> None:
    dead = match("Rui Tavelo", "T", "Rui Tavelo", birth_date="1950-01-02", death_date="2009")
    people = reading(party(1, "Rui Tavelo", Role.ACCUSED, stated={"birth_date": "1950-01-02"}))
    ((fit,),) = [one.profiles for one in rank(alert(), people, dead)]
    assert "died 2009" in fit.explanation
    assert fit.verdict is V.POSSIBLE
    ((fit,),) = [one.profiles for one in rank(alert(), people, dead, as_of=date(2008, 1, 1))]
    assert (fit.verdict, "died" in fit.explanation) == (V.CONFIRMED, False)


def test_at_most_twenty_candidates_with_ten_profiles_each() -> None:
    people = [party(n, f"Rui Tavelo{chr(96 + n)}{chr(96 + n)}son", Role.ACCUSED) for n in range(1, 25)]
    assert len(rank(alert(), reading(*people))) == 20
    many = [match("Rui Tavelo", f"T{n}", "Rui Tavelo") for n in range(14)]
    assert len(rank(alert(), reading(party(1, "Rui Tavelo", Role.ACCUSED)), *many)[0].profiles) == 10


# --- the name itself


def test_a_bearer_in_other_letters_is_found_when_there_is_one() -> None:
    samir, other = party(1, "Samir Haddadi"), party(2, "Dov Kestrel")
    found = find_bearer(alert("سمير حدادي"), reading(samir, other), (), AS_OF)
    assert found is not None
    assert found.id == "P1"
    assert find_bearer(alert("سمير حدادي"), reading(samir, party(2, "Sameer Hadady")), (), AS_OF) is None
    assert find_bearer(alert("خالد حدادي"), reading(samir, other), (), AS_OF) is None
    assert find_bearer(alert(), reading(samir), (), AS_OF) is None


def test_a_bare_surname_never_makes_a_relative_of_a_full_name() -> None:
    assert not names_meet(compare_best(["Emil Ostner"], ["Rolf Ostner", "Ostner"]))
    assert not names_meet(compare_best(["Emil Ostner", "Ostner"], ["Rolf Ostner"]))
    assert names_meet(compare_best(["Emil Ostner"], ["Ostner"]))
    assert not names_meet(compare_best(["Emil Ostner"], ["Ostner"]), surely=True)
    firm = PartyKind.ORGANISATION
    assert names_meet(compare_best(["Karvasund"], ["Karvasund Shipping FZE", "Karvasund"], firm), surely=True)


@pytest.mark.parametrize(
    ("read_as", "aliases", "text", "written"),
    [
        ("S. Haddadi", ("Samir Haddadi", "Haddadi"), "Samir Haddadi", "Samir Haddadi"),
        ("Samir Haddadi", ("Haddadi",), "Samir Haddadi", "Samir Haddadi"),
        ("Samir Haddadi", ("Haddadi",), "Haddadi", "Haddadi"),
        ("Игорь Лазутский", ("Лазутский",), "Игоря Лазутского", "Игорь Лазутский"),
    ],
)
def test_a_party_is_compared_by_the_articles_own_name(
    read_as: str, aliases: tuple[str, ...], text: str, written: str
) -> None:
    read = party(1, read_as, aliases=aliases)
    read = read.model_copy(update={"mentions": (Mention(start=0, end=len(text), sentence="p1.s1"),)})
    assert as_written(read, text).name == written
