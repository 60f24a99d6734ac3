"""Two written names held against each other: what is one person's, what another's, and what cannot be told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.taxonomy import FeatureVerdict, PartyKind
from agent.domain.taxonomy import NamePartRelation as Relation
from retrieval.names.comparison import SAME_NAME, NameComparison, compare_names, explain_parts
from retrieval.names.nicknames import are_known_variants

CONFLICT, SAME, UNKNOWN, VARIANT = (
    FeatureVerdict.CONFLICT,
    FeatureVerdict.SAME,
    FeatureVerdict.UNKNOWN,
    FeatureVerdict.VARIANT,
)
PERSON, ORGANISATION = PartyKind.PERSON, PartyKind.ORGANISATION


def relations(comparison: NameComparison) -> dict[str, Relation]:
    return {part.given or part.stated: part.relation for part in comparison.parts}


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        ("Ana Sel Mora", "Ana Sel Mora"),
        ("Dr. Ana Sel-Mora", "SEL MORA, Ana"),
        ("Абан Дорев", "Aban Dorev"),
        ("Νίκος Βαρδής", "Nikos Vardis"),
        ("حسام الكرداني", "Husam al-Kardani"),
        ("דניאל ברקאי", "Daniel Barkai"),
        ("林小明", "Lin Xiaoming"),
        ("林小明", "Xiao Ming Lin"),
        ("Ābdul Kârim Tessádi", "Abdul Karim Tessadi"),
        ("Abd al-Rahman Tessadi", "Abdulrahman Tessadi"),
        ("Salah ud-Din Tessadi", "Salahuddin Tessadi"),
    ],
)
def test_one_name_however_it_is_written(listed: str, written: str) -> None:
    comparison = compare_names(listed, written)

    assert comparison.verdict in (SAME, VARIANT)
    assert comparison.score >= 0.8
    met = {Relation.SAME, Relation.TRANSLITERATED, Relation.SPELLING, Relation.KNOWN_VARIANT}
    assert set(relations(comparison).values()) <= met


@pytest.mark.parametrize(
    ("listed", "written", "relation"),
    [
        ("Mokhtar Dorev", "Muhtar Dorev", Relation.SPELLING),
        ("Bill Dorev", "William Dorev", Relation.KNOWN_VARIANT),
        ("Iskander Dorev", "Aleksandr Dorev", Relation.KNOWN_VARIANT),
        ("Yusuf Dorev", "Joseph Dorev", Relation.KNOWN_VARIANT),
        ("Мухтар Dorev", "Mukhtar Dorev", Relation.TRANSLITERATED),
        ("M. Dorev", "Mukhtar Dorev", Relation.INITIAL),
        ("Zafira Dorev", "Mukhtar Dorev", Relation.DIFFERENT),
    ],
)
def test_each_part_is_told_how_it_stands_to_its_counterpart(listed: str, written: str, relation: Relation) -> None:
    first, second = compare_names(listed, written).parts

    assert (first.given, first.stated, first.relation) == (listed.split()[0].rstrip("."), written.split()[0], relation)
    assert (second.given, second.relation) == ("Dorev", Relation.SAME)


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        ("Ana Sel Mora", "Eva Sel Mora"),
        ("Jamal Tessadi", "Jamil Tessadi"),
        ("Hasan Tessadi", "Husayn Tessadi"),
        ("Abdul Rahman Tessadi", "Abdul Rahim Tessadi"),
        ("Jalaluddin Tessadi", "Sirajuddin Tessadi"),
        ("Ivan Ivanovich Dorev", "Ivan Petrovich Dorev"),
        ("Ana Dorev", "Ana Kelmendi"),
        ("Zoran Petric", "Boris Halloway"),
        ("Борис Петрович Дорев", "حسام علي الكرداني"),
        ("A. Dorev", "Boris Dorev"),
    ],
)
def test_a_part_that_contradicts_makes_two_people(listed: str, written: str) -> None:
    comparison = compare_names(listed, written)

    assert comparison.verdict is CONFLICT
    assert comparison.score < SAME_NAME


def test_what_only_one_name_has_is_an_omission_and_no_contradiction() -> None:
    comparison = compare_names("Ivan Petrovich Dorev", "Ivan Dorev")

    assert comparison.verdict is VARIANT
    assert comparison.score >= SAME_NAME
    assert relations(comparison)["Petrovich"] is Relation.MISSING


def test_the_given_name_that_only_the_longer_name_has_weighs_more_than_a_later_part() -> None:
    son = compare_names("Karam Tessadi Hadrani Kelmi", "Wisam Karam Tessadi Hadrani Kelmi")
    clan = compare_names("Karam Tessadi Hadrani Kelmi", "Karam Tessadi Hadrani Kelmi Orbali")

    assert son.verdict is clan.verdict is VARIANT
    assert son.score < SAME_NAME <= clan.score


def test_a_surname_alone_and_an_initial_support_a_match_weakly() -> None:
    surname, initial = compare_names("Dorev", "Mira Dorev"), compare_names("M. Dorev", "Mira Dorev")
    whole = compare_names("Mira Dorev", "Mira Dorev")

    assert surname.verdict is initial.verdict is VARIANT
    assert surname.score < initial.score < SAME_NAME < whole.score


def test_a_title_is_no_part_of_the_name_and_one_that_is_also_a_name_proves_nothing() -> None:
    assert compare_names("Haji Mullah Karam Tessadi", "Karam Tessadi").verdict is SAME
    assert compare_names("Sheikh Tessadi", "Sheikh Orbali").verdict is CONFLICT
    assert compare_names("Sheikh Karam Tessadi", "Karam Tessadi").score > 0.9


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        ("Mira Dоrev", "Mira Dorev"),  # the o is Cyrillic
        ("林小明", "Haruto Shimizu"),
        ("علي", "Lo"),
        ("", "Mira Dorev"),
        ("—?!", "Mira Dorev"),
        ("\ud800", "\u202e"),
    ],
)
def test_what_cannot_be_told_is_unknown_and_never_one_name(listed: str, written: str) -> None:
    comparison = compare_names(listed, written)

    assert comparison.verdict is UNKNOWN
    assert comparison.score < SAME_NAME


def test_a_look_alike_letter_is_still_found_near_the_name_it_imitates() -> None:
    assert compare_names("Mira Dоrev", "Mira Dorev").score > 0.6


def test_vowels_that_a_script_does_not_write_make_no_conflict() -> None:
    assert compare_names("سليم", "Selim").verdict is not CONFLICT
    assert compare_names("حسن الكرداني", "Hussein al-Kardani").verdict is not CONFLICT


@pytest.mark.parametrize(
    ("listed", "written", "verdict", "same"),
    [
        ("OOO Tarkovin", "Tarkovin LLC", VARIANT, True),
        ("АО Тарковин", "Tarkovin JSC", VARIANT, True),
        ("Tarkovin Public Joint Stock Company", "TARKOVIN PJSC", VARIANT, True),
        ("Tarkovin Shipping", "Tarkovin Shipping", SAME, True),
        ("Tarkovin Shipping Ltd", "Tarkovin Trading Ltd", CONFLICT, False),
        ("Tarkovin Bank Branch 2", "Tarkovin Bank Branch 3", CONFLICT, False),
        ("Tarkovin Lines Odessa", "Tarkovin Lines Riga", CONFLICT, False),
        ("Tarkovin Fund II", "Tarkovin Fund III", CONFLICT, False),
        ("BSB", "Brightwater Savings Bank", VARIANT, False),
        ("Brightwater Bank", "Brightwater Savings Bank", VARIANT, False),
        ("John Harrow Ltd", "Ivan Harrow Ltd", CONFLICT, False),
        ("Ltd", "LLC", UNKNOWN, False),
    ],
)
def test_firms_agree_in_their_distinctive_words(listed: str, written: str, verdict: FeatureVerdict, same: bool) -> None:
    for kind in (ORGANISATION, PartyKind.UNKNOWN):
        comparison = compare_names(listed, written, kind)
        if kind is ORGANISATION or verdict is not VARIANT or same:
            assert comparison.verdict is verdict
        assert (comparison.score >= SAME_NAME) is same


def test_legal_forms_of_one_kind_are_one_and_of_two_kinds_lower_the_score() -> None:
    alike = compare_names("ООО Tarkovin", "Tarkovin Ltd", ORGANISATION)
    other = compare_names("АО Tarkovin", "Tarkovin Ltd", ORGANISATION)

    assert relations(alike)["ООО"] is Relation.KNOWN_VARIANT
    assert relations(other)["АО"] is Relation.DIFFERENT
    assert other.score < alike.score


def test_parts_stand_in_the_order_of_the_given_name_whichever_side_is_compared_first() -> None:
    for listed, written in (("Mira Dorev", "Zora Mira Kelm"), ("Zora Mira Kelm", "Mira Dorev")):
        parts = compare_names(listed, written).parts
        assert " ".join(part.given for part in parts if part.given) == listed


def test_the_explanation_names_surname_given_name_and_patronymic_where_they_are_sure() -> None:
    parts = compare_names("Мухтар Петрович Дорев", "Muhtar Dorev").parts

    assert explain_parts(parts) == (
        "surname same after transliteration; given name same after transliteration; patronymic only on the list"
    )


@pytest.mark.parametrize(
    ("listed", "written", "sentence"),
    [
        ("Mukhtar Dorev", "Muhtar Dorev", "surname same; given name another spelling (Mukhtar, Muhtar)"),
        ("Bill Dorev", "William Dorev", "surname same; given name a known variant (Bill, William)"),
        ("Zeb Dorev", "Kel Dorev", "name part “Zeb” differs against “Kel”; name part “Dorev” same"),
        ("Zeb Dorev", "Z. Dorev", "name part “Zeb” and “Z” agree as initials; name part “Dorev” same"),
        ("Dorev", "Zeb Dorev", "name part “Dorev” same; name part “Zeb” only in the article"),
        ("", "Zeb Dorev", "the names cannot be compared"),
    ],
)
def test_the_explanation_says_what_was_found(listed: str, written: str, sentence: str) -> None:
    assert explain_parts(compare_names(listed, written).parts) == sentence


def test_the_explanation_says_where_scripts_do_not_tell_and_where_the_given_name_comes_from() -> None:
    open_parts = compare_names("林小明", "Haruto Shimizu").parts
    assert "not clearly the same across scripts" in explain_parts(open_parts)

    parts = compare_names("Zeb Karl Dorev", "Zeb Dorev").parts
    assert "“Karl” only in the alert" in explain_parts(parts, given_place="in the alert")


def test_an_explanation_of_hostile_names_stays_a_line() -> None:
    parts = compare_names(" ".join(f"Zeb{letter}" * 9 for letter in "abcdefghijklmnop"), "Kel " * 300).parts

    assert len(parts) <= 40
    assert len(explain_parts(parts)) <= 600


def test_known_variants_are_forms_of_one_name_only() -> None:
    assert are_known_variants("iskander", "aleksandr")
    assert are_known_variants("zzz", "zzz")
    assert not are_known_variants("hasan", "husayn")


_LETTERS = st.sampled_from("aeiouklmrstzAKЖкоаبحسנשמ王小明アリ김이é'-. 2")
_NAMES = st.one_of(st.text(_LETTERS, max_size=40), st.text(max_size=60))


@settings(max_examples=300, deadline=None)
@given(_NAMES, _NAMES, st.sampled_from(PartyKind))
def test_any_two_strings_compare_alike_both_ways(left: str, right: str, kind: PartyKind) -> None:
    there, back = compare_names(left, right, kind), compare_names(right, left, kind)

    assert 0.0 <= there.score <= 1.0
    assert (there.score, there.verdict) == (back.score, back.verdict)
    assert sorted((part.given, part.stated, part.relation) for part in there.parts) == sorted(
        (part.stated, part.given, part.relation) for part in back.parts
    )
    if there.verdict in (CONFLICT, UNKNOWN):
        assert there.score < SAME_NAME
    assert explain_parts(there.parts, kind)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("abdeiklmnorstuzABMK '-"), min_size=4, max_size=30))
def test_a_name_never_contradicts_itself(name: str) -> None:
    comparison = compare_names(name, name)

    assert comparison.verdict in (SAME, UNKNOWN)
    assert comparison.verdict is SAME or not comparison.parts


@pytest.mark.parametrize("text", ["a", "ab ", "王", "é\u0301", "A.", "-", "\u202e"])
def test_a_name_of_ten_thousand_characters_is_read_within_bounds(text: str) -> None:
    name = text * (10_000 // len(text))
    for kind in (PERSON, ORGANISATION):
        comparison = compare_names(name, name[:-1] + "z", kind)
        assert len(comparison.parts) <= 40
        assert all(len(part.given) <= 200 and len(part.stated) <= 200 for part in comparison.parts)
