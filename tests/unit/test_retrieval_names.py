"""The name lookup: what meets, and, more important, what does not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from retrieval.names import NameTable, fold_tokens, name_rows, same_person_name


def table(*names: str, kind: PartyKind = PartyKind.PERSON) -> NameTable:
    return NameTable((f"P{place}", kind.value, name, True) for place, name in enumerate(names))


def score(wanted: str, stored: str, kind: PartyKind = PartyKind.PERSON) -> float:
    return max((match.score for match in table(stored, kind=kind).find(wanted)), default=0.0)


@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ("Ilona Testerova", "TESTEROVA, Ilona"),
        ("José Ñañez Ørsted", "Jose Nanez Orsted"),
        ("Karim al-Odelson", "Karim Odelson"),
        ("Dr. Karim Odelson", "Karim ODELSON"),
        ("Conor O’Neverly", "Conor O'Neverly"),
        ("Илона Тестёрова", "ИЛОНА ТЕСТЕРОВА"),
        ("J.R. Exampleson", "JR Exampleson"),
        ("王小明", "王小明"),
    ],
)
def test_the_same_name_written_otherwise_scores_one(wanted: str, stored: str) -> None:
    assert score(wanted, stored) == 1.0


@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ("Ilona Testerowa", "Ilona Testerova"),
        ("Ilona Maria Testerova", "Ilona Testerova"),
        ("Ilona Testerova", "Ilona Maria Testerova"),
        ("Abdulrahmen Neverwas", "Abdulrahman Neverwas"),
        ("Kаrim Odelson", "Karim Odelson"),  # a Cyrillic а: found, but never as the very same name
    ],
)
def test_a_near_spelling_or_a_middle_name_scores_less(wanted: str, stored: str) -> None:
    assert 0.8 < score(wanted, stored) < 1.0


@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ("Testerova", "Ilona Testerova"),  # a surname alone
        ("Ilona", "Ilona Testerova"),
        ("al Odelson", "al Karim al Odelson"),  # particles do not make two
        ("Kim Jong Ab", "Kim Jong Od"),  # short parts must be exact
        ("Karim Odelson", "Karin Odelsen"),  # a letter off in each of two parts
        ("Karim Odelson", "Karim Neverwas"),
        ("Brigade 15 Examples", "Brigade 16 Examples"),
        ("", "Ilona Testerova"),
        ("!!!", "Ilona Testerova"),
    ],
)
def test_another_name_is_not_forced(wanted: str, stored: str) -> None:
    assert score(wanted, stored) == 0.0


@pytest.mark.parametrize(
    ("wanted", "stored", "meets"),
    [
        ("Northwater Shipping", "NORTHWATER SHIPPING LTD.", True),
        ("Northwater Shipping S.A.", "Northwater Shipping Co., Ltd.", True),
        ("Northwater", "Northwater Shipping Ltd.", False),
        ("Northwater Shipping Insurance", "Northwater Shipping Ltd.", False),
        ("Zephyrex", "Zephyrex GmbH", True),
        ("Zephyrax", "Zephyrex GmbH", False),
    ],
)
def test_every_word_of_a_firm_counts_save_its_legal_form(wanted: str, stored: str, meets: bool) -> None:
    assert bool(score(wanted, stored, PartyKind.ORGANISATION)) is meets


def test_a_one_word_alias_does_not_name_a_person_but_a_one_word_main_name_does() -> None:
    rows = [
        ("P1", "person", "Karim Odelson", True),
        ("P1", "person", "Eagle", False),
        ("P2", "person", "Zebulonia", True),
    ]
    names = NameTable(rows)
    assert names.find("Eagle") == []
    assert [match.profile_id for match in names.find("ZEBULONIA")] == ["P2"]


def test_namesakes_are_all_found_and_each_once_with_its_best_name() -> None:
    rows = [
        ("P2", "person", "Karim Odelson", True),
        ("P1", "person", "Karim Odelson", True),
        ("P1", "person", "Karim J. Odelson", False),
    ]
    assert [(m.profile_id, m.name, m.score) for m in NameTable(rows).find("karim odelson")] == [
        ("P1", "Karim Odelson", 1.0),
        ("P2", "Karim Odelson", 1.0),
    ]


def test_rows_hold_the_main_name_first_and_no_name_twice() -> None:
    profile = Profile(profile_id="P", name="A B", aliases=("C D", "A B"))
    assert [json.loads(row) for row in name_rows(profile)] == [
        ["P", "person", "A B", True],
        ["P", "person", "C D", False],
    ]


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@given(name=NAMES, others=st.lists(NAMES, max_size=5))
def test_every_name_finds_itself_first_or_is_no_name(name: str, others: list[str]) -> None:
    found = table(name, *others).find(name)
    if fold_tokens(name):
        assert found[0].score == 1.0
        assert "P0" in {match.profile_id for match in found}
    else:
        assert found == []
    assert all(0 < match.score <= 1 for match in found)


@given(left=NAMES, right=NAMES)
def test_meeting_is_mutual(left: str, right: str) -> None:
    assert score(left, right) == score(right, left)


def test_one_person_under_two_spellings_is_one_person() -> None:
    assert same_person_name("Ana Sel", "SEL, Ana")
    assert not same_person_name("Ana Sel", "Ana Sol")
