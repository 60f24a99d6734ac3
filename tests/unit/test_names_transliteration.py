"""Other scripts in Latin letters, and the consonants that every spelling of a name shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.names.transliteration import join_consonants, latinise, reduce_consonants


@pytest.mark.parametrize(
    ("token", "latin"),
    [
        ("testerova", ["testerova"]),
        ("الاختباري", ["al", "akhtbary"]),
        ("عبدالرحمن", ["abd", "al", "rhhmn"]),
        ("خالد", ["khald"]),  # not an article inside
        ("אלקאעדה", ["al", "kaadh"]),
        ("王小明", ["wang", "xiaoming"]),
        ("欧阳小明", ["ouyang", "xiaoming"]),
        ("김철수", ["gim", "cheolsu"]),
        ("テスト", ["tesuto"]),
        ("…", []),
        ("", []),
    ],
)
def test_a_token_of_another_script_is_read_in_latin_letters(token: str, latin: list[str]) -> None:
    assert latinise(token) == latin


@pytest.mark.parametrize(
    "spellings",
    [
        ("yusuf", "youssef", "iousef", "ywsf"),
        ("khadija", "hadiga", "hadijah"),
        ("sahraoui", "sahrawi", latinise("صحراوي")[0]),
        ("qasim", "kassem", latinise("قاسم")[0]),
        ("abdulrahman", "abdelrahman", "abdarrahman"),
        ("vladimir", "wladimir", "bladimir"),
        ("jamal", "gamal", "djamal"),
    ],
)
def test_spellings_of_one_name_share_their_consonants(spellings: tuple[str, ...]) -> None:
    assert len({reduce_consonants(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(("left", "right"), [("mansur", "masrur"), ("khalid", "walid"), ("karim", "kamal")])
def test_other_names_keep_other_consonants(left: str, right: str) -> None:
    assert reduce_consonants(left) != reduce_consonants(right)


@pytest.mark.parametrize("name", ["rahman", "karim", "latif"])
def test_a_servant_of_is_the_same_in_one_word_and_in_two(name: str) -> None:
    joined = reduce_consonants(f"abdul{name}")
    assert join_consonants(reduce_consonants("abd"), reduce_consonants(name)) == joined
    assert join_consonants(reduce_consonants("abdul"), reduce_consonants(name)) == joined


@given(st.text(max_size=40))
def test_any_token_comes_out_in_latin_letters_and_digits(token: str) -> None:
    for latin in latinise(token.lower()):
        assert latin.isascii()
        assert latin
