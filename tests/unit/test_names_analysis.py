"""A name taken apart: the same parts from every way of writing it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.names.analysis import analyse_name, letter_groups


def test_a_name_is_cut_into_latin_parts_with_sound_and_consonants() -> None:
    given_name, surname = analyse_name("Илона Тестерова").pieces
    assert (given_name.text, given_name.foreign) == ("ilona", False)
    assert (surname.text, surname.sound, surname.consonants) == ("testerova", "TSTRF", "tstrb")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ilona Testerova", "TESTEROVA, Ilona"),
        ("Neverwas Limited Liability Company", "NEVERWAS LLC"),
        ("Wang Xiaoming", "王小明"),
        ("Γιώργος Νεβερόπουλος", "Giorgos Neveropoulos"),
    ],
)
def test_two_ways_of_writing_have_the_same_parts(left: str, right: str) -> None:
    assert analyse_name(left).sorted_text == analyse_name(right).sorted_text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Mohamed Abd al-Rahman al-Ikhtibari", "محمد عبد الرحمن الاختباري"),
        ("Muhammad Abdurrahman Ikhtibari", "محمد عبدالرحمن الاختباري"),
        ("Karim Odelson", "كريم أودلسون"),
        ("Karim Odelson", "カリム・オデルソン"),
        ("Salim Ghalibi", "סאלם ע'אלבי"),
    ],
)
def test_what_two_scripts_share_is_the_order_of_consonants(left: str, right: str) -> None:
    assert analyse_name(left).joined_consonants == analyse_name(right).joined_consonants


def test_a_gap_more_or_less_leaves_a_shared_pair() -> None:
    assert set(analyse_name("Noor ud Din Neverwas").paired_consonants) & set(
        analyse_name("Nooruddin Neverwas").consonants
    )


def test_an_organisation_is_known_by_its_first_letters() -> None:
    assert analyse_name("Bureau of Invented Names").acronyms == ["boin", "bin"]
    assert analyse_name("Invented Names").acronyms == []


def test_letter_groups_mark_beginning_and_end() -> None:
    assert letter_groups("ilona") == ["^i", "^il", "ilo", "lon", "ona", "na$"]


def test_a_name_without_letters_has_no_parts() -> None:
    assert analyse_name("?!").pieces == analyse_name("").pieces == ()


@given(st.text(max_size=500))
def test_any_text_can_be_taken_apart_into_plain_terms(name: str) -> None:
    analysed = analyse_name(name)
    for piece in analysed.pieces:
        assert piece.text
        assert piece.text.isascii()
        assert not piece.text.isspace()
