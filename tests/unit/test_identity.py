"""Identity: attribute by attribute, unknowns never raise, contradictions are seen."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.alert import Subject
from agent.domain.reading import ReadParty, StatedAttribute
from agent.domain.reference import Profile, ProfileMatch
from agent.domain.taxonomy import FeatureName, FeatureVerdict, IdentityVerdict, PartyKind
from agent.triage.identity import compare_identity
from agent.triage.names import compare_names

F, V = FeatureName, IdentityVerdict
AS_OF = date(2025, 6, 1)


def party(name: str = "Ana Sel", **stated: str) -> ReadParty:
    attributes = tuple(
        StatedAttribute(name=F(key), value=value, start=0, end=1, sentence="p1.s1") for key, value in stated.items()
    )
    return ReadParty(id="R1", name=name, attributes=attributes)


def profile(name: str = "Ana Sel", **fields: object) -> ProfileMatch:
    built = Profile.model_validate({"profile_id": f"X-{name}-{fields.get('birth_date')}", "name": name, **fields})
    return ProfileMatch(profile=built, matched_name=name, score=1.0, route="name")


@pytest.mark.parametrize(
    ("subject", "stated", "verdict"),
    [
        ({}, {}, V.POSSIBLE),
        ({"birth_date": "1970"}, {}, V.POSSIBLE),
        ({"birth_date": "1970"}, {"age": "54"}, V.PROBABLE),
        ({"birth_date": "1970"}, {"age": "55"}, V.PROBABLE),
        ({"birth_date": "1970"}, {"age": "52"}, V.MISMATCH),
        ({"birth_date": "1970"}, {"age": "57"}, V.POSSIBLE),
        ({"birth_date": "1970"}, {"age": "about 50 or 60"}, V.POSSIBLE),
        ({"birth_date": "1970-05-02"}, {"birth_date": "1970-05-02"}, V.CONFIRMED),
        ({"birth_date": "1970-05-02"}, {"birth_date": "1970"}, V.PROBABLE),
        ({"birth_date": "1970-05-02"}, {"birth_date": "2 May 1970"}, V.PROBABLE),
        ({"birth_date": "1970-05-02"}, {"birth_date": "1952-05-02"}, V.MISMATCH),
        ({"birth_date": "1970-05-02"}, {"birth_year": "1971"}, V.POSSIBLE),
        ({"birth_date": "1970"}, {"birth_year": "1950", "employer": "Bank Or"}, V.MISMATCH),
        ({"birth_date": "1970", "employer": "Bank Or"}, {"birth_year": "1950", "employer": "Bank Or"}, V.POSSIBLE),
        ({"identifiers": {"passport": "AB 123-4"}}, {"identifier": "AB1234"}, V.CONFIRMED),
        ({"identifiers": {"passport": "AB 123-4"}}, {"identifier": "ZZ99"}, V.POSSIBLE),
        ({"employer": "Bank Or plc"}, {"employer": "Bank Or"}, V.PROBABLE),
        ({"occupation": "banker"}, {"occupation": "former banker"}, V.POSSIBLE),
        ({"occupation": "banker"}, {"occupation": "dentist"}, V.POSSIBLE),
        (
            {"occupation": "banker", "nationalities": ("KZ",)},
            {"occupation": "banker", "nationality": "Kazakh"},
            V.PROBABLE,
        ),
        ({"nationalities": ("KZ",)}, {"nationality": "kazajo"}, V.POSSIBLE),
        ({"birth_date": "1970", "countries": ("PT",)}, {"age": "54", "country": "Peru"}, V.POSSIBLE),
    ],
)
def test_the_verdict_follows_the_attributes(
    subject: dict[str, object], stated: dict[str, str], verdict: IdentityVerdict
) -> None:
    result = compare_identity(Subject.model_validate({"name": "Ana Sel", **subject}), party(**stated), (), AS_OF)
    assert result.verdict is verdict


def test_a_feature_says_what_was_given_and_what_was_stated() -> None:
    result = compare_identity(Subject(name="Ana Sel", birth_date="1970"), party(age="54"), (), AS_OF)
    assert [feature.model_dump(mode="json") for feature in result.features] == [
        {"name": "name", "given": "Ana Sel", "stated": "Ana Sel", "verdict": "same"},
        {"name": "birth_year", "given": "1970", "stated": "54", "verdict": "same"},
    ]


def test_an_age_means_nothing_without_the_articles_date() -> None:
    result = compare_identity(Subject(name="Ana Sel", birth_date="1970"), party(age="20"), (), None)
    assert result.verdict is V.POSSIBLE
    assert result.features[1].verdict is FeatureVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("given_name", "stated", "verdict"),
    [
        ("Ana Sel", "ANA SEL", "same"),
        ("Sel, Ana", "Ana Sel", "same"),
        ("José Núñez", "Jose Nunez", "same"),
        ("José Núñez", "Jose\u0301 Nu\u0301ñez", "same"),
        ("Ana Maria Sel", "Ana Sel", "variant"),
        ("Ana Zalesova", "Zalesova", "variant"),
        ("Mukhtar Zalesov", "Muhtar Zalesov", "variant"),
        ("Ivan Zalesov", "Иван Залесов", "same"),
        ("Ana Sel", "Bo Tarn", "conflict"),
        ("Ana Sel", "Bo Sel", "conflict"),
        ("Ana Sel", "Аna Sel", "unknown"),
    ],
)
def test_names(given_name: str, stated: str, verdict: str) -> None:
    assert compare_names([given_name], [stated]) == verdict


def test_a_look_alike_letter_never_makes_a_match() -> None:
    subject = Subject(name="Ana Sel", birth_date="1970-05-02")
    assert compare_identity(subject, party("Аna Sel", birth_date="1970-05-02"), (), AS_OF).verdict is V.POSSIBLE


def test_another_name_or_no_name_is_a_mismatch() -> None:
    assert compare_identity(Subject(name="Ana Sel"), party("Bo Tarn"), (), AS_OF).verdict is V.MISMATCH
    absent = compare_identity(Subject(name="Ana Sel"), None, (), AS_OF)
    assert (absent.verdict, absent.features[0].verdict) == (V.MISMATCH, FeatureVerdict.CONFLICT)


def test_a_shared_name_is_at_most_possible() -> None:
    subject = Subject(name="Ana Sel", birth_date="1970-05-02")
    stated = party(birth_date="1970-05-02")
    assert compare_identity(subject, stated, (), AS_OF).verdict is V.CONFIRMED
    assert compare_identity(subject, stated, (), AS_OF, ["Ana Sel"]).verdict is V.POSSIBLE


def test_a_blank_header_is_unknown_unless_a_profile_matches() -> None:
    assert compare_identity(None, party(), (), AS_OF).verdict is V.UNKNOWN_SUBJECT
    assert compare_identity(None, None, (), AS_OF).verdict is V.UNKNOWN_SUBJECT
    assert compare_identity(None, party(), [profile("Bo Tarn")], AS_OF).verdict is V.UNKNOWN_SUBJECT
    assert compare_identity(None, party(), [profile()], AS_OF).verdict is V.POSSIBLE
    assert compare_identity(None, party(age="54"), [profile(birth_date="1970")], AS_OF).verdict is V.PROBABLE


def test_profiles_complete_the_subject_only_when_they_do_not_contradict_it() -> None:
    stated = party(employer="Bank Or")
    subject = Subject(name="Ana Sel", birth_date="1970")
    assert compare_identity(subject, stated, [profile(employer="Bank Or")], AS_OF).verdict is V.PROBABLE
    other = profile(employer="Bank Or", birth_date="1950")
    assert compare_identity(subject, stated, [other], AS_OF).verdict is V.POSSIBLE


def test_profiles_with_contradicting_births_are_both_shown_and_unclear() -> None:
    profiles = [profile(birth_date="1970"), profile(birth_date="1950")]
    for stated in (party(age="54"), party(age="20"), party()):
        result = compare_identity(Subject(name="Ana Sel"), stated, profiles, AS_OF)
        assert result.verdict is V.POSSIBLE
        assert [f.given for f in result.features if f.name in (F.BIRTH_YEAR, F.BIRTH_DATE)] == ["1970", "1950"]


def test_a_profile_that_contradicts_the_article_adds_nothing_else() -> None:
    stated = party(birth_year="1984", employer="Bank Or")
    result = compare_identity(Subject(name="Ana Sel"), stated, [profile(birth_date="1950", employer="Bank Or")], AS_OF)
    assert result.verdict is V.POSSIBLE
    assert {(f.name, f.verdict) for f in result.features} == {
        (F.NAME, FeatureVerdict.SAME),
        (F.EMPLOYER, FeatureVerdict.UNKNOWN),
        (F.BIRTH_YEAR, FeatureVerdict.CONFLICT),
    }


def test_a_profile_is_no_mismatch_until_something_ties_it_to_the_subject() -> None:
    other = [profile(birth_date="1950", nationalities=["KZ"])]
    assert compare_identity(Subject(name="Ana Sel"), party(age="40"), other, AS_OF).verdict is V.POSSIBLE
    tied = Subject(name="Ana Sel", nationalities=("KZ",))
    assert compare_identity(tied, party(age="40"), other, AS_OF).verdict is V.MISMATCH
    two = [*other, profile(birth_date="1951")]
    assert compare_identity(tied, party(age="40"), two, AS_OF).verdict is V.POSSIBLE


def test_without_a_subject_two_profiles_that_fit_and_differ_are_unclear() -> None:
    fits = profile(birth_date="1970")
    assert compare_identity(None, party(age="54"), [fits], AS_OF).verdict is V.PROBABLE
    one, other = profile(birth_date="1970", nationalities=["KZ"]), profile(nationalities=["PE"])
    assert compare_identity(None, party(age="54"), [one, other], AS_OF).verdict is V.POSSIBLE


def test_a_person_against_a_firm_is_at_most_possible() -> None:
    subject = Subject(name="Ana Sel", kind=PartyKind.ORGANISATION, identifiers={"register": "AB1"})
    stated = party(identifier="AB1")
    assert compare_identity(subject, stated, (), AS_OF).verdict is V.CONFIRMED
    person = stated.model_copy(update={"kind": PartyKind.PERSON})
    assert compare_identity(subject, person, (), AS_OF).verdict is V.POSSIBLE


def test_a_weak_alias_is_at_most_possible_and_takes_nothing_from_a_name_that_meets() -> None:
    weak = profile("Bo Tarn", birth_date="1970-05-02").model_copy(update={"matched_name": "Ana Sel", "weak": True})
    stated = party(birth_date="1970-05-02")
    assert compare_identity(None, stated, [weak], AS_OF).verdict is V.POSSIBLE
    both = [weak, weak.model_copy(update={"matched_name": "Ana Selka", "weak": False})]
    named = stated.model_copy(update={"aliases": ("Ana Selka",)})
    assert compare_identity(None, named, both, AS_OF).verdict is V.CONFIRMED


def test_an_initial_or_a_bare_surname_needs_a_full_birth_date() -> None:
    subject = Subject(name="Ana Sellick", birth_date="1970-05-02")
    for name in ("A. Sellick", "Sellick"):
        assert compare_identity(subject, party(name, age="55"), (), AS_OF).verdict is V.POSSIBLE
        assert compare_identity(subject, party(name, birth_date="1970-05-02"), (), AS_OF).verdict is V.PROBABLE


def test_an_unreadable_text_cannot_be_assessed() -> None:
    assert compare_identity(Subject(name="Ana Sel"), None, readable=False).verdict is V.CANNOT_ASSESS


_RANK = [V.MISMATCH, V.UNKNOWN_SUBJECT, V.CANNOT_ASSESS, V.POSSIBLE, V.PROBABLE, V.CONFIRMED]


@settings(deadline=None)
@given(
    known=st.dictionaries(st.sampled_from(["birth_date", "occupation", "employer"]), st.just("1970"), max_size=3),
    stated=st.dictionaries(
        st.sampled_from(["birth_year", "occupation", "employer", "age"]), st.sampled_from(["1970", "?"]), max_size=4
    ),
)
def test_an_unknown_never_raises_the_verdict(known: dict[str, str], stated: dict[str, str]) -> None:
    subject = Subject.model_validate({"name": "Ana Sel", **known})
    full = compare_identity(subject, party(**stated), (), AS_OF)
    certain = {key: value for key, value in stated.items() if value != "?"}
    assert _RANK.index(full.verdict) <= _RANK.index(compare_identity(subject, party(**certain), (), AS_OF).verdict)
    if not any(f.verdict in ("same", "variant") for f in full.features if f.name is not F.NAME):
        assert full.verdict not in (V.PROBABLE, V.CONFIRMED)
